import { element } from '../element.ts';
import type { Shop } from './shop.ts';

/** What a browser with WebMCP adds to a submit event: who sent the form, and a way to answer. */
interface AgentSubmitEvent extends SubmitEvent {
  readonly agentInvoked?: boolean;
  respondWith?(answer: Promise<string>): void;
}

/**
 * A form that is a tool by its attributes alone, in browsers that read them. `toolautosubmit` sends it without a
 * second press, because the visitor has already agreed in the chat.
 */
export function letterForm(shop: Shop) {
  const email = element('input', {
    class: 'shop-input',
    type: 'email',
    name: 'email',
    required: true,
    placeholder: 'you@example.com',
    autocomplete: 'email',
  });
  const topic = element(
    'select',
    { class: 'shop-input', name: 'topic' },
    ...['new pieces', 'sales', 'workshops'].map((name) => element('option', { value: name }, name)),
  );
  const done = element('p', { class: 'shop-quiet', hidden: true });
  const root = element(
    'form',
    {
      class: 'shop-letter',
      toolname: 'subscribe',
      tooltitle: 'Get the letter',
      tooldescription: 'Signs an address up for the shop’s letter.',
      toolautosubmit: true,
    },
    element('h3', { class: 'shop-heading' }, 'A letter now and then'),
    element(
      'div',
      { class: 'shop-row' },
      element('label', { class: 'shop-field' }, 'Your address', email),
      element('label', { class: 'shop-field' }, 'About', topic),
      element('button', { class: 'shop-step shop-wide' }, 'Subscribe'),
    ),
    done,
  );
  root.addEventListener('submit', (event: AgentSubmitEvent) => {
    event.preventDefault();
    shop.subscribe(email.value, topic.value);
    if (event.agentInvoked)
      event.respondWith?.(Promise.resolve(`${email.value} will hear about ${topic.value}.`));
  });
  return {
    root,
    update() {
      const { subscriber } = shop.state();
      done.hidden = subscriber === undefined;
      done.textContent =
        subscriber === undefined ? '' : `${subscriber.email} will hear about ${subscriber.topic}.`;
    },
  };
}
