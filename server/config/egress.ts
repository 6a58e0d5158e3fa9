import { isIP } from 'node:net';
import { isReachable } from '../egress/address.ts';
import { checked, fields, list } from './fields.ts';

export interface EgressInput {
  /**
   * `host:port` of services that tools may reach although they are not on the public internet, exactly as tools write
   * them, for example `localhost:9000`. Whoever can declare a tool can then call them. Default: none.
   */
  readonly internal?: readonly string[] | undefined;
}

export interface EgressConfig {
  /** `host:port`, as the host stands in a URL. */
  readonly internal: readonly string[];
}

const EXAMPLE = '"localhost:9000"';

export const Egress = fields(
  { internal: list(checked(EXAMPLE, placeProblem), `[${EXAMPLE}]`).optional() },
  `{ "internal": [${EXAMPLE}] }`,
);

export function resolveEgress(input: EgressInput | undefined): EgressConfig {
  return { internal: [...new Set(input?.internal ?? [])] };
}

function placeProblem(written: string): string | undefined {
  const place = /^(?:https?:\/\/)?([^/?#@]+?)(?::([0-9]{1,5}))?\/?$/i.exec(written.trim());
  const [, name = '', port = written.startsWith('https:') ? '443' : '80'] = place ?? [];
  if (place === null || !URL.canParse(`http://${name}:${port}`) || name.includes('*')) {
    return `is not a host and a port. Write one exact place, for example ${EXAMPLE}; patterns and networks are not read here.`;
  }
  const canonical = `${new URL(`http://${name}:${port}`).hostname}:${Number(port)}`;
  if (canonical !== written) {
    return `is not a host and a port as they stand in the address of a tool. Write "${canonical}".`;
  }
  const address = canonical.slice(0, canonical.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  return isIP(address) === 0 || isReachable(address, true)
    ? undefined
    : 'is an address that tools never reach: it gives away what the machine may do, or leads nowhere. Remove it.';
}
