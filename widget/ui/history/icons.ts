/** Paths on a square of 20. */
export const BACK = 'M12 4.5 6.5 10l5.5 5.5';
export const PENCIL = 'M4 16l.8-3.6 8.7-8.7 2.8 2.8-8.7 8.7zM12 5.2 14.8 8';
export const PIN = 'M7.5 3.5h5l-.6 5 2.6 2.5v1.5h-9V11l2.6-2.5zM10 12.5V17';
export const TRASH = 'M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.6 9v4.5M11.4 9v4.5';
