import 'pagehand/webmcp';
import { mount } from 'pagehand';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { book, bookings, cancel, goTo, type Page, page, ROOMS } from './rooms.ts';
import { offerTools } from './rooms-tools.ts';

const PAGES: readonly (readonly [Page, string])[] = [
  ['rooms', 'Rooms'],
  ['bookings', 'Bookings'],
];

function App() {
  const current = page.value;
  // The tools come and go with the page that they belong to.
  useEffect(
    () => (document.modelContext ? offerTools(current, document.modelContext) : undefined),
    [current],
  );
  return (
    <>
      <header>
        <h1>Rooms</h1>
        <nav>
          {PAGES.map(([key, label]) => (
            <a
              key={key}
              href={`?page=${key}`}
              aria-current={current === key ? 'page' : undefined}
              onClick={(event) => {
                event.preventDefault();
                goTo(key);
              }}
            >
              {label}
            </a>
          ))}
        </nav>
        <a href="/">Workbench</a>
      </header>
      <main>{current === 'rooms' ? <RoomList /> : <BookingList />}</main>
    </>
  );
}

function RoomList() {
  const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  const isTaken = (id: string) =>
    bookings.value.some(({ room, date }) => room.id === id && date === tomorrow);
  return (
    <>
      <p>A single-page app that imports the package. Its tools change with the page that is open.</p>
      <ul>
        {ROOMS.map((room) => (
          <li key={room.id}>
            <strong>{room.name}</strong>
            <span>{room.seats} seats</span>
            <button type="button" disabled={isTaken(room.id)} onClick={() => book(room.id, tomorrow)}>
              Book for tomorrow
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function BookingList() {
  if (bookings.value.length === 0) return <p>Nothing is booked yet.</p>;
  return (
    <ul>
      {bookings.value.map(({ number, room, date }) => (
        <li key={number}>
          <strong>{room.name}</strong>
          <span>
            {date}, number {number}
          </span>
          <button type="button" onClick={() => cancel(number)}>
            Cancel
          </button>
        </li>
      ))}
    </ul>
  );
}

const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
mount({ token: 'ct_test_site', api: location.origin });
