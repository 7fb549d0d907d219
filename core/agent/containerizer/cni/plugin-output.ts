/**
 * What a CNI plugin says of an interface that it has made (CNI spec 0.1 to 1.0), and the files of the
 * container that follow from it.
 *
 *     0.1, 0.2    {"ip4":{"ip":"10.0.0.2/24",..},"ip6":{..},"dns":{..}}
 *     0.3 and on  {"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.0.0.2/24"}],"dns":{..}}
 */
import { err, ok, type Result } from '../../../base/result.ts';
import type { NetworkInfo, NetworkInfoIPAddress } from '../../../wire/types/mesos.v1.ts';
import type { InterfacePlan, NetworkDns } from './network-plan.ts';

export interface PluginOutput {
  /** Without prefix lengths. */
  readonly addresses: readonly NetworkInfoIPAddress[];
  readonly dns: NetworkDns;
}

export function parsePluginOutput(text: string): Result<PluginOutput> {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch (thrown) {
    return err(`JSON parse failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  if (!isRecord(tree)) return err('JSON parse failed: it is no object');
  const texts = [
    ...[tree['ip4'], tree['ip6']].map((each) => (isRecord(each) ? each['ip'] : undefined)),
    ...listOf(tree['ips']).map((each) => (isRecord(each) ? each['address'] : undefined)),
  ].filter((each) => typeof each === 'string');
  const addresses: NetworkInfoIPAddress[] = [];
  for (const each of texts) {
    const address = addressOf(each);
    if (address === undefined) {
      return err(`Unable to parse the IP address ${each} for the container`);
    }
    addresses.push(address);
  }
  return ok({ addresses, dns: dnsOf(tree['dns']) });
}

/** What the container's status says of one of its networks. */
export function networkInfoOf(asked: NetworkInfo, { addresses }: PluginOutput): NetworkInfo {
  return { ...asked, ip_addresses: addresses };
}

/** The first IPv4 address gets the name of the container. */
export function hostsText(hostname: string, outputs: readonly PluginOutput[]): string {
  const all = outputs.flatMap(({ addresses }) => addresses);
  const own = all.find(({ protocol }) => protocol === 'IPv4')?.ip_address;
  return `127.0.0.1 localhost\n${own === undefined ? '' : `${own} ${hostname}\n`}`;
}

/** Undefined when nobody names a server: then the host's file serves. */
export function resolverText(
  joined: readonly { readonly plan: InterfacePlan; readonly output: PluginOutput }[],
): string | undefined {
  const all = joined.map(({ plan, output }) =>
    (output.dns.nameservers ?? []).length > 0 ? output.dns : (plan.dns ?? {}),
  );
  const nameservers = all.flatMap((dns) => dns.nameservers ?? []);
  if (nameservers.length === 0) return undefined;
  const domain = all.findLast((dns) => dns.domain !== undefined)?.domain;
  const search = all.flatMap((dns) => dns.search ?? []);
  const options = all.flatMap((dns) => dns.options ?? []);
  const lines = [
    ...(domain === undefined ? [] : [`domain ${domain}`]),
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}`]),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
    ...nameservers.map((each) => `nameserver ${each}`),
  ];
  return `${lines.join('\n')}\n`;
}

function addressOf(text: string): NetworkInfoIPAddress | undefined {
  const [address = ''] = text.split('/');
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return { protocol: 'IPv4', ip_address: address };
  return /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(address)
    ? { protocol: 'IPv6', ip_address: address }
    : undefined;
}

function dnsOf(tree: unknown): NetworkDns {
  if (!isRecord(tree)) return {};
  const { domain } = tree;
  const texts = (name: string): readonly string[] =>
    listOf(tree[name]).filter((each) => typeof each === 'string');
  return {
    nameservers: texts('nameservers'),
    ...(typeof domain === 'string' && domain !== '' ? { domain } : {}),
    search: texts('search'),
    options: texts('options'),
  };
}

function listOf(tree: unknown): readonly unknown[] {
  return Array.isArray(tree) ? tree : [];
}

function isRecord(tree: unknown): tree is Readonly<Record<string, unknown>> {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree);
}
