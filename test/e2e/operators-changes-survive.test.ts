/**
 * What operators changed and were told survives the leader: quota, weight, reservation, volume,
 * maintenance, a drained and a gone agent after kill -9; and under load, with ZooKeeper stopped and
 * started again and again, no weight is lost that a master has acknowledged.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { at, listAt, textAt } from './support/json.ts';
import { Masters } from './support/masters.ts';
import {
  eventually,
  freePorts,
  http,
  type JsonAnswer,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';
import { ZooKeeperServer } from './support/zookeeper.ts';

/** No master may lose it because the machine is busy. */
const SESSION_MS = 5_000;

/** Operators that write at the same time; each has its own role. */
const WRITER_COUNT = 4;

/** Longer than a session, so that the leader has to go. */
const OUTAGE_MS = SESSION_MS + 1_500;

const directory = await temporaryDirectory('survive');
const zooKeeper = await ZooKeeperServer.in(directory);
const url = `zk://${zooKeeper.address}/mesos`;
const ports = await freePorts(6);
const masters = new Masters({
  url,
  ports: ports.slice(0, 3),
  directory,
  sessionMs: SESSION_MS,
  isSupervised: true,
});
const agents: Program[] = [];

function startAgent(name: string, port: number | undefined): Program {
  const program = startOrrery([
    'agent',
    `--master=${url}`,
    '--ip=127.0.0.1',
    '--hostname=127.0.0.1',
    `--port=${port}`,
    `--zk_session_timeout=${SESSION_MS}ms`,
    '--registration_backoff_factor=100ms',
    `--attributes=name:${name}`,
    '--resources=cpus:4;mem:4096;disk:4096;ports:[31000-31999]',
    `--work_dir=${join(directory, name)}`,
  ]);
  agents.push(program);
  return program;
}

function output(): string {
  return masters.output() + agents.map((each) => `\n[agent]\n${each.output()}`).join('');
}

function call(body: unknown): Promise<JsonAnswer> {
  return masters.ask('POST', '/api/v1', body);
}

async function acknowledged(body: unknown, status = 200): Promise<void> {
  const answer = await call(body);
  assert.equal(answer.status, status, `${JSON.stringify(body)}: ${answer.text}`);
}

async function agentNamed(name: string): Promise<unknown> {
  const answer = await call({ type: 'GET_AGENTS' });
  return listAt(answer.body, 'get_agents', 'agents').find((agent) =>
    listAt(agent, 'agent_info', 'attributes').some((each) => at(each, 'text', 'value') === name),
  );
}

async function agentId(name: string): Promise<string> {
  const agent = await eventually(`agent ${name} is there`, () => agentNamed(name), output);
  return textAt(agent, 'agent_info', 'id', 'value');
}

before(async () => {
  await zooKeeper.start();
  masters.startAll();
  startAgent('keeper', ports[3]);
  startAgent('drained', ports[4]);
  startAgent('gone', ports[5]);
});

after(async () => {
  for (const agent of agents) await agent.stop('SIGKILL');
  await masters.stopAll();
  await zooKeeper.kill();
  await removeDirectory(directory);
});

const RESERVATION = { type: 'DYNAMIC', role: 'db' };
const WINDOW = {
  machine_ids: [{ hostname: 'spare', ip: '10.9.8.7' }],
  unavailability: {
    start: { nanoseconds: 4_000_000_000_000_000_000 },
    duration: { nanoseconds: 3_600_000_000_000 },
  },
};

/** The agent's word: what it has written down. */
async function reservedOn(port: number | undefined): Promise<unknown> {
  const state = (await http('GET', `http://127.0.0.1:${port}/state`)).body;
  return at(state, 'reserved_resources', 'db');
}

test('kill -9 of the leader loses nothing that operators were told', async () => {
  const keeper = { value: await agentId('keeper') };
  const drained = { value: await agentId('drained') };
  const gone = { value: await agentId('gone') };
  await acknowledged({
    type: 'UPDATE_QUOTA',
    update_quota: {
      quota_configs: [
        { role: 'web', guarantees: { cpus: { value: 1 } }, limits: { cpus: { value: 3 } } },
      ],
    },
  });
  await acknowledged({
    type: 'UPDATE_WEIGHTS',
    update_weights: { weight_infos: [{ role: 'web', weight: 2.5 }] },
  });
  await acknowledged(
    {
      type: 'RESERVE_RESOURCES',
      reserve_resources: {
        agent_id: keeper,
        resources: [
          {
            name: 'disk',
            type: 'SCALAR',
            scalar: { value: 512 },
            reservations: [RESERVATION],
          },
        ],
      },
    },
    202,
  );
  await eventually('the agent has the reservation', () => reservedOn(ports[3]), output);
  await acknowledged(
    {
      type: 'CREATE_VOLUMES',
      create_volumes: {
        agent_id: keeper,
        volumes: [
          {
            name: 'disk',
            type: 'SCALAR',
            scalar: { value: 128 },
            reservations: [RESERVATION],
            disk: {
              persistence: { id: 'data-1' },
              volume: { mode: 'RW', container_path: 'data' },
            },
          },
        ],
      },
    },
    202,
  );
  await acknowledged({
    type: 'UPDATE_MAINTENANCE_SCHEDULE',
    update_maintenance_schedule: { schedule: { windows: [WINDOW] } },
  });
  await acknowledged({
    type: 'START_MAINTENANCE',
    start_maintenance: { machines: WINDOW.machine_ids },
  });
  await acknowledged({ type: 'DRAIN_AGENT', drain_agent: { agent_id: drained } });
  await acknowledged({ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: gone } });
  assert.equal(await agents[2]?.stop('SIGCONT'), 0, `the gone agent ended\n${output()}`);
  await eventually(
    'the agent has the volume',
    async () => {
      const state = (await http('GET', `http://127.0.0.1:${ports[3]}/state`)).body;
      return JSON.stringify(state).includes('data-1') ? true : undefined;
    },
    output,
  );

  await masters.killLeader();

  const quota = await call({ type: 'GET_QUOTA' });
  assert.deepEqual(listAt(quota.body, 'get_quota', 'status', 'configs'), [
    { role: 'web', guarantees: { cpus: { value: 1 } }, limits: { cpus: { value: 3 } } },
  ]);
  const weights = await call({ type: 'GET_WEIGHTS' });
  assert.deepEqual(listAt(weights.body, 'get_weights', 'weight_infos'), [
    { role: 'web', weight: 2.5 },
  ]);
  const schedule = await call({ type: 'GET_MAINTENANCE_SCHEDULE' });
  assert.deepEqual(listAt(schedule.body, 'get_maintenance_schedule', 'schedule', 'windows'), [
    WINDOW,
  ]);
  const status = await call({ type: 'GET_MAINTENANCE_STATUS' });
  assert.deepEqual(
    listAt(status.body, 'get_maintenance_status', 'status', 'down_machines'),
    WINDOW.machine_ids,
  );
  const back = await eventually('the drained agent is back', () => agentNamed('drained'), output);
  assert.equal(at(back, 'agent_info', 'id', 'value'), drained.value);
  assert.equal(at(back, 'drain_info', 'state'), 'DRAINED');
  assert.equal(at(back, 'deactivated'), true);
  const kept = await eventually('the reserving agent is back', () => agentNamed('keeper'), output);
  const reserved = listAt(kept, 'total_resources').filter(
    (each) => listAt(each, 'reservations').length > 0,
  );
  assert.deepEqual(
    reserved.map((each) => [
      at(each, 'scalar', 'value'),
      at(each, 'disk', 'persistence', 'id'),
      at(each, 'reservations', 0, 'role'),
    ]),
    [
      [384, undefined, 'db'],
      [128, 'data-1', 'db'],
    ],
  );
});

test('an agent marked gone is refused by the next leader, too', async () => {
  const revenant = startAgent('gone', ports[5]);
  await eventually(
    'the gone agent is told to end',
    () => (revenant.child.exitCode === null ? undefined : true),
    output,
  );
  assert.equal(await agentNamed('gone'), undefined);
});

/** One operator: sets the weight of its role higher and higher, and remembers what was acknowledged. */
class Writer {
  readonly role: string;
  tried = 1;
  told = 1;
  count = 0;
  private isStopped = false;
  private readonly ended: Promise<void>;

  constructor(role: string) {
    this.role = role;
    this.ended = this.run();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.ended;
  }

  private async run(): Promise<void> {
    for (let at = 0; !this.isStopped; at += 1) {
      const port = masters.ports[at % masters.ports.length];
      // Stays with a master as long as it answers.
      while (!this.isStopped && (await this.write(port))) this.count += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async write(port: number | undefined): Promise<boolean> {
    this.tried += 1;
    const weight = this.tried;
    const answer = await http('POST', `http://127.0.0.1:${port}/api/v1`, {
      type: 'UPDATE_WEIGHTS',
      update_weights: { weight_infos: [{ role: this.role, weight }] },
    }).catch(() => undefined);
    if (answer?.status !== 200) return false;
    this.told = weight;
    return true;
  }
}

async function weightsNow(): Promise<ReadonlyMap<string, number>> {
  const answer = await eventually(
    'weights can be read',
    async () => {
      const given = await call({ type: 'GET_WEIGHTS' });
      return given.status === 200 ? given : undefined;
    },
    output,
  );
  const infos = listAt(answer.body, 'get_weights', 'weight_infos');
  return new Map(infos.map((each) => [textAt(each, 'role'), Number(at(each, 'weight'))]));
}

/** A write that was not acknowledged may have happened; an acknowledged one must have. */
function assertKept(writers: readonly Writer[], weights: ReadonlyMap<string, number>): void {
  for (const { role, told, tried } of writers) {
    const found = weights.get(role) ?? 1;
    assert.ok(
      found >= told && found <= tried,
      `role ${role}: ${told} was acknowledged, ${tried} tried, ${found} is there\n${output()}`,
    );
  }
}

test('ZooKeeper and leaders that come and go under load lose no acknowledged weight', async (t) => {
  const writers = Array.from({ length: WRITER_COUNT }, (_, at) => new Writer(`load-${at}`));
  const progress = async (): Promise<void> => {
    const before = writers.map((each) => each.count);
    await eventually(
      'every operator writes again',
      () => (writers.every((each, at) => each.count > (before[at] ?? 0) + 3) ? true : undefined),
      output,
    );
  };
  try {
    await progress();
    for (const outageMs of [0, 500, OUTAGE_MS]) {
      await zooKeeper.kill();
      await new Promise((resolve) => setTimeout(resolve, outageMs));
      await zooKeeper.start();
      await progress();
    }
    await masters.killLeader();
    await progress();
  } finally {
    for (const writer of writers) await writer.stop();
  }
  assertKept(writers, await weightsNow());
  await masters.killLeader();
  assertKept(writers, await weightsNow());
  t.diagnostic(`${writers.reduce((sum, each) => sum + each.count, 0)} acknowledged writes`);
});
