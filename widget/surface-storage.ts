/** What one surface keeps in the browser. Writing and reading never throw: storage may be full, blocked or absent. */
export interface SurfaceStorage {
  read(name: string): string | undefined;
  /** `undefined` removes. */
  write(name: string, value: string | undefined): void;
  /**
   * Runs the work while no other tab of this visitor does the same, on what the last of them wrote. Absent: there is
   * no other tab to wait for.
   */
  inTurn?<T>(work: () => Promise<T>): Promise<T>;
}

/** Storage, and what only its owner does with it. */
export interface OwnedStorage extends SurfaceStorage {
  /** Resolves when all that was written is kept as well as this browser can. Never rejects. */
  saved(): Promise<void>;
  /** Reads anew what other tabs wrote. Never rejects. */
  refresh(): Promise<void>;
  /** The page is going: what is not saved yet goes where it takes no time. */
  leave(): void;
}

/** Keeps nothing. */
export const NO_STORAGE: OwnedStorage = {
  read: () => undefined,
  write: () => {},
  saved: async () => {},
  refresh: async () => {},
  leave: () => {},
};

/**
 * The tab's own storage for a surface: it survives a reload and a walk through the pages of a site, and no other tab
 * and no other surface sees it. For browsers whose tabs cannot agree on who writes.
 */
export function openStorage(key: string): OwnedStorage {
  return {
    ...NO_STORAGE,
    read: (name) => readWeb('sessionStorage', webName(key, name)),
    write: (name, value) => writeWeb('sessionStorage', webName(key, name), value),
  };
}

export type WebStorage = 'sessionStorage' | 'localStorage';

export function webName(key: string, name: string): string {
  return `pagehand:${key}:${name}`;
}

/** The names under which a surface has something there. */
export function webNames(storage: WebStorage, key: string): string[] {
  try {
    return Object.keys(window[storage]).filter((name) => name.startsWith(webName(key, '')));
  } catch {
    // As below.
    return [];
  }
}

export function readWeb(storage: WebStorage, name: string): string | undefined {
  try {
    return window[storage].getItem(name) ?? undefined;
  } catch {
    // A browser that blocks storage throws on the mere mention; the chat then lasts as long as the page.
    return undefined;
  }
}

/** Whether it was written. */
export function writeWeb(storage: WebStorage, name: string, value: string | undefined): boolean {
  try {
    if (value === undefined) window[storage].removeItem(name);
    else window[storage].setItem(name, value);
    return true;
  } catch {
    // As above, or full.
    return false;
  }
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
