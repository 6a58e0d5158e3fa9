import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type DrivenPage, drivenPage } from './driven-page.ts';
import { freePort } from './product.ts';
import { temporaryDirectory } from './temporary.ts';
import { overHttp, overMarionette, type WebDriverSession } from './webdriver-wire.ts';

/** A browser beside Chromium, where one stands on this machine. */
export interface OtherBrowser {
  readonly name: 'Firefox' | 'WebKit';
  /** What is missing for it, in words; `undefined` when it can be driven. */
  readonly missing: string | undefined;
  /** A new browser that remembers nothing. */
  launch(options?: LaunchOptions): Promise<DrivenPage>;
}

export interface LaunchOptions {
  /** The visitor prefers dark pages. */
  readonly dark?: boolean;
  /** A private window, where the browser has one of its own; WebKit's is one always. */
  readonly incognito?: boolean;
}

/** Long enough for a first start on a busy machine. */
const START_MS = 60_000;
const END_MS = 5_000;

export const OTHER_BROWSERS: readonly OtherBrowser[] = [firefox(), webkit()];

function firefox(): OtherBrowser {
  const program = findProgram('firefox-esr', 'firefox');
  return {
    name: 'Firefox',
    missing: program === undefined ? 'there is no `firefox-esr` and no `firefox`' : undefined,
    async launch({ dark = false, incognito = false } = {}) {
      const profile = temporaryDirectory();
      const preferences = {
        'marionette.port': 0,
        'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1,
        'browser.privatebrowsing.autostart': incognito,
      };
      writeFileSync(
        join(profile, 'user.js'),
        Object.entries(preferences)
          .map(([name, value]) => `user_pref("${name}", ${value});\n`)
          .join(''),
      );
      const running = start(
        program ?? '',
        ['--headless', '--no-remote', '--marionette', '--profile', profile],
        {
          HOME: profile,
        },
      );
      return driven([running], async () => {
        const port = join(profile, 'MarionetteActivePort');
        await until(() => existsSync(port) && readFileSync(port, 'utf8') !== '');
        return overMarionette(Number(readFileSync(port, 'utf8')));
      });
    },
  };
}

function webkit(): OtherBrowser {
  const program = findProgram('WebKitWebDriver');
  const screen = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  const virtualScreen = findProgram('Xvfb');
  const missing =
    program === undefined
      ? 'there is no `WebKitWebDriver`'
      : screen === undefined && virtualScreen === undefined
        ? 'there is no screen and no `Xvfb`'
        : undefined;
  return {
    name: 'WebKit',
    missing,
    async launch({ dark = false } = {}) {
      const virtual =
        screen === undefined
          ? start(virtualScreen ?? '', ['-displayfd', '1', '-screen', '0', '1400x1000x24'])
          : undefined;
      const display = virtual === undefined ? {} : { DISPLAY: `:${await firstLine(virtual)}` };
      const port = await freePort();
      const running = start(program ?? '', [`--port=${port}`], {
        ...display,
        HOME: temporaryDirectory(),
        ...(dark ? { GTK_THEME: 'Adwaita:dark' } : {}),
      });
      return driven(virtual === undefined ? [running] : [running, virtual], async () => {
        const url = `http://127.0.0.1:${port}`;
        await until(() =>
          fetch(`${url}/status`).then(
            ({ ok }) => ok,
            () => false,
          ),
        );
        return overHttp(url);
      });
    },
  };
}

async function driven(
  running: readonly ChildProcess[],
  connect: () => Promise<WebDriverSession>,
): Promise<DrivenPage> {
  const kill = () => running.forEach(endGroup);
  process.once('exit', kill);
  try {
    const session = await connect();
    return drivenPage(session, async () => {
      // A driver that hangs must not keep its browser.
      await Promise.race([session.end().catch(() => {}), new Promise((done) => setTimeout(done, END_MS))]);
      kill();
      process.off('exit', kill);
    });
  } catch (cause) {
    kill();
    throw cause;
  }
}

/** In a group of its own: a driver that ends would leave its browser behind. */
function start(program: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function firstLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise((done) => stdout?.once('data', (chunk: Buffer) => done(chunk.toString().trim())));
}

function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

async function until(ready: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + START_MS;
  while (!(await ready())) {
    if (Date.now() > end) throw new Error(`The browser was not there after ${START_MS / 1000} s.`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
