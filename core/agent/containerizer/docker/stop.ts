/**
 * How a Docker container is brought to its end: the engine is asked until it is over. A container
 * that has to go does not wait for an engine that is dead or hangs: then its first process is
 * killed, which takes all others in it along.
 */
import type { DurationMs } from '../../../base/duration.ts';
import type { DockerContainerPorts, DockerRecord } from './container.ts';
import type { DockerEngine } from './engine.ts';

/** A stop waits this long for the start, so that the engine knows what to stop. */
const START_WAIT_MS: DurationMs = 5_000;
const START_POLL_MS: DurationMs = 100;
const STOP_RETRY_MS: DurationMs = 5_000;
/** What an engine has on top of the grace period, before a container that has to go is killed. */
const ENGINE_PATIENCE_MS: DurationMs = 2_000;
const DEATH_POLL_MS: DurationMs = 50;

export interface StopPorts {
  readonly engine: Pick<DockerEngine, 'stop'>;
  readonly record: Readonly<DockerRecord>;
  readonly ports: Pick<DockerContainerPorts, 'now' | 'isAlive' | 'killContained' | 'processes'>;
  isOver(): boolean;
  /** Ends early with the container. */
  pause(ms: DurationMs): Promise<void>;
  /** The container's processes have gone without the engine. */
  killed(): void;
}

export class DockerStop {
  private readonly it: StopPorts;
  private current: { readonly abort: AbortController; readonly answerBy: number } | undefined;
  private hasFailed = false;
  private isKilling = false;

  constructor(it: StopPorts) {
    this.it = it;
  }

  /** A newer request replaces an older one; resolves when the container is over. */
  async ask(graceMs: DurationMs): Promise<void> {
    // An engine that has not done what it was asked before is not waited for.
    const isSilent = this.hasFailed || this.it.ports.now() > (this.current?.answerBy ?? Infinity);
    this.end();
    const abort = new AbortController();
    const answerBy = this.it.ports.now() + graceMs + ENGINE_PATIENCE_MS / 2;
    this.current = { abort, answerBy };
    if (isSilent && this.it.record.isDestroyed) await this.kill();
    await this.askUntilOver(graceMs, abort.signal);
  }

  end(): void {
    this.current?.abort.abort();
    this.current = undefined;
  }

  private async askUntilOver(graceMs: DurationMs, signal: AbortSignal): Promise<void> {
    const { engine, record } = this.it;
    const isOver = (): boolean => signal.aborted || this.it.isOver();
    for (let waitedMs = 0; waitedMs < START_WAIT_MS && !record.wasStarted; ) {
      if (isOver()) return;
      await this.it.pause(START_POLL_MS);
      waitedMs += START_POLL_MS;
    }
    while (!isOver()) {
      const limit = record.isDestroyed ? { limitMs: graceMs + ENGINE_PATIENCE_MS } : {};
      const stopped = await engine.stop(record.spec.docker.name, graceMs, { signal, ...limit });
      if (isOver()) return;
      this.hasFailed = !stopped.ok;
      if (!stopped.ok) {
        process.stderr.write(`docker launcher: ${stopped.error}\n`);
        if (record.isDestroyed) await this.kill();
      }
      await this.it.pause(STOP_RETRY_MS);
    }
  }

  private async kill(): Promise<void> {
    const { record, ports } = this.it;
    const { process: first, engineId } = record;
    if (this.isKilling || first === undefined || engineId === undefined) return;
    if (!ports.killContained(first, engineId)) return;
    this.isKilling = true;
    while (!this.it.isOver() && ports.isAlive(first)) await this.it.pause(DEATH_POLL_MS);
    this.isKilling = false;
    if (this.it.isOver()) return;
    // A client of an engine that hangs would not come back by itself.
    if (record.client) ports.processes.signalTree(record.client.pid, 'SIGKILL');
    this.it.killed();
  }
}
