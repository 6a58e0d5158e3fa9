import { connect, type Socket } from 'node:net';

/** A session of WebDriver, over the wire that a browser speaks. A command that fails rejects with the browser's words. */
export interface WebDriverSession {
  command(name: CommandName, parameters?: Record<string, unknown>): Promise<unknown>;
  /** Ends the session. */
  end(): Promise<void>;
}

type CommandName = keyof typeof COMMANDS;

/** The commands that the tests need: as HTTP has them, and as Firefox calls them. `:id` is an element. */
const COMMANDS = {
  navigate: ['POST', 'url', 'WebDriver:Navigate'],
  refresh: ['POST', 'refresh', 'WebDriver:Refresh'],
  execute: ['POST', 'execute/sync', 'WebDriver:ExecuteScript'],
  perform: ['POST', 'actions', 'WebDriver:PerformActions'],
  role: ['GET', 'element/:id/computedrole', 'WebDriver:GetComputedRole'],
  label: ['GET', 'element/:id/computedlabel', 'WebDriver:GetComputedLabel'],
  keys: ['POST', 'element/:id/value', 'WebDriver:ElementSendKeys'],
  screenshot: ['GET', 'screenshot', 'WebDriver:TakeScreenshot'],
  size: ['POST', 'window/rect', 'WebDriver:SetWindowRect'],
  windows: ['GET', 'window/handles', 'WebDriver:GetWindowHandles'],
  newWindow: ['POST', 'window/new', 'WebDriver:NewWindow'],
  switchWindow: ['POST', 'window', 'WebDriver:SwitchToWindow'],
} as const;

const ANY = { capabilities: { alwaysMatch: {} } };

/** The standard's wire, as WebKit's driver speaks it. */
export async function overHttp(url: string): Promise<WebDriverSession> {
  const { sessionId } = (await http('POST', `${url}/session`, ANY)) as { sessionId: string };
  const session = `${url}/session/${sessionId}`;
  return {
    command(name, { id, ...parameters } = {}) {
      const [method, path] = COMMANDS[name];
      return http(method, `${session}/${path.replace(':id', String(id))}`, parameters);
    },
    end: async () => void (await http('DELETE', session)),
  };
}

async function http(method: 'GET' | 'POST' | 'DELETE', url: string, parameters?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(method === 'POST' ? { body: JSON.stringify(parameters) } : {}),
  });
  const { value } = (await response.json()) as { value: unknown };
  if (!response.ok) throw new Error(wordsOf(value));
  return value;
}

/** Firefox's own wire, which others put geckodriver before: `length:[type, id, error | command, value]`. */
export async function overMarionette(port: number): Promise<WebDriverSession> {
  const socket = connect(port, '127.0.0.1');
  const answers = new Map<number, (answer: MarionetteAnswer) => void>();
  receive(socket, (answer) => answers.get(answer[1])?.(answer));
  const lost = new Promise<never>((_done, fail) => {
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('Firefox closed its connection.')));
  });
  lost.catch(() => {});
  let last = 0;

  async function command(name: string, parameters: Record<string, unknown>): Promise<unknown> {
    last += 1;
    const id = last;
    const text = JSON.stringify([0, id, name, parameters]);
    const answered = new Promise<MarionetteAnswer>((done) => answers.set(id, done));
    socket.write(`${Buffer.byteLength(text)}:${text}`);
    const [, , error, value] = await Promise.race([answered, lost]);
    if (error !== null) throw new Error(wordsOf(error));
    return isWrapped(value) ? value.value : value;
  }

  await command('WebDriver:NewSession', ANY);
  return {
    command: (name, parameters = {}) => command(COMMANDS[name][2], parameters),
    end: async () => {
      await command('WebDriver:DeleteSession', {}).catch(() => {});
      socket.destroy();
    },
  };
}

type MarionetteAnswer = [type: 1, id: number, error: unknown, value: unknown];

function receive(socket: Socket, onAnswer: (answer: MarionetteAnswer) => void): void {
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const colon = bytes.indexOf(':');
      const end = colon + 1 + Number(bytes.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || bytes.length < end) return;
      const message: unknown = JSON.parse(bytes.subarray(colon + 1, end).toString());
      bytes = bytes.subarray(end);
      // The first message is a greeting, not an answer.
      if (Array.isArray(message)) onAnswer(message as MarionetteAnswer);
    }
  });
}

function isWrapped(value: unknown): value is { value: unknown } {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'value';
}

function wordsOf(failure: unknown): string {
  const { error, message } = failure as { error?: string; message?: string };
  return `${error}: ${message}`;
}
