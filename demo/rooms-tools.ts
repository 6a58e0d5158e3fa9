import { defineTool, type ModelContext } from 'pagehand/tools';
import { book, bookings, cancel, goTo, type Page, ROOMS } from './rooms.ts';

const openPage = defineTool<{ readonly page: Page }>({
  name: 'open_page',
  title: 'Open a page',
  description: 'Opens the page of the rooms or of the bookings. Each page has tools of its own.',
  inputSchema: {
    type: 'object',
    properties: { page: { type: 'string', enum: ['rooms', 'bookings'] } },
    required: ['page'],
  },
  annotations: { readOnlyHint: true },
  execute: ({ page }) => {
    goTo(page);
    return `The page of the ${page} is open.`;
  },
});

const TOOLS = {
  rooms: [
    defineTool({
      name: 'list_rooms',
      title: 'List the rooms',
      description: 'Lists the meeting rooms with their id and seats.',
      inputSchema: { type: 'object', properties: {} },
      annotations: { readOnlyHint: true },
      execute: () => ({ rooms: ROOMS }),
    }),
    defineTool<{ readonly roomId: string; readonly date: string }>({
      name: 'book_room',
      title: 'Book a room',
      description: 'Books a meeting room for a day.',
      inputSchema: {
        type: 'object',
        properties: {
          roomId: { type: 'string', enum: ROOMS.map((room) => room.id) },
          date: { type: 'string', format: 'date' },
        },
        required: ['roomId', 'date'],
      },
      execute: ({ roomId, date }) => ({ booked: book(roomId, date) }),
    }),
  ],
  bookings: [
    defineTool({
      name: 'list_bookings',
      title: 'List the bookings',
      description: 'Lists what is booked, with numbers.',
      inputSchema: { type: 'object', properties: {} },
      annotations: { readOnlyHint: true },
      execute: () => ({ bookings: bookings.value }),
    }),
    defineTool<{ readonly number: number }>({
      name: 'cancel_booking',
      title: 'Cancel a booking',
      description: 'Cancels a booking by its number.',
      inputSchema: {
        type: 'object',
        properties: { number: { type: 'integer', minimum: 1 } },
        required: ['number'],
      },
      execute: ({ number }) => {
        cancel(number);
        return `Booking ${number} is cancelled.`;
      },
    }),
  ],
};

/** Registers the tools of one page. Returns the undo, for when the visitor leaves that page. */
export function offerTools(page: Page, modelContext: ModelContext): () => void {
  const leaving = new AbortController();
  for (const tool of [openPage, ...TOOLS[page]]) {
    // A registration that is undone before it is through rejects with the reason of the undo.
    modelContext.registerTool(tool, { signal: leaving.signal }).catch((cause: unknown) => {
      if (!leaving.signal.aborted) throw cause;
    });
  }
  return () => leaving.abort();
}
