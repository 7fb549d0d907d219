/**
 * Offer turnaround: a task takes all of an agent; from the end of its process until the framework
 * holds the next offer. The task itself writes when it ends, so the figure has everything in it:
 * the process's end, the status update, the master, the allocator, the event stream.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scalarOf } from '../../core/resources/select.ts';
import type { Offer } from '../../core/wire/types/mesos.v1.ts';
import {
  BenchFramework,
  type Cluster,
  REFUSE,
  shellTask,
  startCluster,
  within,
} from './cluster.ts';
import type { Benchmark, Figure } from './figures.ts';
import { percentile } from './measure.ts';

const WARM_UP_ROUNDS = 20;
const ROUNDS = 100;
const PATIENCE_MS = 20_000;

export const offersBenchmark: Benchmark = {
  name: 'offers',
  what: 'offer turnaround: from the end of a task until its resources are offered again',
  run: measure,
};

interface Round {
  /** From the last thing the task did, and from its TASK_FINISHED here. */
  readonly fromProcessMs: number;
  readonly fromUpdateMs: number;
}

async function measure(): Promise<readonly Figure[]> {
  const cluster = await startCluster('cpus:4;mem:1024;disk:1024;ports:[31000-32000]');
  const framework = new BenchFramework(cluster.masterAddress);
  try {
    await framework.scheduler.start();
    let offer = await within(PATIENCE_MS, 'the first offer', framework.nextOffer());
    const rounds: Round[] = [];
    for (let at = 0; at < WARM_UP_ROUNDS + ROUNDS; at += 1) {
      const { round, next } = await turn(cluster, framework, offer, at);
      offer = next;
      if (at >= WARM_UP_ROUNDS) rounds.push(round);
    }
    const fromProcess = rounds.map((round) => round.fromProcessMs);
    const fromUpdate = rounds.map((round) => round.fromUpdateMs);
    return [
      {
        name: 'offers: task ends until offered again, p50',
        value: percentile(fromProcess, 50),
        unit: 'ms',
        target: { bound: 'at most', value: 5 },
      },
      { name: 'offers: the same, p99', value: percentile(fromProcess, 99), unit: 'ms' },
      {
        name: 'offers: TASK_FINISHED until offered again, p50',
        value: percentile(fromUpdate, 50),
        unit: 'ms',
      },
    ];
  } finally {
    await framework.stop();
    await cluster.stop();
  }
}

/** One task over the whole offer; the rest (disk, ports) is too small to be offered alone. */
async function turn(
  cluster: Cluster,
  framework: BenchFramework,
  offer: Offer,
  at: number,
): Promise<{ readonly round: Round; readonly next: Offer }> {
  const file = join(cluster.workDirectory, `end-${at}`);
  const task = shellTask(offer, `turn-${at}`, `date +%s%N > ${file}`, {
    cpus: scalarOf(offer.resources ?? [], 'cpus'),
    mem: scalarOf(offer.resources ?? [], 'mem'),
  });
  let finishedAt = 0;
  framework.onUpdate = (status) => {
    if (status.state === 'TASK_FINISHED') finishedAt = wallClockMs();
  };
  await framework.scheduler.launch([offer.id], [task], REFUSE);
  const next = await within(PATIENCE_MS, `the offer after task ${at}`, framework.nextOffer());
  const offeredAt = wallClockMs();
  const endedAt = Number(readFileSync(file, 'utf8')) / 1e6;
  // The offer may be here before the update.
  const fromUpdateMs = finishedAt === 0 ? 0 : offeredAt - finishedAt;
  return { round: { fromProcessMs: offeredAt - endedAt, fromUpdateMs }, next };
}

function wallClockMs(): number {
  return performance.timeOrigin + performance.now();
}
