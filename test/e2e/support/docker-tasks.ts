/** A framework that runs Docker tasks, as the end-to-end tests of the Docker containerizer need it. */
import { join } from 'node:path';
import { at, textAt } from './json.ts';
import { type Json, SchedulerSession } from './scheduler-session.ts';
import type { SmallCluster } from './small-cluster.ts';

export interface DockerTask {
  /** Of `container.docker`. */
  readonly docker?: object;
  readonly container?: object;
  readonly command?: object;
  readonly task?: object;
  readonly ports?: readonly number[];
  readonly cpus?: number;
}

export class DockerFramework {
  readonly session: SchedulerSession;
  private readonly cluster: SmallCluster;

  private constructor(cluster: SmallCluster, session: SchedulerSession) {
    this.cluster = cluster;
    this.session = session;
  }

  static async start(
    cluster: SmallCluster,
    name: string,
    { checkpoint = true }: { readonly checkpoint?: boolean } = {},
  ): Promise<DockerFramework> {
    const capabilities = ['MULTI_ROLE', 'TASK_KILLING_STATE', 'PARTITION_AWARE'].map((type) => ({
      type,
    }));
    const framework_info = { user: 'root', name, roles: [name], capabilities, checkpoint };
    const body = { type: 'SUBSCRIBE', subscribe: { framework_info } };
    const session = await SchedulerSession.subscribe(cluster.schedulerUrl, name, body);
    return new DockerFramework(cluster, session);
  }

  /** Launches a task that sleeps unless it says something else. */
  async launch(id: string, wanted: DockerTask = {}): Promise<void> {
    const [offer] = await this.session.settledOffers();
    const resources = resourcesOf(wanted);
    const task = {
      name: id,
      task_id: { value: id },
      agent_id: at(offer, 'agent_id'),
      resources,
      command: { value: 'exec sleep 1000', ...wanted.command },
      container: {
        type: 'DOCKER',
        docker: { image: 'busybox', ...wanted.docker },
        ...wanted.container,
      },
      ...wanted.task,
    };
    const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
    const accept = { offer_ids: [at(offer, 'id')], operations, filters: { refuse_seconds: 0 } };
    await this.session.call({ type: 'ACCEPT', accept });
  }

  async kill(id: string, more: object = {}): Promise<void> {
    await this.session.call({ type: 'KILL', kill: { task_id: { value: id }, ...more } });
  }

  /** The status of the next update but TASK_STARTING. */
  async next(id: string, patienceMs?: number): Promise<Json> {
    const event = await this.session.nextUpdate(id, patienceMs);
    const status = at(event, 'update', 'status');
    return Object.fromEntries(Object.entries(status ?? {}));
  }

  /** Updates until one of this state, which is given. */
  async until(id: string, state: string): Promise<Json> {
    for (;;) {
      const status = await this.next(id);
      if (status['state'] === state) return status;
      if (/^TASK_(FINISHED|FAILED|KILLED|LOST|GONE|DROPPED|ERROR)$/.test(String(status['state']))) {
        throw new Error(`${id} is not ${state}: ${JSON.stringify(status)}`);
      }
    }
  }

  /** The sandbox of a task on the host. */
  sandbox(id: string): string {
    return join(this.runs(id), 'latest');
  }

  private runs(id: string): string {
    const { agentDirectory } = this.cluster;
    const framework = `slaves/latest/frameworks/${this.session.frameworkId}`;
    return join(agentDirectory, 'meta', '..', framework, 'executors', id, 'runs');
  }
}

export function containerNameOf(status: Json): string {
  return `mesos-${textAt(status, 'container_status', 'container_id', 'value')}`;
}

function resourcesOf({ ports = [], cpus = 0.1 }: DockerTask): readonly object[] {
  const scalars = [
    { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
  ];
  if (ports.length === 0) return scalars;
  const range = ports.map((port) => ({ begin: port, end: port }));
  return [...scalars, { name: 'ports', type: 'RANGES', ranges: { range } }];
}
