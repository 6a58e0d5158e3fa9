export const FILE = 'M5.5 3.5h6l3 3v10h-9zM11.5 3.5v3h3';
export const REMOVE = 'M6 6l8 8M14 6l-8 8';
export const AGAIN = 'M15.5 10a5.5 5.5 0 1 1-1.6-3.9M14.5 3v3.4h-3.4';
export const MICROPHONE =
  'M10 3.5a2 2 0 0 1 2 2v4a2 2 0 0 1-4 0v-4a2 2 0 0 1 2-2zM5.5 9.5a4.5 4.5 0 0 0 9 0M10 14v2.5';
