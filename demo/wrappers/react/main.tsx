/** @jsxImportSource react */
import { Pagehand, PagehandInline, type PagehandProps, usePagehand } from 'pagehand/react';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

const isInline = location.search === '?inline';

function App() {
  const [theme, setTheme] = useState<'light' | 'dark'>('light');
  const [isThere, setThere] = useState(true);
  const [events, setEvents] = useState<readonly string[]>([]);
  const { chat, send, isOpen, messages } = usePagehand();

  // Goes with each message, for as long as this is rendered.
  useEffect(() => chat?.addContext('page', () => ({ theme })), [chat, theme]);

  const note = (event: string) => setEvents((before) => [...before, event]);
  const props: PagehandProps = {
    token: 'ct_test_site',
    theme,
    onOpen: () => note('open'),
    onClose: () => note('close'),
    onMessage: ({ kind }) => note(kind),
  };
  return (
    <main>
      <h1>Pagehand in React</h1>
      <p>In strict mode: every effect runs twice, and there is one chat.</p>
      <p className="buttons">
        <button type="button" onClick={() => void send('what are you?')}>
          Ask
        </button>
        <button type="button" onClick={() => setTheme(theme === 'light' ? 'dark' : 'light')}>
          {theme === 'light' ? 'Dark' : 'Light'}
        </button>
        <button type="button" onClick={() => setThere(!isThere)}>
          {isThere ? 'Take the chat away' : 'Bring the chat back'}
        </button>
      </p>
      <p role="status">
        {isOpen ? 'open' : 'closed'}, {messages.length} messages
      </p>
      {isThere &&
        (isInline ? <PagehandInline {...props} div={{ className: 'chat' }} /> : <Pagehand {...props} />)}
      <h2 id="events-name">Events</h2>
      <ol aria-labelledby="events-name">
        {events.map((event, index) => (
          <li key={index}>{event}</li>
        ))}
      </ol>
    </main>
  );
}

const root = document.querySelector('#app');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
