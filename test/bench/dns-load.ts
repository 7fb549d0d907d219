/**
 * The load of the DNS benchmark, a process of its own: what it measures must not wait for the garbage
 * of a fake master. Nearly all it needs is laid out before it starts, it makes next to nothing that lives.
 * It sends by the clock whatever comes back: each question has a time at which it is due, and delays count
 * from then. Having been held up itself, it leaves out what it is late with, and says how much that was,
 * instead of flooding the server.
 */
import { createSocket, type Socket } from 'node:dgram';
import { allQueries, isWrong } from './dns-queries.ts';

export type LoadCommand =
  /** Keeps so many questions under way until the next command. */
  | { readonly kind: 'fill'; readonly count: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'pace'; readonly perSecond: number; readonly durationMs: number };

export interface LoadReport {
  readonly answers: number;
  readonly wrong: number;
  /** Of the last pace: milliseconds from when each question was due to its answer. */
  readonly delays: readonly number[];
  /** The same from when it left; what is between them is this process's own lateness. */
  readonly delaysFromLeaving: readonly number[];
  /** Of the last pace: questions left out because this process was late itself. */
  readonly leftOut: number;
}

const SOCKETS = 4;
const IDS = 65_536;
/** A question without answer for so long is lost. */
const LOST_MS = 1_000;
/** A turn of the pace sleeps so long, and the little more that the system's timers add. */
const TURN_MS = 0.02;
/** What a turn sends at most: a burst would be answered late whoever is asked. */
const BURST = 8;
/** What it is later with than this is left out. */
const LATE_MS = 1;
const NOBODY = -1;

class DnsLoad {
  answers = 0;
  wrong = 0;
  delays = new Float64Array(0);
  delaysFromLeaving = new Float64Array(0);
  leftOut = 0;
  private readonly queries = allQueries();
  private readonly sockets: readonly Socket[];
  private readonly sentAt = new Float64Array(IDS);
  /** The number of the question under each id, `NOBODY` when it is answered. */
  private readonly questions = new Int32Array(IDS).fill(NOBODY);
  /** Of the pace: when each question was to be sent. */
  private dueAt = new Float64Array(0);
  private readonly sleep = new Int32Array(new SharedArrayBuffer(4));
  private nextId = 0;
  private nextQuery = 0;
  private mode: 'idle' | 'fill' | 'pace' = 'idle';

  constructor(sockets: readonly Socket[]) {
    this.sockets = sockets;
    for (const socket of sockets) socket.on('message', (answer) => this.take(answer));
  }

  /** Sends the next question with each answer; lost ones are replaced. */
  fill(count: number): void {
    this.mode = 'fill';
    for (let at = 0; at < count; at += 1) this.send(0);
    let before = NOBODY;
    const refill = setInterval(() => {
      if (this.mode !== 'fill') clearInterval(refill);
      else if (this.answers === before) for (let at = 0; at < count; at += 1) this.send(0);
      before = this.answers;
    }, 200);
  }

  /** Forgets what is under way once it had time to come. */
  async stop(): Promise<void> {
    this.mode = 'idle';
    await pause(200);
    this.questions.fill(NOBODY);
  }

  async pace(perSecond: number, durationMs: number): Promise<void> {
    const count = Math.ceil((perSecond * durationMs) / 1_000);
    // What never comes is worse than anything that does.
    this.delays = new Float64Array(count).fill(LOST_MS);
    this.delaysFromLeaving = new Float64Array(count).fill(LOST_MS);
    this.dueAt = new Float64Array(count);
    this.leftOut = 0;
    this.mode = 'pace';
    const start = performance.now();
    let sent = 0;
    for (let next = 0; next < count; ) {
      const now = performance.now();
      for (let burst = 0; burst < BURST && next < count; ) {
        const due = start + (next * 1_000) / perSecond;
        if (due > now) break;
        next += 1;
        if (now - due > LATE_MS) {
          this.leftOut += 1;
          continue;
        }
        this.dueAt[sent] = due;
        this.send(sent);
        sent += 1;
        burst += 1;
      }
      // Turns without sleep would keep the processor from everybody else; timers sleep too long. Where the
      // next is due already, having slept would make this process late, and all that come after.
      const isAhead = start + (next * 1_000) / perSecond > performance.now();
      if (isAhead) Atomics.wait(this.sleep, 0, 0, TURN_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await pause(LOST_MS);
    this.delays = this.delays.subarray(0, sent);
    this.delaysFromLeaving = this.delaysFromLeaving.subarray(0, sent);
    await this.stop();
  }

  private send(question: number): void {
    const id = this.nextId;
    this.nextId = (this.nextId + 1) % IDS;
    this.nextQuery = (this.nextQuery + 1) % this.queries.length;
    const message = this.queries[this.nextQuery];
    if (message === undefined) return;
    message.writeUInt16BE(id, 0);
    this.questions[id] = question;
    this.sentAt[id] = performance.now();
    this.sockets[id % SOCKETS]?.send(message);
  }

  private take(answer: Buffer): void {
    const id = answer.readUInt16BE(0);
    const question = this.questions[id] ?? NOBODY;
    if (question === NOBODY) return;
    this.questions[id] = NOBODY;
    this.answers += 1;
    if (isWrong(answer)) this.wrong += 1;
    if (this.mode === 'fill') this.send(0);
    else if (this.mode === 'pace') {
      const now = performance.now();
      this.delays[question] = now - (this.dueAt[question] ?? 0);
      this.delaysFromLeaving[question] = now - (this.sentAt[id] ?? 0);
    }
  }
}

const port = Number(process.argv[2]);
const load = new DnsLoad(await Promise.all(Array.from({ length: SOCKETS }, () => open(port))));

async function obey(command: LoadCommand): Promise<LoadReport> {
  switch (command.kind) {
    case 'fill':
      load.fill(command.count);
      break;
    case 'stop':
      await load.stop();
      break;
    case 'pace':
      await load.pace(command.perSecond, command.durationMs);
      break;
    case 'count':
      break;
  }
  const { answers, wrong, leftOut } = load;
  const isPace = command.kind === 'pace';
  return {
    answers,
    wrong,
    leftOut,
    delays: isPace ? [...load.delays] : [],
    delaysFromLeaving: isPace ? [...load.delaysFromLeaving] : [],
  };
}

function open(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 ** 2 });
  return new Promise((resolve) => {
    socket.connect(port, '127.0.0.1', () => resolve(socket));
  });
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

process.on('message', (command: LoadCommand) => {
  void obey(command).then((report) => process.send?.(report));
});
process.send?.(await obey({ kind: 'count' }));
