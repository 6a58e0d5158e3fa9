import 'pagehand/element';

const chat = document.querySelector('pagehand-chat');
const events = document.querySelector('#events');
const status = document.querySelector('#status');
let messages = 0;

function note(event: string) {
  const row = document.createElement('li');
  row.textContent = event;
  events?.append(row);
  if (status !== null) status.textContent = `${chat?.open ? 'open' : 'closed'}, ${messages} messages`;
}

function button(id: string, press: (button: HTMLElement) => void) {
  const found = document.querySelector<HTMLElement>(`#${id}`);
  found?.addEventListener('click', () => press(found));
}

if (chat !== null) {
  chat.inline = location.search === '?inline';
  chat.className = chat.inline ? 'chat' : '';
  chat.addEventListener('pagehand:open', () => note('open'));
  chat.addEventListener('pagehand:close', () => note('close'));
  chat.addEventListener('pagehand:message', (event) => {
    messages += 1;
    note(event.detail.kind);
  });
  button('ask', () => void chat.widget?.send('what are you?'));
  button('theme', (pressed) => {
    pressed.textContent = chat.theme === 'light' ? 'Light' : 'Dark';
    chat.theme = chat.theme === 'light' ? 'dark' : 'light';
  });
  button('presence', (pressed) => {
    pressed.textContent = chat.isConnected ? 'Bring the chat back' : 'Take the chat away';
    if (chat.isConnected) chat.remove();
    else document.body.append(chat);
  });
}
