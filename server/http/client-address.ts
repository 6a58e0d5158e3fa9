import { isIPv4, isIPv6 } from 'node:net';

/**
 * Whom a request counts against. The socket's address is the only one that cannot be made up, so `X-Forwarded-For`
 * is read only behind as many proxies of our own as the operator says, and then from its far end.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | null,
  trustedHops: number,
): string | undefined {
  const chain = (forwardedFor ?? '').split(',').map((hop) => hop.trim());
  const claimed = trustedHops > 0 ? chain.at(-trustedHops) : undefined;
  const address = claimed !== undefined && isAddress(claimed) ? claimed : socketAddress;
  return address === undefined ? undefined : network(address);
}

function isAddress(text: string): boolean {
  return isIPv4(text) || isIPv6(text);
}

/** One household or one server gets a whole IPv6 /64, so a limit for each address in it would limit nobody. */
function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0');
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
