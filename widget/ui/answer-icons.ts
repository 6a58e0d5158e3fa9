export const COPY = 'M7.5 7.5h8v8h-8zM4.5 12.5v-8h8';
export const PENCIL = 'M4 16l.8-3.4L13 4.4l2.6 2.6-8.2 8.2zM11.5 5.9l2.6 2.6';
export const AGAIN = 'M15.5 10a5.5 5.5 0 1 1-1.6-3.9M15.6 3.6v3h-3';
export const SAVE = 'M10 4v8.5M6.5 9l3.5 3.5L13.5 9M4.5 15.5h11';
export const BACK = 'M12 4.5L6.5 10l5.5 5.5';
export const CHECK = 'M4.5 10.5l3.5 3.5 7.5-8';
export const CHEVRON = 'M6 8l4 4 4-4';
export const ALERT = 'M10 5v6.5M10 14.5v.1';
export const PAUSE = 'M7.5 5.5v9M12.5 5.5v9';
export const MINUS = 'M5.5 10h9';
export const THUMBS = {
  up: 'M6.5 9v7.5M6.5 9l3.2-5.5c1.5 0 2 1 1.8 2.2L11 8.5h4.2c1 0 1.5.8 1.3 1.7l-1.2 5c-.2.8-.8 1.3-1.6 1.3H3.5V9h3z',
  down: 'M13.5 11V3.5M13.5 11l-3.2 5.5c-1.5 0-2-1-1.8-2.2l.5-2.8H4.8c-1 0-1.5-.8-1.3-1.7l1.2-5c.2-.8.8-1.3 1.6-1.3h10.2V11h-3z',
};
