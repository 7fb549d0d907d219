/**
 * Three masters on a real ZooKeeper, one agent, one framework that launches tasks all the time, all
 * of them with `zk://` addresses. The leader is killed, stopped, frozen; ZooKeeper goes and comes
 * back. The registry and the running task survive everything.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLog } from '../../core/base/log.ts';
import { createZooKeeperClient } from '../../core/net/zookeeper/open.ts';
import {
  createScheduler,
  type Offer,
  type Scheduler,
  systemPorts,
} from '../../core/scheduler/index.ts';
import { at, listAt, textAt } from './support/json.ts';
import { Masters } from './support/masters.ts';
import {
  eventually,
  freePorts,
  http,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';
import { TcpGate } from './support/tcp-gate.ts';
import { ZooKeeperServer } from './support/zookeeper.ts';

/** No daemon may lose it because the machine is busy. */
const SESSION_MS = 6_000;

/** Between the offer and the launch: the load of the framework. */
const PACE_MS = 200;

const directory = await temporaryDirectory('ha');
const zooKeeper = await ZooKeeperServer.in(directory);
const ports = await freePorts(5);
/** All daemons go through it, so that ZooKeeper is away for exactly as long as a test wants. */
const gate = new TcpGate(ports[4] ?? 0, zooKeeper.port);
const url = `zk://127.0.0.1:${ports[4]}/mesos`;
const masterPorts = ports.slice(0, 3);
const masters = new Masters({
  url,
  ports: masterPorts,
  directory,
  sessionMs: SESSION_MS,
  isSupervised: true,
});
let agent: Program | undefined;

function output(): string {
  return `${masters.output()}\n[agent]\n${agent?.output() ?? ''}`.slice(-20_000);
}

/** Launches `true` on every offer, and one task that stays. */
class Framework {
  readonly ports = systemPorts('ha');
  readonly scheduler: Scheduler;
  private taskCount = 0;
  private readonly waiting: ((masterId: string) => void)[] = [];
  hasSteady = false;
  steadyState: string | undefined;
  readonly badStates: string[] = [];

  constructor() {
    this.scheduler = createScheduler(
      {
        master: url,
        framework: {
          user: process.env['USER'] ?? 'root',
          name: 'ha',
          failover_timeout: 600,
          checkpoint: true,
          capabilities: [{ type: 'PARTITION_AWARE' }],
        },
        backoffMaxMs: 1_000,
      },
      {
        offers: (offers) => {
          for (const offer of offers) this.use(offer).catch(() => undefined);
        },
        update: ({ task_id, state }) => {
          if (task_id.value === 'steady') this.steadyState = state;
          if (/LOST|ERROR|GONE|UNREACHABLE/.test(state))
            this.badStates.push(`${task_id.value} ${state}`);
        },
      },
      { ...this.ports, log: silentLog },
    );
  }

  /** Resolves with the master's id when it has accepted an offer that was not made by `before`. */
  accepted(before?: string): Promise<string> {
    return new Promise((resolve) => {
      const wait = (masterId: string): void => {
        if (masterId === before) this.waiting.push(wait);
        else resolve(masterId);
      };
      this.waiting.push(wait);
    });
  }

  private async use(offer: Offer): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.hasSteady ? PACE_MS : 0));
    const amount = (name: string): number =>
      offer.resources?.find((each) => each.name === name)?.scalar?.value ?? 0;
    if (amount('cpus') < 0.1 || amount('mem') < 32) {
      await this.scheduler.decline([offer.id], { refuse_seconds: 0 });
      return;
    }
    this.taskCount += 1;
    const isSteady = !this.hasSteady;
    this.hasSteady = true;
    const id = isSteady ? 'steady' : `short-${this.taskCount}`;
    await this.scheduler.launch(
      [offer.id],
      [
        {
          name: id,
          task_id: { value: id },
          agent_id: offer.agent_id,
          resources: [
            { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
            { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
          ],
          command: { value: isSteady ? 'exec sleep 100000' : 'true' },
        },
      ],
      { refuse_seconds: 0 },
    );
    const masterId = offer.id.value.replace(/-O\d+$/, '');
    for (const resolve of this.waiting.splice(0)) resolve(masterId);
  }
}

let framework: Framework | undefined;
let masterId: string | undefined;

function running(): Framework {
  assert.ok(framework !== undefined);
  return framework;
}

async function acceptedByAnother(): Promise<string> {
  let found: string | undefined;
  void running()
    .accepted(masterId)
    .then((id) => {
      found = id;
    });
  return await eventually('an offer of another leader is accepted', () => found, output);
}

/** Ends the leader and measures until an offer of the next one has been accepted. */
async function failOver(end: (leader: Program) => void): Promise<number> {
  const port = await masters.leaderPort();
  const leader = masters.at(port);
  const startedAt = performance.now();
  const next = acceptedByAnother();
  end(leader);
  masterId = await next;
  const tookMs = performance.now() - startedAt;
  await leader.stop('SIGKILL');
  return tookMs;
}

function exitOf(program: Program): Promise<number | null> {
  return new Promise((resolve) => program.child.once('exit', resolve));
}

async function stateOfLeader(): Promise<unknown> {
  return (await masters.ask('GET', '/state')).body;
}

async function registry(): Promise<unknown> {
  return (await masters.ask('GET', '/registrar(1)/registry')).body;
}

before(async () => {
  await zooKeeper.start();
  await gate.open();
  masters.startAll();
  agent = startOrrery([
    'agent',
    `--master=${url}`,
    '--ip=127.0.0.1',
    '--hostname=127.0.0.1',
    `--port=${ports[3]}`,
    `--zk_session_timeout=${SESSION_MS}ms`,
    '--registration_backoff_factor=100ms',
    '--resources=cpus:4;mem:4096;disk:4096;ports:[31000-31999]',
    `--work_dir=${join(directory, 'agent')}`,
  ]);
  framework = new Framework();
  const first = framework.accepted();
  await framework.scheduler.start();
  masterId = await first;
});

after(async () => {
  await framework?.scheduler.stop({ teardown: true });
  await framework?.ports.http.close();
  await agent?.stop('SIGUSR1');
  await masters.stopAll();
  await gate.shut();
  await zooKeeper.kill();
  await removeDirectory(directory);
});

async function connectedClient(): Promise<ReturnType<typeof createZooKeeperClient>> {
  const client = createZooKeeperClient({
    servers: [{ host: '127.0.0.1', port: zooKeeper.port }],
    credentials: undefined,
  });
  await new Promise<void>((resolve) => {
    client.listen({ connected: resolve });
    client.start();
  });
  return client;
}

test('the znodes are those of the original', async () => {
  const client = await connectedClient();
  try {
    const names = await eventually('three candidates', async () => {
      const children = [...(await client.children('/mesos'))].sort();
      return children.filter((name) => name.startsWith('json.info_')).length === 3
        ? children
        : undefined;
    });
    assert.equal(names[0], 'json.info_0000000001');
    assert.ok(names.includes('log_replicas'));
    const leader = await masters.leaderPort();
    const { data, owner } = await client.get('/mesos/json.info_0000000001');
    const address = `{"address":{"hostname":"127.0.0.1","ip":"127.0.0.1","port":${leader}},`;
    assert.ok(Buffer.from(data).toString().startsWith(address), Buffer.from(data).toString());
    assert.match(
      Buffer.from(data).toString(),
      /"capabilities":\[\{"type":"AGENT_UPDATE"\},\{"type":"AGENT_DRAINING"\},\{"type":"QUOTA_V2"\}\],"hostname":"127.0.0.1","id":"[-0-9a-f]+","ip":16777343,"pid":"master@127.0.0.1:\d+","port":\d+,"version":"1.12.0"\}$/,
    );
    assert.notEqual(owner, '0000000000000000', 'it is ephemeral');
  } finally {
    await client.close();
  }
});

test('a standby redirects to the leader', async () => {
  const leader = await masters.leaderPort();
  const standby = masterPorts.find((port) => port !== leader);
  const answer = await http('GET', `http://127.0.0.1:${standby}/state?x=1&jsonp=cb`);
  assert.equal(answer.status, 307);
  const location = `//127.0.0.1:${leader}/master/state?jsonp=cb&x=1`;
  assert.equal(answer.headers.get('location'), location);
  const metrics = await http('GET', `http://127.0.0.1:${standby}/metrics/snapshot`);
  assert.equal(at(metrics.body, 'master/elected'), 0);
});

test('kill -9 of the leader: the next one serves when the session has ended', async (t) => {
  const tookMs = await failOver((leader) => leader.child.kill('SIGKILL'));
  t.diagnostic(`accepted at the new leader after ${Math.round(tookMs)} ms`);
});

test('SIGTERM of the leader ends its session: the next one serves at once', async (t) => {
  const client = await connectedClient();
  t.after(() => client.close());
  const candidates = async (): Promise<readonly string[]> =>
    (await client.children('/mesos')).filter((name) => name.startsWith('json.info_')).sort();
  const [first] = await candidates();
  let isGone: boolean | undefined;
  const tookMs = await failOver((leader) => {
    leader.child.kill('SIGTERM');
    void leader.ended.then(async () => {
      isGone = (await candidates())[0] !== first;
    });
  });
  t.diagnostic(`accepted at the new leader after ${Math.round(tookMs)} ms`);
  await eventually('it has ended', () => isGone !== undefined || undefined, output);
  // One that is dead without a word goes with its session, two thirds of one later at the earliest.
  assert.ok(isGone, `its session went on when it had ended\n${output()}`);
});

test('a leader frozen past its session ends as soon as it goes on', async () => {
  const port = await masters.leaderPort();
  const frozen = masters.at(port);
  const exit = exitOf(frozen);
  const next = acceptedByAnother();
  frozen.child.kill('SIGSTOP');
  masterId = await next;
  frozen.child.kill('SIGCONT');
  assert.equal(await exit, 1);
  assert.match(
    frozen.output(),
    /Lost leadership after indecisive election\.\.\. committing suicide!/,
  );
});

test('ZooKeeper away for less than a session changes nothing', async () => {
  const before = await masters.leaderPort();
  const { clientCount } = gate;
  await gate.shut();
  await running().accepted();
  await gate.open();
  await eventually('all are connected again', () => gate.clientCount >= clientCount, output);
  await running().accepted();
  assert.equal(await masters.leaderPort(), before);
});

test('ZooKeeper away for longer ends the leader; all heals when it is back', async () => {
  const port = await masters.leaderPort();
  const leader = masters.at(port);
  const exit = exitOf(leader);
  await gate.shut();
  assert.equal(await exit, 1);
  assert.match(
    leader.output(),
    /Lost leadership after indecisive election\.\.\. committing suicide!/,
  );
  for (const standby of masterPorts.filter((each) => each !== port)) {
    await eventually('a standby knows no leader', async () => {
      const answer = await http('GET', `http://127.0.0.1:${standby}/state`);
      return answer.status === 503 && answer.text === 'No leader elected' ? true : undefined;
    });
  }
  await gate.open();
  masterId = await acceptedByAnother();
});

test('DNS finds the leader on ZooKeeper, too', async (t) => {
  const [httpPort = 0, dnsPort = 0] = await freePorts(2);
  const config = join(directory, 'dns.json');
  const listen = { listener: '127.0.0.1', httpListener: '127.0.0.1', port: dnsPort, httpPort };
  writeFileSync(config, JSON.stringify({ zk: url, externalOn: false, ...listen }));
  const dns = startOrrery(['dns', `--config=${config}`]);
  t.after(() => dns.stop('SIGTERM'));
  await eventually(
    'the task has a name',
    async () => {
      const answer = await http('GET', `http://127.0.0.1:${httpPort}/v1/hosts/steady.ha.mesos`);
      return textAt(listAt(answer.body)[0], 'ip') === '127.0.0.1' ? true : undefined;
    },
    dns.output,
  );
});

test('after all of it the agent, its task and the registry are the same', async () => {
  const state = await eventually(
    'the agent is back',
    async () => {
      const body = await stateOfLeader();
      return listAt(body, 'slaves').length === 1 ? body : undefined;
    },
    output,
  );
  const slave = listAt(state, 'slaves')[0];
  assert.match(textAt(slave, 'id'), /-S0$/);
  const admitted = listAt(await registry(), 'slaves', 'slaves');
  assert.equal(admitted.length, 1);
  const tasks = listAt(state, 'frameworks').flatMap((each) => listAt(each, 'tasks'));
  const steady = tasks.find((task) => at(task, 'id') === 'steady');
  assert.equal(at(steady, 'state'), 'TASK_RUNNING');
  assert.deepEqual(running().badStates, []);
});
