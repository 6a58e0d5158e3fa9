/** What the panel shows from the start. The icons of answers come with them. */
export const CLOSE = 'M5 5l10 10M15 5L5 15';
export const SEND = 'M10 16V4.5M5 9.5l5-5 5 5';
export const STOP = 'M6 6h8v8H6z';
export const ARROW_DOWN = 'M10 4v11.5M5 10.5l5 5 5-5';
export const MORE = 'M4 10h.01M10 10h.01M16 10h.01';
export const MAXIMISE = 'M12 4h4v4M16 4l-5 5M8 16H4v-4M4 16l5-5';
export const RESTORE = 'M11 5v4h4M11 9l5-5M9 15v-4H5M9 11l-5 5';
export const ATTACH = 'M15 9.5l-5 5a3 3 0 0 1-5-4.5l6-6a2 2 0 0 1 3 3l-5.5 5.5';
