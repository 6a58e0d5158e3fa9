import type { ModelContext } from '../widget/define-tool.ts';
import type {} from '../widget/tools/queue.ts';
import { element } from './element.ts';

interface Workshop {
  readonly name: string;
  readonly day: string;
  readonly price: number;
  places: number;
}

const workshops: readonly Workshop[] = [
  { name: 'First bowl', day: 'Saturday', price: 45, places: 4 },
  { name: 'Mugs and handles', day: 'Thursday', price: 55, places: 2 },
  { name: 'Glazing', day: 'Wednesday', price: 40, places: 0 },
];

function draw(): void {
  const rows = workshops.map(({ name, day, price, places }) =>
    element('tr', {}, ...[name, day, `€${price}`, String(places)].map((text) => element('td', {}, text))),
  );
  document.querySelector('#workshops')?.replaceChildren(...rows);
}

function say(text: string): void {
  const news = document.querySelector('#news');
  if (news !== null) news.textContent = text;
}

/** Browsers drop the words of a thrown error, so a refusal is returned. */
function refusal(text: string) {
  return { isError: true, content: [{ type: 'text', text }] };
}

async function registerTools(modelContext: object): Promise<void> {
  const { registerTool } = modelContext as ModelContext;
  const register: ModelContext['registerTool'] = (tool) => registerTool.call(modelContext, tool);
  await register({
    name: 'list_workshops',
    title: 'List the workshops',
    description: 'Lists the workshops of the studio with day, price in euros and free places.',
    inputSchema: { type: 'object', properties: {} },
    annotations: { readOnlyHint: true },
    execute: async () => ({ workshops }),
  });
  await register({
    name: 'opening_hours',
    title: 'Opening hours',
    description: 'Tells when the studio is open on a day of the week.',
    inputSchema: {
      type: 'object',
      properties: {
        day: {
          type: 'string',
          enum: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
        },
      },
      required: ['day'],
    },
    annotations: { readOnlyHint: true },
    execute: async (input) => {
      const { day } = input as { readonly day: string };
      if (day === 'Sunday' || day === 'Monday') return `Closed on ${day}.`;
      return day === 'Saturday' ? 'Open from 10 to 16 on Saturday.' : `Open from 10 to 18 on ${day}.`;
    },
  });
  await register({
    name: 'book_workshop',
    title: 'Book a workshop',
    description: 'Books places in a workshop. The studio keeps them for two days.',
    inputSchema: {
      type: 'object',
      properties: {
        workshop: { type: 'string', enum: workshops.map(({ name }) => name) },
        places: { type: 'integer', minimum: 1, maximum: 4, default: 1 },
      },
      required: ['workshop'],
    },
    execute: async (input) => {
      const { workshop: name, places = 1 } = input as { readonly workshop: string; readonly places?: number };
      const workshop = workshops.find((known) => known.name === name);
      if (workshop === undefined) return refusal(`There is no workshop "${name}".`);
      if (places > workshop.places)
        return refusal(`"${name}" has ${workshop.places} free places, not ${places}.`);
      workshop.places -= places;
      draw();
      say(`Booked ${places} in “${name}”.`);
      return { booked: name, places, pay: workshop.price * places };
    },
  });
}

draw();
document
  .querySelector('#map')
  ?.addEventListener('click', () => say('From the station, walk down to the river and turn left.'));
// Where the browser has no WebMCP of its own, the queue waits for the chat's script to bring one.
window.pagehandTools ??= [];
window.pagehandTools.push(registerTools);
