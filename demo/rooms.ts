import { computed, signal } from '@preact/signals';

export interface Room {
  readonly id: string;
  readonly name: string;
  readonly seats: number;
}

export interface Booking {
  readonly number: number;
  readonly room: Room;
  readonly date: string;
}

export const ROOMS: readonly Room[] = [
  { id: 'oak', name: 'Oak', seats: 4 },
  { id: 'birch', name: 'Birch', seats: 8 },
  { id: 'willow', name: 'Willow', seats: 14 },
];

export type Page = 'rooms' | 'bookings';

/** The state of the app: which page is shown, and what is booked. */
export const page = signal<Page>(pageOfAddress());
export const bookings = signal<readonly Booking[]>([]);
const nextNumber = computed(() => 1 + Math.max(0, ...bookings.value.map((booking) => booking.number)));

export function goTo(next: Page): void {
  history.pushState(null, '', `?page=${next}`);
  page.value = next;
}

window.addEventListener('popstate', () => {
  page.value = pageOfAddress();
});

export function book(roomId: string, date: string): Booking {
  const room = ROOMS.find((known) => known.id === roomId);
  if (room === undefined) throw new Error(`There is no room "${roomId}". list_rooms names them.`);
  if (bookings.value.some((booking) => booking.room === room && booking.date === date)) {
    throw new Error(`${room.name} is taken on ${date}.`);
  }
  const booking = { number: nextNumber.value, room, date };
  bookings.value = [...bookings.value, booking];
  return booking;
}

export function cancel(number: number): void {
  if (!bookings.value.some((booking) => booking.number === number)) {
    throw new Error(`There is no booking ${number}.`);
  }
  bookings.value = bookings.value.filter((booking) => booking.number !== number);
}

function pageOfAddress(): Page {
  return new URLSearchParams(location.search).get('page') === 'bookings' ? 'bookings' : 'rooms';
}
