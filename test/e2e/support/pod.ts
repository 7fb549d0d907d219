/** A framework that runs one task group with the default executor, for tests about containers. */
import { RecordDecoder } from '../../../core/wire/recordio.ts';
import { at, listAt, textAt } from './json.ts';
import { eventually, http } from './programs.ts';
import type { SmallCluster } from './small-cluster.ts';

export interface Pod {
  readonly frameworkId: string;
  readonly rootContainer: string;
  readonly taskContainer: string;
  /** All states that were told. */
  states(): readonly string[];
  /** Ends the framework, and with it the pod. */
  teardown(): Promise<void>;
}

export interface PodCommand {
  readonly value: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The task's ContainerInfo. */
  readonly container?: object;
}

const SCALARS = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
];

/** `command` runs as task `t1` of executor `pod`. */
export async function startPod(cluster: SmallCluster, command: PodCommand): Promise<Pod> {
  const response = await fetch(cluster.schedulerUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: { user: 'root', name: 'pods', checkpoint: true, failover_timeout: 600 },
      },
    }),
  });
  const events: unknown[] = [];
  const reading = readEvents(response, events);
  const streamId = response.headers.get('mesos-stream-id') ?? '';
  const next = (type: string): Promise<unknown> =>
    eventually(`event ${type}`, () => events.find((each) => at(each, 'type') === type));
  const frameworkId = textAt(await next('SUBSCRIBED'), 'subscribed', 'framework_id', 'value');
  const call = (body: object): Promise<unknown> =>
    http(
      'POST',
      cluster.schedulerUrl,
      { framework_id: { value: frameworkId }, ...body },
      { 'Content-Type': 'application/json', 'Mesos-Stream-Id': streamId },
    );
  const offer = at(await next('OFFERS'), 'offers', 'offers', 0);
  await call(launchGroup(offer, frameworkId, command));
  const states = (): readonly string[] =>
    events
      .filter((each) => at(each, 'type') === 'UPDATE')
      .map((each) => textAt(each, 'update', 'status', 'state'));
  const found = await eventually('the pod runs', async () => {
    const answer = await http('POST', `${cluster.agentUrl}/api/v1`, {
      type: 'GET_CONTAINERS',
      get_containers: { show_nested: true },
    });
    const all = listAt(answer.body, 'get_containers', 'containers');
    const root = all.find((each) => at(each, 'framework_id', 'value') === frameworkId);
    const rootId = at(root, 'container_id', 'value');
    const parentOf = (container: unknown): unknown =>
      at(container, 'container_status', 'container_id', 'parent', 'value');
    const nested = all.find((each) => parentOf(each) === rootId);
    const isRunning = states().includes('TASK_STARTING') && rootId !== undefined;
    const hasPid = at(nested, 'container_status', 'executor_pid') !== undefined;
    return isRunning && hasPid ? [root, nested] : undefined;
  });
  return {
    frameworkId,
    rootContainer: textAt(found[0], 'container_id', 'value'),
    taskContainer: textAt(found[1], 'container_id', 'value'),
    states,
    teardown: async () => {
      await call({ type: 'TEARDOWN' });
      await reading;
    },
  };
}

function launchGroup(offer: unknown, frameworkId: string, command: PodCommand): object {
  const agentId = at(offer, 'agent_id');
  const variables = Object.entries(command.environment ?? {}).map(([name, value]) => ({
    name,
    value,
  }));
  const task = {
    name: 't1',
    task_id: { value: 't1' },
    agent_id: agentId,
    resources: SCALARS,
    command: { value: command.value, environment: { variables } },
    ...(command.container === undefined ? {} : { container: command.container }),
  };
  const executor = {
    type: 'DEFAULT',
    executor_id: { value: 'pod' },
    framework_id: { value: frameworkId },
    resources: [...SCALARS, { name: 'disk', type: 'SCALAR', scalar: { value: 8 } }],
  };
  return {
    type: 'ACCEPT',
    accept: {
      offer_ids: [at(offer, 'id')],
      operations: [
        { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks: [task] } } },
      ],
    },
  };
}

async function readEvents(response: Response, events: unknown[]): Promise<void> {
  const decoder = new RecordDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      for (const record of decoder.push(chunk)) {
        events.push(JSON.parse(Buffer.from(record).toString('utf8')));
      }
    }
  } catch {
    // The master was ended by the test.
  }
}
