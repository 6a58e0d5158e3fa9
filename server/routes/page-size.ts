import { RequestError } from '../errors.ts';

export interface PageSizes {
  /** Of a page that nobody asked to be another. */
  readonly usual: number;
  readonly most: number;
}

/** 25 rows a page, and up to 100 where they are asked for. */
export const PAGE_SIZES: PageSizes = { usual: 25, most: 100 };

/** How many rows a page shall have. Throws `invalid_request` for what is no such number. */
export function pageSize(limit: string | undefined, { usual, most }: PageSizes = PAGE_SIZES): number {
  if (limit === undefined) return usual;
  const size = /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (size >= 1 && size <= most) return size;
  const problem = `is a whole number from 1 to ${most}`;
  throw new RequestError('invalid_request', `The request does not fit this route: limit ${problem}.`, {
    details: [`limit: ${problem}`],
  });
}
