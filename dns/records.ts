/**
 * Cluster state -> records (spec mesos-dns, section 4). Pure: each function tells the records of
 * one thing to a sink, always the same for the same arguments, so that the records of a thing that
 * has changed or gone can be withdrawn by telling them again.
 */
import { ipVersion } from '../core/base/addresses.ts';
import type { AgentEntry, FrameworkEntry, HostPort, TaskEntry } from './cluster-state.ts';
import { parseHostPort } from './cluster-state.ts';
import { type LabelRule, toDomainFragment, toLabel } from './labels.ts';
import { hashOfTaskId, suffixOfAgentId } from './task-hash.ts';

export type RecordType = 'A' | 'AAAA' | 'SRV';

/** Takes one record; SRV values are `target.:port`. */
export type RecordSink = (type: RecordType, name: string, value: string) => void;

export type AddressSource = 'host' | 'docker' | 'mesos' | 'netinfo';

export interface NamingRules {
  readonly domain: string;
  readonly labelRule: LabelRule;
  readonly addressSources: readonly string[];
  /** Tasks whose health check fails have no names. */
  readonly onlyHealthy?: boolean;
  /** Tasks on agents that are being drained have no names. */
  readonly leaveOutDraining?: boolean;
}

/** Addresses of a host; empty when it cannot be resolved. IP literals give themselves. */
export type AddressesOf = (host: string) => readonly string[];

export function frameworkRecords(
  framework: FrameworkEntry,
  rules: NamingRules,
  addressesOf: AddressesOf,
  sink: RecordSink,
): void {
  const host = framework.address?.host ?? framework.hostname;
  const addresses = addressesOf(host);
  if (addresses.length === 0) return;
  const suffix = suffixOf(toDomainFragment(framework.name, rules.labelRule), rules.domain);
  for (const address of addresses) addAddress(sink, suffix, address);
  if (framework.address === undefined) return;
  sink('SRV', `_framework._tcp.${suffix}`, `${suffix}:${framework.address.port}`);
}

/** The addresses by which an agent's tasks are found; an unresolvable host gives its own name. */
export function agentAddresses(
  agent: AgentEntry,
  rules: NamingRules,
  addressesOf: AddressesOf,
): readonly string[] {
  if (agent.address === undefined) return [];
  const addresses = addressesOf(agent.address.host);
  if (addresses.length > 0) return addresses;
  return [toDomainFragment(agent.address.host, rules.labelRule)];
}

export function agentRecords(
  agent: AgentEntry,
  addresses: readonly string[],
  rules: NamingRules,
  sink: RecordSink,
): void {
  const name = `slave.${rules.domain}.`;
  for (const address of addresses) addAddress(sink, name, address);
  if (agent.address === undefined) return;
  sink('SRV', `_slave._tcp.${rules.domain}.`, `${name}:${agent.address.port}`);
}

/** The name server's own name. */
export function ownRecords(name: string, addresses: readonly string[], sink: RecordSink): void {
  for (const address of addresses) addAddress(sink, name, address);
}

/** `leader` is `master@ip:port`, `masters` the current list, whose first entry may be empty. */
export function masterRecords(
  leader: string,
  masters: readonly string[],
  domain: string,
  sink: RecordSink,
): void {
  const address = addressOfLeader(leader);
  if (address === undefined) return;
  const { host, port } = address;
  addAddress(sink, `leader.${domain}.`, host);
  addAddress(sink, `master.${domain}.`, host);
  for (const protocol of ['_tcp', '_udp']) {
    sink('SRV', `_leader.${protocol}.${domain}.`, `leader.${domain}.:${port}`);
  }
  const known = new Set([host]);
  let index = 0;
  let hasLeader = false;
  for (const text of masters) {
    const master = parseHostPort(text);
    if (master === undefined) continue;
    const isLeader = master.host === host && master.port === port;
    if (isLeader) {
      if (hasLeader) continue;
      hasLeader = true;
    } else {
      if (known.has(master.host)) continue;
      known.add(master.host);
      addAddress(sink, `master.${domain}.`, master.host);
    }
    addAddress(sink, `master${index}.${domain}.`, master.host);
    index += 1;
  }
  if (!hasLeader) addAddress(sink, `master${index}.${domain}.`, host);
}

/** Undefined without `@` or port. */
export function addressOfLeader(leader: string): HostPort | undefined {
  const at = leader.indexOf('@');
  return at === -1 ? undefined : parseHostPort(leader.slice(at + 1));
}

/** Tells the records of a running task on a known agent, in the order of the original. */
export function taskRecords(
  task: TaskEntry,
  frameworkName: string,
  addressesOfAgent: readonly string[],
  rules: NamingRules,
  sink: RecordSink,
): void {
  const addresses = taskAddresses(task, addressesOfAgent, rules.addressSources);
  const suffix = suffixOf(toDomainFragment(frameworkName, rules.labelRule), rules.domain);
  const agentSuffix = suffixOf(
    toDomainFragment(frameworkName, rules.labelRule),
    `slave.${rules.domain}`,
  );
  const tail = `-${hashOfTaskId(task.id)}-${suffixOfAgentId(task.agentId)}`;
  for (const name of taskNames(task, rules.labelRule)) {
    const canonical = `${name}${tail}`;
    for (const address of addresses) {
      addAddress(sink, `${name}.${suffix}`, address);
      addAddress(sink, `${canonical}.${suffix}`, address);
    }
    for (const address of addressesOfAgent) {
      addAddress(sink, `${name}.${agentSuffix}`, address);
      addAddress(sink, `${canonical}.${agentSuffix}`, address);
    }
    const hasDiscovery = task.discovery !== undefined;
    for (const port of task.ports) {
      const value = `${canonical}.${agentSuffix}:${port}`;
      sink('SRV', `_${name}._tcp.${agentSuffix}`, value);
      sink('SRV', `_${name}._udp.${agentSuffix}`, value);
      if (hasDiscovery) continue;
      sink('SRV', `_${name}._tcp.${suffix}`, value);
      sink('SRV', `_${name}._udp.${suffix}`, value);
    }
    if (hasDiscovery) discoveryRecords(task, { name, canonical, suffix }, rules.labelRule, sink);
  }
}

function discoveryRecords(
  task: TaskEntry,
  names: { readonly name: string; readonly canonical: string; readonly suffix: string },
  rule: LabelRule,
  sink: RecordSink,
): void {
  const { name, canonical, suffix } = names;
  for (const port of task.discovery?.ports ?? []) {
    const value = `${canonical}.${suffix}:${port.number}`;
    const label = toLabel(port.protocol, rule);
    const portName = toLabel(port.name, rule);
    for (const protocol of label === '' ? ['tcp', 'udp'] : [label]) {
      sink('SRV', `_${name}._${protocol}.${suffix}`, value);
      if (portName !== '') sink('SRV', `_${portName}._${name}._${protocol}.${suffix}`, value);
    }
  }
}

/** A discovery name counts twice: as it is and as a label. */
function taskNames(task: TaskEntry, rule: LabelRule): readonly string[] {
  if (task.discovery === undefined) return [toLabel(task.name, rule)];
  const verbatim = task.discovery.name;
  const label = toLabel(verbatim, rule);
  return verbatim === label ? [label] : [verbatim, label];
}

/** The addresses of the first source that has any. */
export function taskAddresses(
  task: TaskEntry,
  addressesOfAgent: readonly string[],
  sources: readonly string[],
): readonly string[] {
  for (const source of sources) {
    const found = fromSource(task, addressesOfAgent, source).filter(
      (each) => ipVersion(each) !== 0,
    );
    if (found.length > 0) return found;
  }
  return [];
}

function fromSource(
  task: TaskEntry,
  addressesOfAgent: readonly string[],
  source: string,
): readonly string[] {
  switch (source) {
    case 'host':
      return addressesOfAgent;
    case 'netinfo':
      return task.running?.networkAddresses ?? [];
    case 'docker':
      return task.running?.dockerAddresses ?? [];
    case 'mesos':
      return task.running?.mesosAddresses ?? [];
    default:
      return [];
  }
}

function suffixOf(fragment: string, domain: string): string {
  return fragment === '' ? `${domain}.` : `${fragment}.${domain}.`;
}

/** What is no address is kept as an A value: its name exists but has no data. */
function addAddress(sink: RecordSink, name: string, address: string): void {
  if (address === '') return;
  sink(ipVersion(address) === 6 ? 'AAAA' : 'A', name, address);
}
