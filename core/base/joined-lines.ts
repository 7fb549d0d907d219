/**
 * Log lines joined: those of one turn of the event loop leave in one system call. A burst of life-cycle
 * events (10,000 agents that come back) would otherwise wait for as many writes. Nothing waits longer
 * than the turn; the end of the process hands over the rest, and lines of errors do not wait at all.
 */
import { SystemClock } from './clock.ts';

/** So much is written at once, without waiting for the end of the turn. */
const JOINED_MAX_CHARS = 64 * 1024;

export interface LineTarget {
  write(text: string): void;
}

/** What a process offers to do later; replaced in tests. */
export interface LineTurns {
  afterTurn(flush: () => void): void;
  atExit(flush: () => void): void;
}

const clock = new SystemClock();

export const processTurns: LineTurns = {
  // A timer of 0 ends with the turn and keeps the process alive until then.
  afterTurn: (flush) => {
    clock.setTimer(0, flush);
  },
  atExit: (flush) => {
    process.on('exit', flush);
  },
};

export class JoinedLines implements LineTarget {
  private readonly target: LineTarget;
  private readonly turns: LineTurns;
  private readonly flush = (): void => this.handOver();
  private waiting = '';
  private isScheduled = false;
  private hasHeardOfExit = false;

  constructor(target: LineTarget, turns: LineTurns = processTurns) {
    this.target = target;
    this.turns = turns;
  }

  write(line: string): void {
    this.waiting += line;
    if (this.waiting.length >= JOINED_MAX_CHARS) {
      this.handOver();
      return;
    }
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.turns.afterTurn(this.flush);
    if (this.hasHeardOfExit) return;
    this.hasHeardOfExit = true;
    this.turns.atExit(this.flush);
  }

  /** A line that must be out before anything else happens, with those before it. */
  writeNow(line: string): void {
    this.waiting += line;
    this.handOver();
  }

  private handOver(): void {
    this.isScheduled = false;
    if (this.waiting === '') return;
    const text = this.waiting;
    this.waiting = '';
    this.target.write(text);
  }
}
