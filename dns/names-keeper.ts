/**
 * Feeds the machine: changes in their order, each after the host names it needs have been looked
 * up. When nothing has to be looked up, which is nearly always, a change is applied at once.
 */
import { background } from '../core/base/background.ts';
import type { Log } from '../core/base/log.ts';
import type { ClusterNames } from './cluster-names.ts';
import type { ClusterListener } from './cluster-source.ts';
import type { ClusterState } from './cluster-state.ts';
import { parseHostPort } from './cluster-state.ts';
import type { HostResolver } from './host-resolver.ts';
import type { ClusterChange } from './operator-events.ts';
import { addressOfLeader } from './records.ts';

export interface KeeperHooks {
  /** After each input that was good: records may have changed. */
  updated(): void;
  /** What is told does not fit what is known. */
  resync(): void;
  /** A framework came whose address only a state document tells. */
  needState(): void;
  /** An error that whoever runs the server should see. */
  complain(text: string): void;
}

interface Job {
  hosts(): readonly string[];
  run(): void;
}

/** Changes waiting for a lookup; above it a fresh state is asked for instead. */
const WAITING_MAX = 100_000;

export class NamesKeeper implements ClusterListener {
  private readonly names: ClusterNames;
  private readonly resolver: HostResolver;
  private masters: readonly string[];
  /** `master@ip:port` of the last good document. */
  private leader: string | undefined;
  private readonly hooks: KeeperHooks;
  private readonly log: Log;
  private readonly waiting: Job[] = [];
  private isDraining = false;

  constructor(
    names: ClusterNames,
    resolver: HostResolver,
    masters: readonly string[],
    hooks: KeeperHooks,
    log: Log,
  ) {
    this.names = names;
    this.resolver = resolver;
    this.masters = masters;
    this.hooks = hooks;
    this.log = log;
  }

  /** Others announce themselves: only the names of masters change, as soon as a leader is known. */
  setMasters(masters: readonly string[]): void {
    this.masters = masters;
    if (this.leader === undefined) return;
    this.enqueue({ hosts: () => this.masterHosts(), run: () => this.tellMasters() });
  }

  onState(state: ClusterState, leader: string, isStreaming: boolean): void {
    this.leader = leader;
    const change: ClusterChange = { kind: 'snapshot', state };
    this.enqueue({
      hosts: () => [...this.masterHosts(), ...this.names.hostsOf(change)],
      run: () => {
        this.tellMasters();
        // While changes stream in, a document that took long to come is older than what is known.
        if (isStreaming) {
          this.names.learnFromDocument(state, this.resolver.addressesOf);
        } else {
          this.names.apply(change, this.resolver.addressesOf);
        }
      },
    });
  }

  onChange(change: ClusterChange): void {
    this.enqueue({
      hosts: () => this.names.hostsOf(change),
      run: () => {
        const outcome = this.names.apply(change, this.resolver.addressesOf);
        if (outcome === 'unknown') this.hooks.resync();
        const isNew =
          change.kind === 'framework' && !this.names.hasFrameworkAddress(change.framework.id);
        if (isNew) this.hooks.needState();
      },
    });
  }

  onRefresh(): void {
    background(this.log, this.refresh(), 'look up host names again');
  }

  private async refresh(): Promise<void> {
    await this.resolver.refresh();
    this.enqueue({
      hosts: () => [],
      run: () => {
        this.names.refreshAddresses(this.resolver.addressesOf);
      },
    });
  }

  private masterHosts(): readonly string[] {
    return this.masters.flatMap((text) => parseHostPort(text)?.host ?? []);
  }

  private tellMasters(): void {
    if (this.leader === undefined) return;
    const list = this.masterAddresses();
    if (!this.names.setMasters(this.leader, list)) return;
    const leader = addressOfLeader(this.leader);
    if (leader === undefined || list.length === 0) return;
    const isListed = list.some((text) => {
      const master = parseHostPort(text);
      return master?.host === leader.host && master.port === leader.port;
    });
    if (isListed) return;
    const text = this.leader.slice(this.leader.indexOf('@') + 1);
    this.hooks.complain(`warning: leader "${text}" is not in master list`);
  }

  /** The masters with addresses in place of names; those without are left out. */
  private masterAddresses(): readonly string[] {
    return this.masters.flatMap((text) => {
      // While nobody leads, nothing stands in the leader's place.
      if (text === '') return [];
      const master = parseHostPort(text);
      const ip = master === undefined ? undefined : this.resolver.addressesOf(master.host)[0];
      if (master === undefined || ip === undefined) {
        this.hooks.complain(`master "${text}" has no address, it gets no name`);
        return [];
      }
      return [ip.includes(':') ? `[${ip}]:${master.port}` : `${ip}:${master.port}`];
    });
  }

  private enqueue(job: Job): void {
    if (!this.isDraining && this.resolver.missing(job.hosts()).length === 0) {
      this.run(job);
      return;
    }
    if (this.waiting.length >= WAITING_MAX) {
      this.waiting.length = 0;
      this.hooks.resync();
      return;
    }
    this.waiting.push(job);
    if (this.isDraining) return;
    this.isDraining = true;
    background(this.log, this.drain(), 'look up host names');
  }

  private async drain(): Promise<void> {
    for (let job = this.waiting.shift(); job !== undefined; job = this.waiting.shift()) {
      await this.resolver.resolve(this.resolver.missing(job.hosts()));
      this.run(job);
    }
    this.isDraining = false;
  }

  private run(job: Job): void {
    job.run();
    this.hooks.updated();
  }
}
