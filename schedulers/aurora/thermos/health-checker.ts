/** Checks the health of a task at its interval (spec thermos, section 5.3). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, sleep } from '../../../core/base/clock.ts';
import { describeError } from '../../../core/base/errors.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import type { HealthCheck } from '../config/task-instance.ts';
import { signalTask } from './http-signaller.ts';
import { type CheckResult, HEALTHY, HealthRecord } from './machine/health-record.ts';
import type { TaskReport } from './machine/task-report.ts';
import type { StatusSource } from './status-source.ts';
import { asUser, type SystemUser } from './users.ts';

/** While this file is in the sandbox, nothing is checked. */
export const SNOOZE = '.healthchecksnooze';
const OUTPUT_MAX_CHARS = 4_096;

export type Check = () => Promise<CheckResult>;

export class HealthChecker implements StatusSource {
  private readonly record: HealthRecord;
  private readonly stopping = new AbortController();
  private readonly loop: Promise<void>;

  constructor(
    config: HealthCheck,
    ports: { readonly clock: Clock; readonly check: Check; readonly isSnoozed: () => boolean },
  ) {
    this.record = new HealthRecord(config);
    this.loop = this.run(config, ports);
  }

  report(): TaskReport {
    return this.record.report();
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('the health checks end'));
    await this.loop;
  }

  private async run(
    { intervalSecs }: HealthCheck,
    ports: { readonly clock: Clock; readonly check: Check; readonly isSnoozed: () => boolean },
  ): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted && this.record.mayCheck()) {
      const result = ports.isSnoozed() ? HEALTHY : await checked(ports.check);
      if (signal.aborted) return;
      this.record.checked(result);
      await sleep(ports.clock, intervalSecs * 1_000, signal).catch(() => {
        // The checks end.
      });
    }
  }
}

async function checked(check: Check): Promise<CheckResult> {
  try {
    return await check();
  } catch (thrown) {
    return failure(`Internal health check error: ${describeError(thrown)}`);
  }
}

export interface HealthTarget {
  readonly sandbox: string;
  readonly ports: ReadonlyMap<string, number>;
  /** Whom shell checks run as; ourselves without one. */
  readonly user: SystemUser | undefined;
  /** The words that run a shell check in the task's filesystem image; undefined without one. */
  readonly imageWords?: (command: string) => readonly string[] | undefined;
}

export interface CheckPorts {
  readonly clock: Clock;
  readonly http: HttpClient;
}

/** Undefined when the task says nothing that could be checked. */
export function healthCheckerOf(
  config: HealthCheck,
  target: HealthTarget,
  { clock, http }: CheckPorts,
): HealthChecker | undefined {
  const { shellCommand } = config;
  const port = target.ports.get('health');
  const isSnoozed = (): boolean => existsSync(join(target.sandbox, SNOOZE));
  if (shellCommand !== undefined) {
    const check = (): Promise<CheckResult> => checkByShell(shellCommand, config, target, clock);
    return new HealthChecker(config, { clock, check, isSnoozed });
  }
  if (config.http === undefined || port === undefined) return undefined;
  const expected = config.http;
  const timeoutMs = config.timeoutSecs * 1_000;
  const check = async (): Promise<CheckResult> => {
    const { endpoint } = expected;
    const answer = await signalTask(http, clock, { method: 'GET', port, endpoint, timeoutMs });
    return answer.ok ? judgeAnswer(expected, answer.value) : failure(answer.error);
  };
  return new HealthChecker(config, { clock, check, isSnoozed });
}

/** An error status counts as an empty body. */
export function judgeAnswer(
  expected: NonNullable<HealthCheck['http']>,
  answer: { readonly status: number; readonly body: string },
): CheckResult {
  const { expectedResponse, expectedResponseCode } = expected;
  const body = answer.status >= 400 ? '' : answer.body.trim().toLowerCase();
  const wanted = expectedResponse.toLowerCase();
  if (expectedResponse !== '' && body !== wanted) {
    const [want, got] = [shortened(wanted), shortened(body)];
    return failure(`Response differs from expected response (expected "${want}", got "${got}")`);
  }
  if (expectedResponseCode !== 0 && answer.status !== expectedResponseCode) {
    return failure(
      `Response code differs from expected response (expected ${expectedResponseCode}, got ${answer.status})`,
    );
  }
  return HEALTHY;
}

const SHORT_MAX = 10;
const SHORT_KEPT = 7;

function shortened(text: string): string {
  return text.length < SHORT_MAX ? text : `${text.slice(0, SHORT_KEPT)}...`;
}

function checkByShell(
  command: string,
  { timeoutSecs }: HealthCheck,
  { sandbox, user, imageWords }: HealthTarget,
  clock: Clock,
): Promise<CheckResult> {
  const shell = [...asUser(user), '/bin/sh', '-c', command];
  const [program = '', ...words] = imageWords?.(command) ?? shell;
  const child = spawn(program, words, {
    ...{ cwd: sandbox, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < OUTPUT_MAX_CHARS) output += text.slice(0, OUTPUT_MAX_CHARS);
    });
  }
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutSecs * 1_000, () => {
      // With everything that it has started.
      if (child.pid !== undefined) killGroup(child.pid);
      resolve(failure('Health check timed out.'));
    });
    child.once('error', (thrown) => {
      timer.cancel();
      reject(thrown);
    });
    child.once('exit', () => timer.cancel());
    child.once('close', (code, signal) => {
      if (code === 0) resolve(HEALTHY);
      const status = code ?? `-${signal}`;
      resolve(
        failure(
          `Command '${command}' returned non-zero exit status ${status} with output '${output.trim()}'`,
        ),
      );
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function failure(reason: string): CheckResult {
  return { isHealthy: false, reason };
}
