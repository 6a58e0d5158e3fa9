import { ToolError } from '../tools/tool-error.ts';

/**
 * Where other protocols are spoken: a request that lands there can be read as commands of mail, chat or file servers.
 * The list of the Fetch standard, so that a tool reaches what a browser would.
 */
const OTHER_PROTOCOLS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** `host:port` of an address, the port written out. */
export function placeOf({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

/** What may be called at all, before anybody is asked where it lies. Throws `ToolError` `egress_blocked`. */
export function requireTarget(address: string, internal: ReadonlySet<string>): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) throw refused('The address cannot be read as a URL.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refused(
      `Tools call addresses of http and https, and this is one of "${url.protocol.slice(0, -1)}".`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw refused('The address has a user or a password before its host. Send credentials in a header.');
  }
  const place = placeOf(url);
  if (OTHER_PROTOCOLS.has(Number(place.slice(place.lastIndexOf(':') + 1))) && !internal.has(place)) {
    throw refused(`Tools may not reach "${place}": its port belongs to another protocol than HTTP.`);
  }
  return url;
}

/** Says nothing of what is there: whoever asks must not learn it. */
export function blocked(place: string, isNamedByOperator: boolean): ToolError {
  return refused(
    isNamedByOperator
      ? `Tools may not reach "${place}": what it leads to is closed to them, though the configuration names it.`
      : `Tools may not reach "${place}": it is not an address of the public internet. ` +
          `An operator opens it in the configuration: egress: { internal: ['${place}'] }.`,
  );
}

/** For whoever lets a model choose the address: what the operator named is for tools whose address is written down. */
export function notPublic(place: string): ToolError {
  return refused(`This tool may not reach "${place}": it reads the public internet alone.`);
}

function refused(message: string): ToolError {
  return new ToolError('egress_blocked', message);
}
