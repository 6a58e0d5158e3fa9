export const FILE = 'M5.5 3.5h6l3 3v10h-9zM11.5 3.5v3h3';
export const REMOVE = 'M6 6l8 8M14 6l-8 8';
export const AGAIN = 'M15.5 10a5.5 5.5 0 1 1-1.6-3.9M14.5 3v3.4h-3.4';
