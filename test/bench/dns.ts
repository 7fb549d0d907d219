/**
 * DNS with 100,000 names: the server runs as its own process, fed by a master of the test kit; queries
 * come over UDP from another process (`dns-load.ts`). Three questions: how many answers a second of its processor time gives (read
 * from /proc, so it does not matter who else uses the machine), how long answers take at half of what it
 * can do in a second of a processor of its own, and how long after a status update of the master an answer is another.
 *
 * The second is a matter of microseconds, so whoever asks must not measure itself:
 * - Each question has a time at which it is due, 1/rate after the one before it; the delay that has a target counts from then,
 *   so that what the asker itself was late counts, too. The delay from when the question left stands below it.
 * - The asker looks at the clock every tenth of a millisecond (timers come a millisecond late, and what is due by then leaves
 *   as a burst) and keeps its tables in arrays laid out before it starts.
 * - What it is more than a millisecond late with it leaves out, and says how much that was: were it many, it has measured others.
 * - Asker and server run before all other processes while delays are measured (`priority.ts`), best on two processors or more; a row
 *   says how long the server waited for one all the same.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeMaster, startFakeMaster, v1 } from '../dns/support/fake-master.ts';
import {
  eventually,
  freePorts,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';
import { DnsAsker } from './dns-asker.ts';
import { type DnsLoad, startDnsLoad } from './dns-load-process.ts';
import { AGENTS, query, TASKS, TYPE_A } from './dns-queries.ts';
import type { Benchmark, Figure } from './figures.ts';
import { cpuSeconds, percentile, waitedSeconds } from './measure.ts';
import { runAsOthers, runBeforeOthers } from './priority.ts';

const NAMES = TASKS * 8;
const CHANGES = 10_000;
/** Changes under way at one time. */
const CHANGES_AT_ONCE = 8;
const IN_FLIGHT = 128;
const MEASURE_MS = 8_000;

export const dnsBenchmark: Benchmark = {
  name: 'dns',
  what: `${NAMES} names: queries per processor second, delay at half load, delay of changes`,
  run: measure,
};

async function measure(): Promise<readonly Figure[]> {
  const master = await startFakeMaster();
  master.snapshot = snapshot();
  const directory = await temporaryDirectory('bench-dns');
  const [dnsPort = 0, httpPort = 0] = await freePorts(2);
  const config = join(directory, 'config.json');
  writeFileSync(config, JSON.stringify(configuration(master.port, dnsPort, httpPort)));
  const server = startOrrery(['dns', `--config=${config}`]);
  const asker = new DnsAsker(dnsPort);
  try {
    await eventually(
      'the DNS server is ready',
      () => server.output().includes('READY') || undefined,
      server.output,
    );
    const last = query(`app${TASKS - 1}.marathon.mesos`, TYPE_A);
    await eventually('the names are there', async () =>
      (await asker.ask(last)).readUInt16BE(6) > 0 ? true : undefined,
    );
    const load = await startDnsLoad(dnsPort);
    const full = await throughput(load, server.pid);
    const half = await atHalfLoad(load, server.pid, full.perCpuSecond / 2);
    await load.end();
    const changes = await changeDelays(asker, master);
    return [
      {
        name: 'dns: queries per processor second',
        value: full.perCpuSecond,
        unit: 'queries/cpu-s',
        target: { bound: 'at least', value: 40_000 },
      },
      {
        name: 'dns: the same, each name for the first time',
        value: full.perCpuSecondCold,
        unit: 'queries/cpu-s',
      },
      { name: 'dns: queries per second', value: full.perSecond, unit: 'queries/s' },
      {
        name: 'dns: wrong or empty answers',
        value: full.wrong,
        unit: 'answers',
        target: { bound: 'at most', value: 0 },
      },
      ...half,
      { name: 'dns: changed answer, median', value: percentile(changes, 50), unit: 'ms' },
      {
        name: `dns: changed answer, 99th percentile of ${CHANGES}`,
        value: percentile(changes, 99),
        unit: 'ms',
        target: { bound: 'at most', value: 100 },
      },
    ];
  } finally {
    asker.close();
    await server.stop();
    await master.close();
    await removeDirectory(directory);
  }
}

interface Throughput {
  /** The first question for each name. */
  readonly perCpuSecondCold: number;
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly wrong: number;
}

async function throughput(load: DnsLoad, pid: number): Promise<Throughput> {
  const startCold = await load.tell({ kind: 'fill', count: IN_FLIGHT });
  // Each name has been asked once: that an answer is prepared at its first query is told apart.
  const cpuCold = cpuSeconds(pid);
  let before = startCold;
  while (before.answers - startCold.answers < NAMES) {
    await pause(100);
    before = await load.tell({ kind: 'count' });
  }
  const [cpuBefore, start] = [cpuSeconds(pid), performance.now()];
  const perCpuSecondCold = (before.answers - startCold.answers) / (cpuBefore - cpuCold);
  await pause(MEASURE_MS);
  const after = await load.tell({ kind: 'count' });
  const answers = after.answers - before.answers;
  const cpu = cpuSeconds(pid) - cpuBefore;
  const wall = (performance.now() - start) / 1_000;
  await load.tell({ kind: 'stop' });
  return {
    perCpuSecondCold,
    perCpuSecond: answers / cpu,
    perSecond: answers / wall,
    wrong: after.wrong - before.wrong,
  };
}

async function atHalfLoad(
  load: DnsLoad,
  pid: number,
  perSecond: number,
): Promise<readonly Figure[]> {
  const processes = [pid, load.pid];
  for (const each of processes) runBeforeOthers(each);
  const waitedBefore = waitedSeconds(pid);
  const pace = await load.tell({ kind: 'pace', perSecond, durationMs: MEASURE_MS });
  const waitedMs = (waitedSeconds(pid) - waitedBefore) * 1_000;
  for (const each of processes) runAsOthers(each);
  const { delays, delaysFromLeaving, leftOut } = pace;
  const name = 'dns: answer at half load';
  return [
    { name: `${name}, median`, value: percentile(delays, 50), unit: 'ms' },
    {
      name: `${name}, 99th percentile, from when due`,
      value: percentile(delays, 99),
      unit: 'ms',
      target: { bound: 'at most', value: 2 },
    },
    {
      name: `${name}, 99th percentile, from when sent`,
      value: percentile(delaysFromLeaving, 99),
      unit: 'ms',
    },
    {
      name: 'dns: of that time the server waited for a processor',
      value: (100 * waitedMs) / MEASURE_MS,
      unit: '%',
    },
    {
      name: 'dns: questions the asker was too late for',
      value: (100 * leftOut) / (leftOut + delays.length),
      unit: '%',
      target: { bound: 'at most', value: 5 },
    },
  ];
}

/** Milliseconds from sending a status update at the master until an answer shows it. */
async function changeDelays(asker: DnsAsker, master: FakeMaster): Promise<readonly number[]> {
  const delays: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < CHANGES) {
      const change = next;
      next += 1;
      const [task, round] = [change % TASKS, 2 + Math.floor(change / TASKS)];
      const address = [10, 3 + (task >> 16), (task >> 8) & 255, task & 255];
      const message = query(`app${task}.marathon.mesos`, TYPE_A);
      const ip = address.join('.');
      const start = performance.now();
      master.send(v1.taskUpdated('F1', `app${task}.1`, 'TASK_RUNNING', ip, round));
      // An A record ends in its address.
      for (;;) {
        const answer = await asker.ask(message);
        if (answer.subarray(-4).equals(Buffer.from(address))) break;
      }
      delays.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: CHANGES_AT_ONCE }, lane));
  return delays;
}

function snapshot(): unknown {
  const tasks = Array.from({ length: TASKS }, (_, at) =>
    v1.task({
      id: `app${at}.1`,
      name: `app${at}`,
      framework: 'F1',
      agent: `x-S${at % AGENTS}`,
      ports: [[31_000 + (at % 1_000), 31_000 + (at % 1_000)]],
      state: 'TASK_RUNNING',
      ip: `10.2.${at >> 8}.${at & 255}`,
    }),
  );
  const agents = Array.from({ length: AGENTS }, (_, at) => v1.agent(`x-S${at}`, `10.1.1.${at}`));
  return {
    get_agents: { agents },
    get_frameworks: { frameworks: [v1.framework('F1', 'marathon', '10.1.1.9')] },
    get_tasks: { tasks },
  };
}

function configuration(masterPort: number, dnsPort: number, httpPort: number): unknown {
  return {
    masters: [`127.0.0.1:${masterPort}`],
    listener: '127.0.0.1',
    httpListener: '127.0.0.1',
    PORT: dnsPort,
    HTTPport: httpPort,
    externalon: false,
  };
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
