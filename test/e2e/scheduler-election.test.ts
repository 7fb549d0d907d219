/**
 * Two Marathons and two Chronos on one ZooKeeper: standbys pass requests on, and when a leader is
 * killed the other takes over its tasks and its state. Each start of a task leaves a line in a file.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { at, numberAt, textAt } from './support/json.ts';
import {
  eventually,
  freePorts,
  http,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { ZooKeeperServer } from './support/zookeeper.ts';

/** No daemon may lose it because the machine is busy. */
const SESSION_MS = 6_000;

interface Candidate {
  readonly program: Program;
  readonly url: string;
  readonly id: string;
}

interface Pair {
  readonly leader: Candidate;
  readonly standby: Candidate;
}

/** Starts two candidates and waits until both know the same leader. */
async function startPair(
  start: (port: number) => Program,
  leaderPath: string,
  after: (act: () => Promise<unknown>) => void,
): Promise<Pair> {
  const candidates: Candidate[] = [];
  for (const port of await freePorts(2)) {
    const program = start(port);
    after(() => program.stop('SIGKILL'));
    candidates.push({ program, url: `http://127.0.0.1:${port}`, id: `127.0.0.1:${port}` });
  }
  const told = await eventually(
    'both know one leader',
    async () => {
      const answers = await Promise.all(
        candidates.map(({ url }) => http('GET', url + leaderPath).catch(() => undefined)),
      );
      const ids = answers.map((answer) =>
        answer?.status === 200 ? at(answer.body, 'leader') : '',
      );
      return ids[0] !== '' && ids[0] === ids[1] ? ids[0] : undefined;
    },
    () => candidates.map(({ program }) => program.output()).join('\n'),
  );
  const leader = candidates.find(({ id }) => id === told);
  const standby = candidates.find(({ id }) => id !== told);
  assert.ok(leader !== undefined && standby !== undefined, `${told} leads`);
  return { leader, standby };
}

async function startZooKeeper(t: TestContext): Promise<ZooKeeperServer> {
  const directory = await temporaryDirectory('zookeeper');
  const server = await ZooKeeperServer.in(directory);
  t.after(async () => {
    await server.kill();
    await removeDirectory(directory);
  });
  await server.start();
  return server;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

test('two Marathons lead one after the other; no task notices', async (t) => {
  const zooKeeper = await startZooKeeper(t);
  const cluster = await SmallCluster.start(t, 'marathons');
  const pair = await startPair(
    (port) =>
      startOrrery([
        'marathon',
        ...['--master', `127.0.0.1:${cluster.masterPort}`],
        ...['--zk', `zk://127.0.0.1:${zooKeeper.port}/marathon`],
        ...['--zk_session_timeout', String(SESSION_MS)],
        ...['--hostname', '127.0.0.1', '--http_address', '127.0.0.1'],
        ...['--http_port', String(port), '--min_revive_offers_interval', '100'],
      ]),
    '/v2/leader',
    (act) => t.after(act),
  );
  const { leader, standby } = pair;
  const starts = join(cluster.directory, 'starts');
  const cmd = `echo start >> ${starts}; exec sleep 1000`;
  const app = { id: '/web', cmd, cpus: 0.1, mem: 32, instances: 2 };
  const posted = await http('POST', `${standby.url}/v2/apps`, app);
  assert.equal(posted.status, 201, 'a standby passes requests on');
  const running = (url: string, count: number): Promise<true> =>
    eventually(
      `${count} tasks run, says ${url}`,
      async () => {
        const answer = await http('GET', `${url}/v2/apps//web`).catch(() => undefined);
        if (answer?.status !== 200) return undefined;
        return numberAt(answer.body, 'app', 'tasksRunning') === count ? true : undefined;
      },
      () => leader.program.output() + standby.program.output() + cluster.output(),
    );
  await running(standby.url, 2);
  const stream = await fetch(`${standby.url}/v2/events`, { redirect: 'manual' });
  assert.equal(stream.status, 302);
  assert.equal(stream.headers.get('location'), `${leader.url}/v2/events`);

  await leader.program.stop('SIGKILL');
  await running(standby.url, 2);
  assert.equal(textAt((await http('GET', `${standby.url}/v2/leader`)).body, 'leader'), standby.id);
  assert.equal(linesOf(starts).length, 2, 'no task was started again');
  const scaled = await http('PUT', `${standby.url}/v2/apps//web`, { instances: 3 });
  assert.equal(scaled.status, 200);
  await running(standby.url, 3);
  assert.equal(linesOf(starts).length, 3);

  await zooKeeper.kill();
  const code = await eventually(
    'the leader ends without ZooKeeper',
    () => standby.program.child.exitCode ?? undefined,
    () => standby.program.output(),
  );
  const why = `the exit code of the original for a lost leadership\n${standby.program.output()}`;
  assert.equal(code, 103, why);
});

test('two Chronos lead one after the other; jobs go on', async (t) => {
  const zooKeeper = await startZooKeeper(t);
  const cluster = await SmallCluster.start(t, 'chronoses');
  const { leader, standby } = await startPair(
    (port) =>
      startOrrery([
        'chronos',
        ...['--master', `127.0.0.1:${cluster.masterPort}`],
        ...['--zk_hosts', `127.0.0.1:${zooKeeper.port}`, '--zk_timeout', String(SESSION_MS)],
        ...['--hostname', '127.0.0.1', '--http_address', '127.0.0.1'],
        ...['--http_port', String(port), '--min_revive_offers_interval', '100'],
      ]),
    '/scheduler/leader',
    (act) => t.after(act),
  );
  const runs = join(cluster.directory, 'runs');
  const job = {
    name: 'tick',
    command: `echo run >> ${runs}`,
    schedule: 'R/2020-01-01T00:00:00Z/PT2S',
  };
  const body = { ...job, cpus: 0.1, mem: 32, epsilon: 'PT10S', owner: 'me@example.com' };
  assert.equal((await http('POST', `${standby.url}/scheduler/iso8601`, body)).status, 204);
  const more = async (what: string): Promise<void> => {
    const before = linesOf(runs).length;
    await eventually(
      what,
      () => (linesOf(runs).length > before + 1 ? true : undefined),
      () => leader.program.output() + standby.program.output() + cluster.output(),
    );
  };
  await more('the job runs');
  await leader.program.stop('SIGKILL');
  await more('the job goes on under the next leader');
  const told = await http('GET', `${standby.url}/scheduler/leader`);
  assert.equal(textAt(told.body, 'leader'), standby.id);
});
