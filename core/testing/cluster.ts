/**
 * A whole cluster in one program on virtual time: a master, agents on simulated machines, frameworks.
 * The daemons are the real ones; only what they stand on is simulated.
 *
 *   const cluster = new SimulatedCluster({ seed: 7 });
 *   await cluster.startMaster();
 *   await cluster.startAgent('a1', 'cpus:4;mem:1024');
 *   await cluster.advance(seconds(2));
 *   cluster.crashAgent('a1');
 */
import { type Agent, createAgent } from '../agent/agent.ts';
import { MesosContainerizer } from '../agent/containerizer/mesos.ts';
import { AGENT_DEFAULTS, type AgentOptions } from '../agent/options.ts';
import { background } from '../base/background.ts';
import { type DurationMs, seconds } from '../base/duration.ts';
import type { Failpoints } from '../base/failpoints.ts';
import { type Log, silentLog } from '../base/log.ts';
import { Metrics } from '../base/metrics.ts';
import { SeededRandom } from '../base/random.ts';
import type { LeaderDetector } from '../election/ports.ts';
import { createMaster, type Master } from '../master/master.ts';
import { type CompiledMasterOptions, DEFAULT_MASTER_OPTIONS } from '../master/options.ts';
import { parseResourceText } from '../resources/parse.ts';
import type { MasterInfo, Resource } from '../wire/types/mesos.v1.ts';
import { SimulatedClock } from './clock.ts';
import { filesOfLife } from './lives.ts';
import { SimulatedMachine } from './machine.ts';
import { type ProcessAddress, SimulatedNetwork, type SimulatedProcess } from './network.ts';
import type { SpawnedProcess } from './processes.ts';
import { SimulatedDisk } from './storage.ts';

export const MASTER = 'master';

export interface ClusterOptions {
  readonly seed: number;
  readonly latencyMs?: readonly [least: DurationMs, most: DurationMs];
  readonly lossRate?: number;
  readonly master?: Partial<CompiledMasterOptions>;
  readonly log?: Log;
  /** What agents and launchers pass; passing may crash them. */
  readonly failpoints?: (agent: string) => Failpoints;
  /** A process started on the machine of `agent`. */
  readonly onSpawn?: (agent: string, process: SpawnedProcess) => void;
  /** It has ended by itself or by a signal, with this wait status. */
  readonly onEnd?: (agent: string, process: SpawnedProcess, status: number) => void;
}

interface AgentHost {
  readonly machine: SimulatedMachine;
  options: AgentOptions;
  life: { readonly agent: Agent; readonly process: SimulatedProcess } | undefined;
}

export class SimulatedCluster {
  readonly clock = new SimulatedClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  private readonly options: ClusterOptions;
  private readonly log: Log;
  private readonly registryDisk: SimulatedDisk;
  private readonly hosts = new Map<string, AgentHost>();
  /** Who waits to hear where the master is. */
  private readonly watchers = new Set<() => void>();
  private leading: { readonly master: Master; readonly process: SimulatedProcess } | undefined;

  constructor(options: ClusterOptions) {
    this.options = options;
    this.log = options.log ?? silentLog;
    this.random = new SeededRandom(options.seed);
    const { clock, random } = this;
    this.network = new SimulatedNetwork({
      clock,
      random: this.fork(),
      ...(options.latencyMs === undefined ? {} : { latencyMs: options.latencyMs }),
      ...(options.lossRate === undefined ? {} : { lossRate: options.lossRate }),
    });
    this.registryDisk = new SimulatedDisk({ clock, random });
  }

  /** The master that runs now. */
  get master(): Master | undefined {
    return this.leading?.master;
  }

  agent(name: string): Agent | undefined {
    return this.hosts.get(name)?.life?.agent;
  }

  get agentNames(): readonly string[] {
    return [...this.hosts.keys()];
  }

  machine(name: string): SimulatedMachine {
    return this.host(name).machine;
  }

  async advance(byMs: DurationMs): Promise<void> {
    await this.clock.advance(byMs);
  }

  /** False when it did not come true in time. */
  async until(isDone: () => boolean, withinMs: DurationMs): Promise<boolean> {
    return this.clock.advanceUntil(isDone, withinMs);
  }

  /** Starts a master on the registry the last one left; it leads when its registry is read. */
  async startMaster(
    address: ProcessAddress = {},
    more: Partial<CompiledMasterOptions> = {},
  ): Promise<void> {
    const before = this.network.find(MASTER);
    const process = this.network.start(MASTER, address);
    const hasMoved = before?.ip !== process.ip || before.port !== process.port;
    if (hasMoved) for (const watcher of this.watchers) watcher();
    const options = { ...DEFAULT_MASTER_OPTIONS, ...this.options.master, ...more };
    const master = createMaster(options, {
      clock: process.clock,
      random: this.fork(),
      log: this.log.child({ process: MASTER }),
      transport: process.transport,
      storage: this.registryDisk.open(),
      metrics: new Metrics(),
    });
    this.leading = { master, process };
    background(this.log, master.start(), 'starting the master');
    await this.clock.settle();
  }

  /** Reads and writes of the registry wait from now on, until `releaseRegistry`. */
  holdRegistry(): void {
    this.registryDisk.stick();
  }

  releaseRegistry(): void {
    this.registryDisk.unstick();
  }

  crashMaster(): void {
    if (this.leading === undefined) return;
    this.leading = undefined;
    this.registryDisk.crash();
    this.network.crash(MASTER);
  }

  /** Starts an agent, or starts it again on its machine; resources are given the first time. */
  async startAgent(
    name: string,
    resources = 'cpus:4;mem:1024;disk:1024;ports:[31000-31010]',
    more: Partial<AgentOptions> = {},
  ): Promise<void> {
    const host = this.hosts.get(name) ?? this.addHost(name, resources, more);
    const { ip, port } = host.options;
    const process = this.network.start(name, ip === AGENT_DEFAULTS.ip ? { port } : { ip, port });
    const launcher = host.machine.launcherFor(process.clock);
    const agent = createAgent(host.options, {
      clock: process.clock,
      random: this.fork(),
      log: this.log.child({ process: name }),
      transport: process.transport,
      detector: this.detector(),
      containerizer: new MesosContainerizer(launcher),
      containers: launcher,
      files: filesOfLife(host.machine.files, () => process.isAlive),
      sandboxes: { prepare: () => ({ ok: true, user: undefined }) },
      failpoints: this.options.failpoints?.(name),
      host: {
        bootId: () => host.machine.bootId(),
        diskUsage: async () => 0.1,
        loadAverages: () => ({ fiveMinutes: 0, fifteenMinutes: 0 }),
      },
    });
    const life = { agent, process };
    host.life = life;
    void agent.ended.then((why) => {
      if (host.life === life) this.agentEnded(name, why);
    });
    background(this.log, agent.start(), `starting agent ${name}`);
    await this.clock.settle();
  }

  /** Other resources for the next start of an agent. */
  reconfigureAgent(name: string, text: string): void {
    const host = this.host(name);
    host.options = { ...host.options, resources: resourcesOf(text) };
  }

  /** The agent's process dies; its launcher and tasks go on. */
  crashAgent(name: string): void {
    const host = this.host(name);
    if (host.life === undefined) return;
    host.life = undefined;
    this.network.crash(name);
    host.machine.agentDied();
  }

  /** The machine goes down: agent, launcher and tasks die. Start the agent again for it to come up. */
  rebootMachine(name: string): void {
    const host = this.host(name);
    this.crashAgent(name);
    host.machine.reboot();
  }

  /** It gave up by itself; a supervisor starts it again after a second. */
  private agentEnded(name: string, why: string | undefined): void {
    this.log.info({ agent: name, why }, 'agent ended by itself');
    this.crashAgent(name);
    this.clock.setTimer(seconds(1), () => {
      if (this.host(name).life !== undefined) return;
      background(this.log, this.startAgent(name), `starting agent ${name} again`);
    });
  }

  /** A generator of its own, so that one part's use of chance does not move another's. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.random.float() * 2 ** 32));
  }

  private host(name: string): AgentHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no agent is named ${name}`);
    return host;
  }

  private addHost(name: string, text: string, more: Partial<AgentOptions>): AgentHost {
    const { onSpawn, onEnd, failpoints } = this.options;
    const machine = new SimulatedMachine({
      clock: this.clock,
      random: this.fork(),
      failpoints: failpoints?.(name),
      ...(onSpawn === undefined ? {} : { onSpawn: (process) => onSpawn(name, process) }),
      ...(onEnd === undefined ? {} : { onEnd: (process, status) => onEnd(name, process, status) }),
    });
    const host: AgentHost = {
      machine,
      life: undefined,
      options: {
        ...AGENT_DEFAULTS,
        master: MASTER,
        hostname: name,
        workDir: `/${name}`,
        runtimeDir: `/${name}/run`,
        resources: resourcesOf(text),
        switchUser: false,
        ...more,
      },
    };
    this.hosts.set(name, host);
    return host;
  }

  /** Everybody knows where the master is; whether it lives they find out themselves. */
  private detector(): LeaderDetector {
    return {
      watch: (onChange) => {
        const watcher = (): void => onChange(this.masterInfo());
        this.watchers.add(watcher);
        watcher();
        return () => this.watchers.delete(watcher);
      },
      stop: async () => {},
    };
  }

  private masterInfo(): MasterInfo {
    const { ip, port } = this.masterAddress();
    const pid = `${MASTER}@${ip}:${port}`;
    return {
      id: MASTER,
      ip: 0,
      port,
      pid,
      hostname: MASTER,
      capabilities: [{ type: 'AGENT_UPDATE' }],
    };
  }

  private masterAddress(): { readonly ip: string; readonly port: number } {
    const process = this.network.find(MASTER);
    if (process === undefined) throw new Error('start a master before its agents');
    return process;
  }
}

function resourcesOf(text: string): readonly Resource[] {
  const resources = parseResourceText(text);
  if (!resources.ok) throw new Error(resources.error);
  return resources.value;
}
