/**
 * What containers have received and sent in networks of their own (spec agent-runtime, section 8.4): the
 * kernel tells it of the namespace of any process in it.
 */
import type { NetworkInfo, ResourceStatistics } from '../../../wire/types/mesos.v1.ts';
import type { LauncherEvent } from '../../launcher-port.ts';
import type { UsageFiles } from '../cgroup-usage.ts';

interface Joined {
  readonly networks: string;
  /** Of a process that lives in it, as far as is known. */
  pid: number | undefined;
}

/** Columns of `/proc/<pid>/net/dev` after the interface's name: eight received, then eight sent. */
const COLUMNS = [
  ['bytes', 0],
  ['packets', 1],
  ['errors', 2],
  ['dropped', 3],
] as const;
const SENT = 8;
const ENDED = /^TASK_(FINISHED|FAILED|KILLED)$/;

export class NetworkUsage {
  private readonly joined = new Map<string, Joined>();

  heard(event: LauncherEvent): void {
    switch (event.kind) {
      case 'report':
        for (const { id, pid, networkInfos } of event.containers) this.join(id, pid, networkInfos);
        break;
      case 'started':
        this.join(event.containerId, event.pid, event.networkInfos);
        break;
      case 'update': {
        const { pid, networkInfos, state } = event.update;
        const joined = this.joined.get(event.containerId);
        // A task of a group may have networks of its own.
        if (joined === undefined || joined.networks !== JSON.stringify(networkInfos)) break;
        if (!ENDED.test(state)) joined.pid = pid ?? joined.pid;
        else if (joined.pid === pid) joined.pid = undefined;
        break;
      }
      case 'exited':
      case 'launch-failed':
        this.joined.delete(event.containerId);
        break;
      default:
        break;
    }
  }

  of(containerId: string, files: UsageFiles): Partial<ResourceStatistics> {
    const pid = this.joined.get(containerId)?.pid;
    return pid === undefined ? {} : trafficOf(files.read(`/proc/${pid}/net/dev`));
  }

  private join(
    id: string,
    pid: number | undefined,
    networkInfos: readonly NetworkInfo[] | undefined,
  ): void {
    if (networkInfos === undefined) this.joined.delete(id);
    else this.joined.set(id, { networks: JSON.stringify(networkInfos), pid });
  }
}

/** The sum over the interfaces that plugins have made. */
export function trafficOf(text: string | undefined): Partial<ResourceStatistics> {
  const totals: Record<string, number> = {};
  for (const line of text?.split('\n') ?? []) {
    const [name = '', rest] = line.trim().split(/:\s*/);
    if (rest === undefined || !/^eth\d+$/.test(name)) continue;
    const amounts = rest.split(/\s+/).map(Number);
    for (const [what, at] of COLUMNS) {
      totals[`net_rx_${what}`] = (totals[`net_rx_${what}`] ?? 0) + (amounts[at] ?? 0);
      totals[`net_tx_${what}`] = (totals[`net_tx_${what}`] ?? 0) + (amounts[SENT + at] ?? 0);
    }
  }
  return totals;
}
