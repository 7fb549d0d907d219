/** Starts `dns-load.ts` and talks to it, one command at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadCommand, LoadReport } from './dns-load.ts';

export class DnsLoad {
  private readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  tell(command: LoadCommand): Promise<LoadReport> {
    this.child.send(command);
    return this.report();
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await ended;
  }

  /** What it says next; rejects when it has died. */
  report(): Promise<LoadReport> {
    return new Promise((resolve, reject) => {
      const fail = (code: number | null): void => reject(new Error(`the load ended with ${code}`));
      this.child.once('exit', fail);
      this.child.once('message', (report: LoadReport) => {
        this.child.off('exit', fail);
        resolve(report);
      });
    });
  }
}

/** Resolves when it is ready to ask the server at the port. */
export async function startDnsLoad(port: number): Promise<DnsLoad> {
  const program = fileURLToPath(new URL('dns-load.ts', import.meta.url));
  const load = new DnsLoad(fork(program, [String(port)]));
  await load.report();
  return load;
}
