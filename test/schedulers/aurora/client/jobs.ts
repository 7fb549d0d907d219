/** Configuration files and tasks for the tests of the client. */

import type { ThriftCall } from '../../../../schedulers/aurora/thrift/messages.ts';
import type {
  Response,
  ScheduledTask,
  ScheduleStatus,
} from '../../../../schedulers/aurora/thrift/types.ts';
import { okay, START } from './fake-world.ts';

export const KEY = 'west/bozo/test/hello';

export const HELLO = `
hello = Process(name='hello', cmdline='echo {{mesos.instance}}\\nsleep 5')
jobs = [Service(cluster='west', role='bozo', environment='test', name='hello', instances=3,
  contact='me@example.com', constraints={'rack': 'limit:1'}, partition_policy=PartitionPolicy(),
  task=Task(processes=[hello], resources=Resources(cpu=0.5, ram=64*MB, disk=64*MB)))]
`;

export const CRON_HELLO = HELLO.replace('Service(', "Job(cron_schedule='* * * * *', ");

export function scheduled(
  instanceId: number,
  status: ScheduleStatus,
  changes: Partial<ScheduledTask> = {},
): ScheduledTask {
  return {
    assignedTask: {
      taskId: `bozo-test-hello-${instanceId}-3f`,
      instanceId,
      slaveId: 'S1',
      slaveHost: `host${instanceId}`,
      assignedPorts: new Map([['http', 31_000 + instanceId]]),
      task: {
        job: { role: 'bozo', environment: 'test', name: 'hello' },
        isService: true,
        priority: 0,
        maxTaskFailures: 1,
        production: false,
        tier: 'preemptible',
        constraints: [],
        metadata: [{ key: 'team', value: 'infra' }],
        resources: [{ namedPort: 'http' }, { diskMb: 128 }, { numCpus: 0.5 }, { ramMb: 128 }],
      },
    },
    status,
    failureCount: 0,
    timesPartitioned: 0,
    taskEvents: [
      { timestamp: START - 60_000, status: 'PENDING' },
      { timestamp: START - 30_000, status, message: 'why' },
    ],
    ...changes,
  };
}

export function tasksOf(...tasks: readonly ScheduledTask[]): Response {
  return okay({ scheduleStatusResult: { tasks } });
}

/** What any scheduler answers to the questions before and after a change. */
export function usual(call: ThriftCall): Response {
  switch (call.method) {
    case 'getTierConfigs':
      return okay({ getTierConfigResult: { defaultTierName: 'preemptible', tiers: TIERS } });
    case 'getTasksStatus':
    case 'getTasksWithoutConfigs':
      return tasksOf(scheduled(0, 'RUNNING'));
    case 'populateJobConfig': {
      const { taskConfig } = call.args.description ?? {};
      return taskConfig === undefined ? okay() : okay({ populateJobResult: { taskConfig } });
    }
    default:
      return okay();
  }
}

const TIERS = [
  { name: 'preferred', settings: settings('false', 'false') },
  { name: 'revocable', settings: settings('true', 'true') },
  { name: 'preemptible', settings: settings('true', 'false') },
];

function settings(preemptible: string, revocable: string): ReadonlyMap<string, string> {
  return new Map([
    ['preemptible', preemptible],
    ['revocable', revocable],
  ]);
}
