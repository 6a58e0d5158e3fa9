import ipaddr from 'ipaddr.js';

/**
 * Services that hand out credentials to whoever asks from the machine itself. All of link-local is closed beside these,
 * which lie elsewhere: of Azure, Alibaba, Oracle, AWS and Google.
 */
const METADATA: ReadonlySet<string> = new Set([
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
]);

/** What an operator may open by naming it. Forms that carry an IPv4 address inside another are none of these. */
const INTERNAL_RANGES: ReadonlySet<string> = new Set([
  'unicast',
  'loopback',
  'private',
  'uniqueLocal',
  'carrierGradeNat',
]);

/** What is assigned to the public internet so far. */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether an IP address is one that tools may connect to. What cannot be read as one is not. */
export function isReachable(address: string, isNamedByOperator: boolean): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (METADATA.has(parsed.toString())) return false;
  const range = parsed.range();
  if (isNamedByOperator) return INTERNAL_RANGES.has(range);
  return range === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST_V6));
}
