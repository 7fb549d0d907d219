/**
 * DNS answers per second of processor time: the server runs as its own process, fed by a master of
 * the test kit with 2,000 tasks; queries come from here over UDP, as many in flight as the server
 * takes. Processor time is read from /proc, so it does not matter who else uses the machine.
 */
import { createSocket, type Socket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeMaster, v1 } from '../dns/support/fake-master.ts';
import {
  eventually,
  freePorts,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';
import type { Benchmark, Figure } from './figures.ts';
import { cpuSeconds } from './measure.ts';

const TASKS = 2_000;
const SOCKETS = 4;
const IN_FLIGHT_PER_SOCKET = 32;
const WARM_UP_MS = 2_000;
const MEASURE_MS = 6_000;
const TYPE_A = 1;
const TYPE_SRV = 33;

export const dnsBenchmark: Benchmark = {
  name: 'dns',
  what: `queries per processor second, ${TASKS} tasks, A and SRV over UDP`,
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
  try {
    await eventually(
      'the DNS server is ready',
      () => server.output().includes('READY') || undefined,
      server.output,
    );
    await eventually('the names are there', () =>
      answersFor(dnsPort, query('app1999.marathon.mesos', TYPE_A)),
    );
    const load = new Load(dnsPort);
    await pause(WARM_UP_MS);
    const [cpuBefore, answersBefore, start] = [
      cpuSeconds(server.pid),
      load.answers,
      performance.now(),
    ];
    await pause(MEASURE_MS);
    const answers = load.answers - answersBefore;
    const cpu = cpuSeconds(server.pid) - cpuBefore;
    const wall = (performance.now() - start) / 1_000;
    load.stop();
    return [
      {
        name: 'dns: queries per processor second',
        value: answers / cpu,
        unit: 'queries/cpu-s',
        target: { bound: 'at least', value: 20_000 },
      },
      { name: 'dns: queries per second', value: answers / wall, unit: 'queries/s' },
      {
        name: 'dns: wrong or empty answers',
        value: load.wrong,
        unit: 'answers',
        target: { bound: 'at most', value: 0 },
      },
    ];
  } finally {
    await server.stop();
    await master.close();
    await removeDirectory(directory);
  }
}

/** Keeps a number of queries in flight; a lost one is replaced after a while. */
class Load {
  answers = 0;
  wrong = 0;
  private readonly sockets: Socket[] = [];
  private readonly queries: readonly Buffer[];
  private readonly refill: NodeJS.Timeout;
  private readonly port: number;
  private next = 0;
  private answersAtRefill = -1;

  constructor(port: number) {
    this.port = port;
    this.queries = Array.from({ length: TASKS }, (_, at) =>
      at % 4 === 0
        ? query(`_app${at}._tcp.marathon.mesos`, TYPE_SRV)
        : query(`app${at}.marathon.mesos`, TYPE_A),
    );
    for (let at = 0; at < SOCKETS; at += 1) this.sockets.push(this.open());
    this.fill();
    this.refill = setInterval(() => {
      if (this.answers === this.answersAtRefill) this.fill();
      this.answersAtRefill = this.answers;
    }, 200);
  }

  stop(): void {
    clearInterval(this.refill);
    for (const socket of this.sockets) socket.close();
  }

  private open(): Socket {
    const socket = createSocket({
      type: 'udp4',
      lookup: (host, _options, done) => done(null, host, 4),
    });
    socket.on('message', (message) => {
      this.answers += 1;
      // Answer count is at byte 6, the response code in the low bits of byte 3.
      if (message.readUInt16BE(6) === 0 || ((message[3] ?? 0) & 15) !== 0) this.wrong += 1;
      this.send(socket);
    });
    return socket;
  }

  private fill(): void {
    for (const socket of this.sockets) {
      for (let at = 0; at < IN_FLIGHT_PER_SOCKET; at += 1) this.send(socket);
    }
  }

  private send(socket: Socket): void {
    this.next = (this.next + 1) % this.queries.length;
    const message = this.queries[this.next];
    if (message !== undefined) socket.send(message, this.port, '127.0.0.1');
  }
}

/** Resolves with true when one query has at least one answer. */
function answersFor(port: number, message: Buffer): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (found: boolean | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(found);
    };
    const timer = setTimeout(() => finish(undefined), 500);
    socket.on('message', (answer) => finish(answer.readUInt16BE(6) > 0 ? true : undefined));
    socket.send(message, port, '127.0.0.1');
  });
}

function query(name: string, type: number): Buffer {
  const header = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]);
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, type, 0, 1)]);
}

function snapshot(): unknown {
  const tasks = Array.from({ length: TASKS }, (_, at) =>
    v1.task({
      id: `app${at}.1`,
      name: `app${at}`,
      framework: 'F1',
      agent: `x-S${at % 10}`,
      ports: [[31_000 + at, 31_000 + at]],
      state: 'TASK_RUNNING',
      ip: `10.2.${at >> 8}.${at & 255}`,
    }),
  );
  const agents = Array.from({ length: 10 }, (_, at) => v1.agent(`x-S${at}`, `10.1.1.${at}`));
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
