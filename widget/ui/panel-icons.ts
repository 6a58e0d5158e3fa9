/** What the panel shows from the start. The icons of answers come with them. */
export const CLOSE = 'M5 5l10 10M15 5L5 15';
export const SEND = 'M10 16V4.5M5 9.5l5-5 5 5';
export const STOP = 'M6 6h8v8H6z';
export const ARROW_DOWN = 'M10 4v11.5M5 10.5l5 5 5-5';
