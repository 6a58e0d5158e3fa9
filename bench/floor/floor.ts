/**
 * The floor: what a chat costs that does nothing but show an answer in Markdown. A reference, not a product: no
 * history, no errors, no retries, no languages. A finished block is never touched again; the one that is being written
 * is drawn anew with every frame that shows more of it.
 */
import { createWriter } from './markdown.ts';

const STYLE = `
.launcher{position:fixed;right:20px;bottom:20px;width:56px;height:56px;border-radius:28px;border:0;background:#1f5fbf;color:#fff}
.panel{position:fixed;right:20px;bottom:90px;width:380px;height:600px;max-height:80vh;display:flex;flex-direction:column;background:#fff;border:1px solid #ccc;border-radius:12px;font:15px/1.5 system-ui}
.panel[hidden]{display:none}
.thread{flex:1;overflow:auto;padding:12px}
.user{margin:8px 0 8px auto;width:fit-content;padding:6px 12px;border-radius:12px;background:#eef}
.thread table{border-collapse:collapse}.thread td,.thread th{border:1px solid #ccc;padding:2px 8px}
.thread pre{overflow:auto;background:#f4f4f4;padding:8px}
form{display:flex;padding:8px;border-top:1px solid #ccc}textarea{flex:1;font:inherit}`;

interface SeededWindow {
  readonly benchHistory?: readonly { readonly role: string; readonly text: string }[];
}

const query = new URLSearchParams(location.search);
/** Every how many frames what has come is drawn: 1 is 60 Hz, 2 is 30 Hz, 3 is 20 Hz. */
const every = Number(query.get('every') ?? 1);

const launcher = make('button', 'launcher');
const panel = make('section', 'panel');
const thread = make('div', 'thread');
const form = make('form', '');
const input = make('textarea', '');

begin();

function begin() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets.push(sheet);
  launcher.textContent = '…';
  launcher.ariaLabel = 'Open chat';
  input.ariaLabel = 'Message';
  panel.hidden = true;
  form.append(input);
  panel.append(thread, form);
  launcher.onclick = open;
  input.onkeydown = (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    void send(input.value);
    input.value = '';
  };
  if (document.body) document.body.append(launcher, panel);
  else addEventListener('DOMContentLoaded', () => document.body.append(launcher, panel));
}

function open() {
  if (thread.childNodes.length === 0) {
    for (const { role, text } of (window as SeededWindow).benchHistory ?? []) show(role, text);
  }
  panel.hidden = false;
  input.focus();
  thread.scrollTop = thread.scrollHeight;
}

function show(role: string, text: string) {
  if (role === 'user') {
    const bubble = make('div', 'user');
    bubble.textContent = text;
    thread.append(bubble);
    return;
  }
  const writer = createWriter(thread.appendChild(make('div', 'answer')));
  writer.write(text);
  writer.end();
}

async function send(text: string) {
  show('user', text);
  const answer = await fetch('/stream/deep-chat', { method: 'POST', body: JSON.stringify({ text }) });
  if (answer.body === null) return;
  const writer = createWriter(thread.appendChild(make('div', 'answer')));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let pending = '';
  let frames = 0;
  let isDue = false;
  const draw = () => {
    frames += 1;
    if (frames % every !== 0) return void requestAnimationFrame(draw);
    isDue = false;
    writer.write(pending);
    pending = '';
    thread.scrollTop = thread.scrollHeight;
  };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const events = (rest + value).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) pending += (JSON.parse(event.slice(6)) as { text: string }).text;
    if (!isDue) {
      isDue = true;
      requestAnimationFrame(draw);
    }
  }
  writer.write(pending);
  pending = '';
  writer.end();
  thread.scrollTop = thread.scrollHeight;
}

function make<Name extends keyof HTMLElementTagNameMap>(name: Name, className: string) {
  const element = document.createElement(name);
  element.className = className;
  return element;
}
