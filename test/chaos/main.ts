/**
 * `npm run chaos:chronos [-- --minutes=10] [--seed=1]`: the model of `test/sim/chronos.ts` for real. Three
 * network namespaces, each with a ZooKeeper, a master, an agent and a Chronos; in turns a time of faults
 * (one machine cut off at a time, any process killed, wall clocks set) and a quiet one. A majority is
 * always there.
 * Every start in a quiet time must be met by exactly one complete run; those in between are counted.
 * Needs root, `ip` and Debian's zookeeper. Exit code 1 when a start was not met.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomInteger, SeededRandom } from '../../core/base/random.ts';
import { eventually, http, removeDirectory, temporaryDirectory } from '../e2e/support/programs.ts';
import {
  FORGIVENESS_MS,
  type PeriodicJob,
  type Run,
  type Span,
  targetsIn,
  unmetTargets,
} from '../sim/chronos-check.ts';
import { makeBridge, Node, removeBridge } from './node.ts';

const NODES = 3;
const JOBS = 3;
const ZOOKEEPER_PORT = 2_181;
const CHRONOS_PORT = 4_400;
const JAR = '/usr/share/java/zookeeper.jar';
const FAULTS_MS = 40_000;
const FAULT_EVERY_MS = 6_000;
const CLOCK_STEP_MAX_MS = 10_000;
/** Until sessions have ended and everybody has found everybody again. */
const RECOVERY_MS = 30_000;
const QUIET_MS = 80_000;
const START_PATIENCE_MS = 180_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const random = new SeededRandom(Number(values.seed));
const end = Date.now() + Number(values.minutes) * 60_000;
const directory = await temporaryDirectory('chaos-chronos');
const runsDirectory = join(directory, 'runs');
mkdirSync(runsDirectory);
makeBridge();
const nodes = Array.from({ length: NODES }, (_, at) => new Node(at + 1, directory));

try {
  for (const node of nodes) startDaemons(node);
  const jobs = await eventually('the jobs are posted', postJobs, outputs, START_PATIENCE_MS);
  const goodTimes: Span[] = [await quiet(Date.now())];
  while (Date.now() < end) {
    await faults();
    goodTimes.push(await quiet(Date.now() + RECOVERY_MS));
  }
  process.exitCode = report(jobs, goodTimes);
  if (process.exitCode !== 0) process.stdout.write(`${outputs()}\n`);
} finally {
  await Promise.all(nodes.map((node) => node.stop()));
  removeBridge();
  await removeDirectory(directory);
}

function startDaemons(node: Node): void {
  const home = join(directory, node.name);
  mkdirSync(join(home, 'zk'), { recursive: true });
  const number = nodes.indexOf(node) + 1;
  writeFileSync(join(home, 'zk', 'myid'), String(number));
  writeFileSync(join(home, 'zoo.cfg'), zooKeeperConfig(home));
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  node.run('zookeeper', 'java', ['-Xmx128m', '-cp', JAR, main, join(home, 'zoo.cfg')]);
  const servers = nodes.map(({ address }) => `${address}:${ZOOKEEPER_PORT}`).join(',');
  const masters = `zk://${servers}/mesos`;
  const here = [`--ip=${node.address}`, `--hostname=${node.address}`];
  node.runOrrery('master', [...here, `--zk=${masters}`, '--quorum=2', `--work_dir=${home}/master`]);
  node.runOrrery('agent', [
    ...here,
    `--master=${masters}`,
    `--work_dir=${home}/agent`,
    `--runtime_dir=${home}/run`,
    '--launcher=posix',
    '--resources=cpus:4;mem:1024;disk:1024',
  ]);
  node.runOrrery('chronos', [
    `--master=${masters}`,
    `--zk_hosts=${servers}`,
    `--http_port=${CHRONOS_PORT}`,
    `--hostname=${node.address}`,
  ]);
}

function zooKeeperConfig(home: string): string {
  const servers = nodes.map(({ address }, at) => `server.${at + 1}=${address}:2888:3888`);
  return [
    'tickTime=1000',
    ...['initLimit=10', 'syncLimit=5', 'maxClientCnxns=0', 'admin.enableServer=false'],
    `dataDir=${join(home, 'zk')}`,
    `clientPort=${ZOOKEEPER_PORT}`,
    ...servers,
    '',
  ].join('\n');
}

/** Undefined as long as nobody takes them. */
async function postJobs(): Promise<readonly PeriodicJob[] | undefined> {
  const jobs: PeriodicJob[] = [];
  for (let number = 1; number <= JOBS; number += 1) {
    const epsilonS = 15 + randomInteger(random, 15);
    const durationS = randomInteger(random, 10);
    const intervalS = epsilonS + durationS + 5 + randomInteger(random, 10);
    const start = Math.ceil(Date.now() / 1_000) * 1_000 + 10_000;
    const file = `f=$(mktemp ${runsDirectory}/${number}.XXXXXX)`;
    const stamp = 'date +%s%3N >> $f';
    const job = {
      name: number,
      command: `${file}; ${stamp}; sleep ${durationS}; ${stamp}`,
      schedule: `R/${new Date(start).toISOString()}/PT${intervalS}S`,
      scheduleTimeZone: 'UTC',
      epsilon: `PT${epsilonS}S`,
      ...{ async: false, cpus: 0.001, mem: 1, disk: 1, retries: 0, owner: 'a@example.com' },
    };
    const url = `http://${nodes[0]?.address}:${CHRONOS_PORT}/scheduler/iso8601`;
    if ((await http('POST', url, job)).status !== 204) return undefined;
    jobs.push({
      name: String(number),
      start,
      intervalMs: intervalS * 1_000,
      count: 100_000,
      epsilonMs: epsilonS * 1_000,
      durationMs: durationS * 1_000,
    });
  }
  return jobs;
}

async function faults(): Promise<void> {
  const until = Date.now() + FAULTS_MS;
  while (Date.now() < until) {
    doFault(nodes[randomInteger(random, NODES)] ?? fail());
    await pause(FAULT_EVERY_MS);
  }
  for (const node of nodes) {
    if (node.isCut) node.heal();
    node.setClock(0);
  }
  say('faults end');
}

function doFault(node: Node): void {
  const kind = random.float();
  if (kind < 0.25) {
    const offsetMs = randomInteger(random, 2 * CLOCK_STEP_MAX_MS) - CLOCK_STEP_MAX_MS;
    say(`the clock of ${node.name} steps to ${offsetMs} ms`);
    node.setClock(offsetMs);
    return;
  }
  const cut = nodes.find(({ isCut }) => isCut);
  if (kind < 0.6) {
    say(cut === undefined ? `${node.name} is cut off` : `${cut.name} is back`);
    if (cut === undefined) node.cut();
    else cut.heal();
    return;
  }
  const name = node.daemonNames[randomInteger(random, node.daemonNames.length)] ?? fail();
  // Another ZooKeeper beside one that is cut off would leave no majority.
  if (name === 'zookeeper' && cut !== undefined && cut !== node) return;
  say(`${name} of ${node.name} is killed`);
  node.kill(name);
}

function fail(): never {
  throw new Error('there is nobody to harm');
}

async function quiet(from: number): Promise<Span> {
  await pause(from + QUIET_MS - Date.now());
  return { from, to: Date.now() };
}

function report(jobs: readonly PeriodicJob[], goodTimes: readonly Span[]): number {
  const runs = new Map<string, Run[]>();
  for (const file of readdirSync(runsDirectory)) {
    const [begun, ended] = readFileSync(join(runsDirectory, file), 'utf8').trim().split('\n');
    const name = file.split('.')[0] ?? '';
    const run = {
      begunAt: Number(begun),
      endedAt: ended === undefined ? undefined : Number(ended),
    };
    runs.set(name, [...(runs.get(name) ?? []), run]);
  }
  const [first, last] = [goodTimes[0], goodTimes.at(-1)];
  const all = first !== undefined && last !== undefined ? [{ from: first.from, to: last.to }] : [];
  let failedCount = 0;
  for (const job of jobs) {
    const own = runs.get(job.name) ?? [];
    const unmet = unmetTargets(job, own, goodTimes);
    failedCount += unmet.length;
    for (const sentence of unmet) say(sentence);
    const [good, every] = [targetsIn(job, goodTimes), targetsIn(job, all)];
    const missed = unmetTargets(job, own, all).length;
    say(
      `job ${job.name}: ${own.length} runs; ${good.length - unmet.length} of ${good.length} starts in` +
        ` quiet times met, ${every.length - missed} of ${every.length} in all` +
        ` (epsilon ${job.epsilonMs / 1_000} s, forgiveness ${FORGIVENESS_MS / 1_000} s)`,
    );
  }
  return failedCount === 0 ? 0 : 1;
}

function outputs(): string {
  return nodes
    .flatMap((node) =>
      node.daemonNames.map((name) => `[${node.name} ${name}]\n${node.output(name).slice(-2_000)}`),
    )
    .join('\n');
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, durationMs)));
}
