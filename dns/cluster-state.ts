/**
 * What names are made from: the few members of a cluster's state that matter (spec mesos-dns,
 * section 4.1), the same for a polled `/state` document and for the operator event stream.
 */

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface AgentEntry {
  readonly id: string;
  /** From the agent's pid; undefined when the document has none. */
  readonly address: HostPort | undefined;
  /** It is being emptied, or has been. */
  readonly isDraining?: boolean;
}

export interface FrameworkEntry {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  /** From the framework's pid; frameworks of the HTTP API have none. */
  readonly address: HostPort | undefined;
}

export interface DiscoveryPort {
  readonly number: number;
  readonly protocol: string;
  readonly name: string;
}

/** The status that tells a task's own addresses: the newest one that says running. */
export interface RunningStatus {
  readonly timestamp: number;
  readonly networkAddresses: readonly string[];
  readonly dockerAddresses: readonly string[];
  readonly mesosAddresses: readonly string[];
  /** Its health check fails; a task without check does not. */
  readonly isFailing?: boolean;
}

export interface TaskEntry {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly isRunning: boolean;
  readonly ports: readonly number[];
  readonly running: RunningStatus | undefined;
  /** Undefined when the task has no discovery information or one without name. */
  readonly discovery:
    | { readonly name: string; readonly ports: readonly DiscoveryPort[] }
    | undefined;
}

export interface ClusterState {
  /** `master@ip:port` of the document; undefined when there is none. */
  readonly leader: string | undefined;
  readonly agents: readonly AgentEntry[];
  /** In document order, each with its tasks in document order. */
  readonly frameworks: readonly {
    readonly framework: FrameworkEntry;
    readonly tasks: readonly TaskEntry[];
  }[];
}

/** `undefined` when the text is no `id@host:port`. */
export function parsePid(pid: string): HostPort | undefined {
  const parts = pid.replaceAll(/^["' ]+|["' ]+$/g, '').split('@');
  if (parts.length !== 2) return undefined;
  return parseHostPort(parts[1] ?? '');
}

/** `host:port` or `[v6]:port`. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65_535)) return undefined;
  return { host, port };
}

/** The text of a ports resource, `[31000-31001, 31005-31005]`, expanded; bad parts are skipped. */
export function expandPorts(text: string): readonly number[] {
  const ports: number[] = [];
  for (const part of text.replaceAll(/[[\]\s]/g, '').split(',')) {
    const match = /^(\d+)-(\d+)$/.exec(part);
    if (match === null) continue;
    pushRange(ports, Number(match[1]), Number(match[2]));
  }
  return ports;
}

/** A task with more ports than this has names for the first ones only. */
const PORTS_PER_TASK_MAX = 65_536;

export function pushRange(ports: number[], begin: number, end: number): void {
  for (let port = begin; port <= end && ports.length < PORTS_PER_TASK_MAX; port += 1) {
    ports.push(port);
  }
}

/** The newer of two running statuses; the first one on a tie. */
export function newerRunning(
  known: RunningStatus | undefined,
  next: RunningStatus,
): RunningStatus | undefined {
  if (next.timestamp <= (known?.timestamp ?? -1)) return known;
  return next;
}
