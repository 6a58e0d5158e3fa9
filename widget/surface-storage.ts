/** What one surface keeps in the tab. Writing and reading never throw: storage may be full, blocked or absent. */
export interface SurfaceStorage {
  read(key: string): string | undefined;
  /** `undefined` removes. */
  write(key: string, value: string | undefined): void;
}

/** Keeps nothing. */
export const NO_STORAGE: SurfaceStorage = { read: () => undefined, write: () => {} };

/**
 * The tab's own storage for a surface: it survives a reload and a walk through the pages of a site, and no other tab
 * and no other surface sees it. `localStorage` would share one thread between tabs that do not know of each other.
 */
export function openStorage(key: string): SurfaceStorage {
  const prefix = `pagehand:${key}:`;
  return {
    read(key) {
      try {
        return sessionStorage.getItem(prefix + key) ?? undefined;
      } catch {
        // A browser that blocks storage throws on the mere mention; the chat then lasts as long as the page.
        return undefined;
      }
    },
    write(key, value) {
      try {
        if (value === undefined) sessionStorage.removeItem(prefix + key);
        else sessionStorage.setItem(prefix + key, value);
      } catch {
        // As above, or full.
      }
    },
  };
}

/**
 * What tells one surface of a page from another. FNV-1a over two seeds: 64 bits keep two surfaces apart, and the token
 * itself out of the page's storage.
 */
export function surfaceKey(api: string, token: string): string {
  const text = `${api} ${token}`;
  return [0x811c9dc5, 0x01234567]
    .map((seed) => {
      let value = seed;
      for (let index = 0; index < text.length; index += 1) {
        value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
      }
      return (value >>> 0).toString(36);
    })
    .join('');
}
