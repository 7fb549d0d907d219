/**
 * `/state` of a big master: 20,000 agents, 200,000 running and 200,000 completed tasks. The document
 * is read again and again by a bare socket while another client asks `/health` all the
 * time: showing the state must not stop the master.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Benchmark, Figure } from './figures.ts';
import { percentile } from './measure.ts';
import { type Reading, readAnswer, readBareBytes } from './reading.ts';

const AGENTS = 20_000;
const TASKS = 200_000;
const ROUNDS = 5;
/** Another hundredth of the tasks changes before each of these. */
const CHANGED_PERCENT = 1;
/** What the master needs to prepare its texts at a tenth of a processor. */
const WARM_UP_MS = 90_000;
const HEALTH_EVERY_MS = 2;

export const stateBenchmark: Benchmark = {
  name: 'state',
  what: `/state with ${AGENTS} agents, ${TASKS} running and ${TASKS} completed tasks`,
  run: measure,
};

async function measure(): Promise<readonly Figure[]> {
  const cold = await withServer(({ read }) => read());
  return withServer(async ({ port, memory, read, change }) => {
    await pause(WARM_UP_MS);
    const health = new HealthProbe(port);
    const first = await read();
    const again: Reading[] = [];
    for (let at = 0; at < ROUNDS; at += 1) again.push(await read());
    const changed: Reading[] = [];
    for (let at = 0; at < ROUNDS; at += 1) {
      change((TASKS * CHANGED_PERCENT) / 100);
      await pause(50);
      changed.push(await read());
    }
    const delays = await health.stop();
    const bare = await readBareBytes(first.bytes, ROUNDS);
    return [
      { name: 'state: size', value: first.bytes / 1e6, unit: 'MB' },
      ...timesOf('state: first, right after the start', [cold]),
      ...timesOf('state: first, master up for 90 s', [first], 1_000),
      ...timesOf('state: again', again, 300),
      ...timesOf('state: again, 1 % of the tasks changed', changed),
      ...timesOf('state: as many bytes from memory, without a master', bare),
      {
        name: 'state: again, relative to that',
        value: medianOf(again).durationMs / medianOf(bare).durationMs,
        unit: 'times',
      },
      {
        name: 'state: /health meanwhile, p99',
        value: percentile(delays, 99),
        unit: 'ms',
        target: { bound: 'at most', value: 10 },
      },
      { name: 'state: /health meanwhile, worst', value: percentile(delays, 100), unit: 'ms' },
      ...memoryFigures(memory),
    ];
  });
}

/** The median by the clock, and the server's processor time for the same. */
function timesOf(name: string, readings: readonly Reading[], maxMs?: number): readonly Figure[] {
  const { durationMs, cpuMs } = medianOf(readings);
  const target = maxMs === undefined ? {} : { target: { bound: 'at most' as const, value: maxMs } };
  return [
    { name, value: durationMs, unit: 'ms', ...target },
    { name: `${name}: processor time`, value: cpuMs, unit: 'cpu-ms' },
  ];
}

function medianOf(readings: readonly Reading[]): Pick<Reading, 'durationMs' | 'cpuMs'> {
  const of = (member: 'durationMs' | 'cpuMs'): number =>
    percentile(
      readings.map((reading) => reading[member]),
      50,
    );
  return { durationMs: of('durationMs'), cpuMs: of('cpuMs') };
}

function memoryFigures(memory: readonly number[]): readonly Figure[] {
  const [empty = 0, agents = 0, running = 0, completed = 0] = memory;
  return [
    { name: 'memory: per agent', value: (agents - empty) / AGENTS / 1024, unit: 'KiB' },
    { name: 'memory: per running task', value: (running - agents) / TASKS / 1024, unit: 'KiB' },
    {
      name: 'memory: per completed task',
      value: (completed - running) / TASKS / 1024,
      unit: 'KiB',
    },
  ];
}

interface Server {
  readonly port: number;
  readonly memory: readonly number[];
  read(): Promise<Reading>;
  change(count: number): void;
}

async function withServer<T>(use: (server: Server) => Promise<T>): Promise<T> {
  const file = new URL('state-server.ts', import.meta.url).pathname;
  const flags = ['--expose-gc', '--max-old-space-size=8000'];
  const child = spawn(process.execPath, [...flags, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line]: unknown[] = await once(child.stdout, 'data');
    const told: unknown = JSON.parse(String(line));
    if (!isReport(told) || child.pid === undefined) throw new Error(`unexpected: ${String(line)}`);
    const { pid } = child;
    const { port, memory } = told;
    return await use({
      port,
      memory,
      read: () => readAnswer(pid, port, '/state'),
      change: (count) => child.stdin.write(`${count}\n`),
    });
  } finally {
    child.kill('SIGKILL');
  }
}

function isReport(told: unknown): told is { port: number; memory: readonly number[] } {
  return typeof told === 'object' && told !== null && 'port' in told && 'memory' in told;
}

/** Runs in a process of its own, so that what is measured is the master's delay and not ours. */
class HealthProbe {
  private readonly child;
  private output = '';

  constructor(port: number) {
    const script = `
      const { request, Agent } = require('node:http');
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const delays = [];
      const ask = () => {
        const start = performance.now();
        request({ host: '127.0.0.1', port: ${port}, path: '/health', agent }, (answer) => {
          answer.resume();
          answer.on('end', () => {
            delays.push(performance.now() - start);
            setTimeout(ask, ${HEALTH_EVERY_MS});
          });
        }).end();
      };
      ask();
      process.stdin.on('data', () => {
        process.stdout.write(JSON.stringify(delays), () => process.exit());
      });
    `;
    this.child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout.on('data', (text) => {
      this.output += String(text);
    });
  }

  async stop(): Promise<readonly number[]> {
    this.child.stdin.write('stop\n');
    await once(this.child, 'close');
    const delays: unknown = JSON.parse(this.output);
    return Array.isArray(delays) ? delays.map(Number) : [];
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
