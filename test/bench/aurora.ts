/**
 * Aurora: tries of pending tasks on a full cluster, the start with many tasks, and one update over many
 * instances on simulated agents.
 */
import { join } from 'node:path';
import { silentLog } from '../../core/base/log.ts';
import { SeededRandom } from '../../core/base/random.ts';
import { createHttpServer } from '../../core/net/http-server.ts';
import { createLibprocess } from '../../core/net/libprocess.ts';
import { openLevelStorage } from '../../core/storage/level.ts';
import type { Storage } from '../../core/storage/ports.ts';
import type { Offer } from '../../core/wire/types/mesos.v1.ts';
import { AuroraMachine } from '../../schedulers/aurora/machine/aurora-machine.ts';
import { UpdateTable } from '../../schedulers/aurora/machine/update-table.ts';
import { encodeOperation, loadState } from '../../schedulers/aurora/store/records.ts';
import type { ScheduledTask, TaskConfig } from '../../schedulers/aurora/thrift/types.ts';
import { at, textAt } from '../e2e/support/json.ts';
import {
  eventually,
  freePorts,
  http,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';
import { config, job, SETTINGS } from '../schedulers/aurora/machine/scheduler-tester.ts';
import { startMaster, within } from './cluster.ts';
import type { Benchmark, Figure } from './figures.ts';
import { SimulatedAgents } from './simulated-agents.ts';

const HOSTS = 10_000;
const GROUPS = 2_000;
const ROUNDS = 20;
const TASKS = 200_000;
const STORED_AT_A_TIME = 1_000;
const AGENTS = 100;
const INSTANCES = 1_000;
const WATCH_SECS = 1;
const PATIENCE_MS = 120_000;

export const auroraBenchmark: Benchmark = {
  name: 'aurora',
  what: `Aurora with ${HOSTS} full hosts, with ${TASKS} tasks, and an update of ${INSTANCES} instances`,
  run: async () => [...fullHosts(), ...preemption(), ...(await restored()), ...(await updated())],
};

/** Tries over hosts of which none has room; each group is another configuration. */
export function fullHosts(): readonly Figure[] {
  const machine = withPending({});
  const first = firstTries(machine, 'Insufficient: CPU');
  const elsewhere = { value: { negated: false, values: ['rack-none'] } };
  const constrained = withPending({
    ...{ resources: [{ numCpus: 0.01 }, { ramMb: 1 }, { diskMb: 1 }] },
    ...{ constraints: [{ name: 'rack', constraint: elsewhere }] },
  });
  const onOtherRacks = firstTries(constrained, 'Constraint not satisfied: rack');
  const again = perSecond(GROUPS * ROUNDS, () => {
    for (let round = 0; round < ROUNDS; round += 1) machine.woke(2 + round);
  });
  const target = { bound: 'at least' as const, value: 5_000 };
  return [
    { name: `aurora: first tries on ${HOSTS} full hosts`, value: first, unit: '/s', target },
    {
      name: `aurora: first tries on ${HOSTS} hosts that a constraint rules out`,
      ...{ value: onOtherRacks, unit: '/s', target: { bound: 'at least', value: 2_000 } },
    },
    { name: 'aurora: tries again', value: again, unit: '/s', target },
  ];
}

function withPending(changes: Partial<TaskConfig>): AuroraMachine {
  const scheduling = {
    ...SETTINGS.scheduling,
    ...{ penaltyMs: 1, penaltyMaxMs: 1, startupDelayMaxMs: 0, attemptsPerSecond: 1e12 },
  };
  const machine = new AuroraMachine({ ...SETTINGS, scheduling }, new SeededRandom(1));
  machine.recovered(EMPTY, 0);
  machine.subscribed(0);
  machine.offersArrived(Array.from({ length: HOSTS }, smallOffer), 0);
  for (let group = 0; group < GROUPS; group += 1) {
    const key = { role: 'www', environment: 'prod', name: `job-${group}` };
    const args = { description: job(1, { job: key, ...changes }) };
    machine.call({ method: 'createJob', args }, { user: 'bench' }, 0);
  }
  return machine;
}

function firstTries(machine: AuroraMachine, reason: string): number {
  const value = perSecond(GROUPS, () => machine.woke(1));
  for (const { id } of machine.groups.all()) {
    if (machine.groups.fits.reasons(id, 1).join() !== reason) throw new Error('another reason');
  }
  return value;
}

const PENDING = 1_000;
const VICTIMS = 4;

/** Hosts full of cheap tasks, and production tasks of as many configurations that wait: for some of them, or for too much. */
function preemption(): readonly Figure[] {
  const target = { bound: 'at most' as const, value: 2 };
  return [
    {
      name: `aurora: places for ${PENDING} tasks where cheap ones give way`,
      value: searched(3),
      unit: 's',
      target,
    },
    {
      name: `aurora: ${PENDING} tasks for whom no host has room`,
      value: searched(99),
      unit: 's',
      target,
    },
  ];
}

function searched(cpus: number): number {
  const scheduling = { ...SETTINGS.scheduling, startupDelayMaxMs: 1e12 };
  const preemption = { ...SETTINGS.preemption, delayMs: 0, initialDelayMs: 1 };
  const machine = new AuroraMachine({ ...SETTINGS, scheduling, preemption }, new SeededRandom(1));
  const cheap = config({ tier: 'preemptible' });
  const hosts = Array.from({ length: HOSTS }, (_, at) => ({
    ...{ host: `host-${at}`, attributes: [], mode: 'NONE' as const, slaveId: `agent-${at}` },
  }));
  const running = hosts.flatMap(({ host, slaveId }, at) =>
    Array.from({ length: VICTIMS }, (_, slot): ScheduledTask => {
      const id = at * VICTIMS + slot;
      return {
        assignedTask: {
          ...{ taskId: `cheap-${id}`, slaveId, slaveHost: host, task: cheap, instanceId: id },
          assignedPorts: new Map(),
        },
        status: 'RUNNING',
        ...{ failureCount: 0, taskEvents: [{ timestamp: 0, status: 'RUNNING' }] },
        timesPartitioned: 0,
      };
    }),
  );
  const pending = Array.from({ length: PENDING }, (_, at): ScheduledTask => {
    const key = { role: 'www', environment: 'prod', name: `job-${at}` };
    const resources = [{ numCpus: cpus }, { ramMb: 128 }, { diskMb: 64 }];
    return {
      assignedTask: {
        ...{ taskId: `pending-${at}`, task: config({ job: key, tier: 'preferred', resources }) },
        ...{ instanceId: 0, assignedPorts: new Map() },
      },
      status: 'PENDING',
      ...{ failureCount: 0, taskEvents: [{ timestamp: 0, status: 'PENDING' }] },
      timesPartitioned: 0,
    };
  });
  machine.recovered({ ...EMPTY, hosts, tasks: [...running, ...pending] }, 0);
  const seconds = 1 / perSecond(1, () => machine.woke(2));
  if (machine.preemptor.slotCount !== (cpus > VICTIMS ? 0 : PENDING)) {
    throw new Error(`${machine.preemptor.slotCount} places were found`);
  }
  return seconds;
}

function perSecond(count: number, work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return count / ((user + system) / 1e6);
}

const EMPTY = {
  tasks: [],
  cronJobs: new Map(),
  quotas: new Map(),
  hosts: [],
  maintenance: [],
  updates: new UpdateTable(),
};

function smallOffer(_: unknown, index: number): Offer {
  const host = `host-${index}`;
  const scalar = (name: string, value: number) => ({
    ...{ name, type: 'SCALAR' as const, scalar: { value } },
  });
  return {
    id: { value: `o${index}` },
    framework_id: { value: 'f' },
    agent_id: { value: `agent-${index}` },
    hostname: host,
    // What is left of a host differs from host to host.
    resources: [
      scalar('cpus', (index % 97) / 100),
      scalar('mem', 64 + index),
      scalar('disk', 10_000),
    ],
    attributes: [
      { name: 'host', type: 'TEXT', text: { value: host } },
      { name: 'rack', type: 'TEXT', text: { value: `rack-${index % 40}` } },
    ],
  };
}

async function restored(): Promise<readonly Figure[]> {
  const directory = await temporaryDirectory('bench-aurora');
  const storage = await openLevelStorage(join(directory, 'state'));
  try {
    await storeTasks(storage);
    const machine = new AuroraMachine(SETTINGS, new SeededRandom(1));
    const start = performance.now();
    machine.recovered(await loadState(storage), 0);
    const seconds = (performance.now() - start) / 1_000;
    const found = [...machine.state.tasks.all()].length;
    if (found !== TASKS) throw new Error(`${found} tasks were restored`);
    return [
      {
        name: `aurora: ${TASKS} tasks restored from the store`,
        value: seconds,
        unit: 's',
        target: { bound: 'at most', value: 10 },
      },
    ];
  } finally {
    await storage.close();
    await removeDirectory(directory);
  }
}

async function storeTasks(storage: Storage): Promise<void> {
  for (let from = 0; from < TASKS; from += STORED_AT_A_TIME) {
    const tasks = Array.from({ length: STORED_AT_A_TIME }, (_, index) => storedTask(from + index));
    await storage.write(tasks.flatMap((task) => encodeOperation({ kind: 'put-task', task })));
  }
}

function storedTask(number: number): ScheduledTask {
  const key = { role: 'www', environment: 'prod', name: `job-${number % 1_000}` };
  const events = (['PENDING', 'ASSIGNED', 'STARTING', 'RUNNING'] as const).map((status, index) => ({
    ...{ timestamp: number + index, status, scheduler: 'scheduler.example' },
  }));
  return {
    assignedTask: {
      taskId: `www-prod-job-${number}`,
      slaveId: `agent-${number % HOSTS}`,
      slaveHost: `host-${number % HOSTS}`,
      task: config({ job: key }),
      assignedPorts: new Map(),
      instanceId: Math.floor(number / 1_000),
    },
    status: 'RUNNING',
    failureCount: 0,
    taskEvents: events,
    timesPartitioned: 0,
  };
}

async function updated(): Promise<readonly Figure[]> {
  const master = await startMaster();
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  await server.listen();
  const transport = createLibprocess({ http: server, log: silentLog });
  await transport.start();
  const agents = new SimulatedAgents(transport, { ip: '127.0.0.1', port: master.port }, AGENTS);
  agents.carriesOutKills = true;
  const directory = await temporaryDirectory('bench-aurora');
  const [port = 0] = await freePorts(1);
  const aurora = startOrrery(['aurora-scheduler', ...flagsOf(master.port, port, directory)]);
  const url = `http://127.0.0.1:${port}/v1`;
  try {
    await within(PATIENCE_MS, 'registration of all agents', agents.register());
    await until('Aurora is ready', aurora.output, async () => aurora.output().includes('READY'));
    const created = await http('POST', `${url}/jobs`, service(1));
    if (created.status !== 201) throw new Error(created.text);
    await until('all run', aurora.output, async () => {
      const { body } = await http('GET', `${url}/jobs/www/prod/big/tasks?active=true`);
      const tasks = at(body, 'tasks');
      return (
        Array.isArray(tasks) &&
        tasks.filter((task) => textAt(task, 'status') === 'RUNNING').length === INSTANCES
      );
    });
    const start = performance.now();
    const started = await http('POST', `${url}/jobs/www/prod/big/updates`, service(2));
    if (started.status !== 201) throw new Error(started.text);
    const location = started.headers.get('location') ?? '';
    await until('the update is over', aurora.output, async () => {
      const { body } = await http('GET', `${url.replace('/v1', '')}${location}`);
      return textAt(body, 'update', 'summary', 'state', 'status') === 'ROLLED_FORWARD';
    });
    return [
      {
        name: `aurora: an update of ${INSTANCES} instances, beyond its ${WATCH_SECS} s of watching`,
        value: (performance.now() - start) / 1_000 - WATCH_SECS,
        unit: 's',
        target: { bound: 'at most', value: 10 },
      },
    ];
  } finally {
    await aurora.stop('SIGKILL');
    await master.stop();
    await transport.stop();
    await server.close();
    await removeDirectory(directory);
  }
}

function flagsOf(masterPort: number, port: number, directory: string): readonly string[] {
  return [
    '-cluster_name=bench',
    `-mesos_master_address=127.0.0.1:${masterPort}`,
    `-native_log_file_path=${join(directory, 'aurora')}`,
    '-ip=127.0.0.1',
    `-http_port=${port}`,
    '-hostname=127.0.0.1',
    '-max_schedule_attempts_per_sec=10000',
    '-max_tasks_per_schedule_attempt=100',
    '-thermos_executor_cpu=0.01',
    '-thermos_executor_ram=16MB',
  ];
}

function service(priority: number): unknown {
  return {
    ...{ role: 'www', environment: 'prod', name: 'big', service: true, priority },
    instances: INSTANCES,
    update_config: { batch_size: INSTANCES, watch_secs: WATCH_SECS },
    task: {
      name: 'big',
      processes: [{ name: 'big', cmdline: 'sleep 1000' }],
      resources: { cpu: 0.1, ram: 16 * 1024 ** 2, disk: 16 * 1024 ** 2 },
    },
  };
}

async function until(
  what: string,
  output: () => string,
  isTrue: () => Promise<boolean>,
): Promise<void> {
  await eventually(what, async () => ((await isTrue()) ? true : undefined), output, PATIENCE_MS);
}
