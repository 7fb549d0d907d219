/**
 * Processes that wait on descriptor 3 until they are where their plan wants them, and the one that
 * keeps the namespaces of a container.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describeError } from '../../base/errors.ts';
import type { IsolationPlan } from '../containerizer/plan.ts';
import type { Held, Isolation, ProcessIdentity } from './ports.ts';
import { readProcess } from './proc-tree.ts';
import { REFUSAL } from './rootfs.ts';
import { holderCommandLine, holderForkCount } from './wrapped-command.ts';

/** Of what the set-up says on its standard error. */
const COMPLAINT_BYTES_MAX = 4096;
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Isolates a waiting process and lets it go on; kills it and gives the reason when it cannot be. */
export function letGo(
  child: ChildProcess,
  pid: number,
  ports: { readonly plan: IsolationPlan; readonly isolation: Isolation },
): string | undefined {
  const refused = ports.isolation.join(ports.plan, pid);
  const gate = child.stdio[3];
  if (gate instanceof Writable) {
    gate.on('error', () => {});
    if (refused === undefined) gate.end('\n');
  }
  if (refused !== undefined) child.kill('SIGKILL');
  return refused;
}

/** With `outer` inside of the namespaces that it keeps. */
export function holdNamespaces(
  plan: IsolationPlan,
  isolation: Isolation,
  { done, outer }: { done(held: Held): void; readonly outer: ProcessIdentity | undefined },
): void {
  if (plan.namespaces === undefined) {
    done({ ok: false, message: 'the plan has no namespaces' });
    return;
  }
  const environment = { ...plan.namespaces.setupVariables, ...ENVIRONMENT };
  const line = holderCommandLine(plan.namespaces, environment, outer);
  const forkCount = holderForkCount(plan.namespaces, outer);
  const child = spawn(line.file, [...line.args], {
    argv0: line.argv0,
    cwd: '/',
    env: line.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  let isOver = false;
  const finish = (held: Held): void => {
    if (isOver) return;
    isOver = true;
    child.stdout?.destroy();
    child.stderr?.destroy();
    done(held);
  };
  const fail = (why: string): void => {
    const refusal = why.split('\n').find((line) => line.startsWith(REFUSAL));
    const told = refusal?.slice(REFUSAL.length);
    const message = told ?? `Failed to prepare the container's namespaces: ${why.trim()}`;
    finish({ ok: false, message });
  };
  child.on('error', (error) => fail(describeError(error)));
  child.on('close', () => fail(complaint));
  child.stderr?.on('data', (bytes: Buffer) => {
    if (complaint.length < COMPLAINT_BYTES_MAX) complaint += bytes.toString('utf8');
  });
  child.stdout?.once('data', () => {
    const pid = holderPid(child.pid, forkCount);
    if (pid === undefined) fail('the process that keeps them has ended');
    else finish({ ok: true, holder: { pid, startTime: readProcess(pid)?.startTime ?? '' } });
  });
  if (child.pid === undefined) return;
  const refused = letGo(child, child.pid, { plan, isolation });
  if (refused !== undefined) fail(refused);
}

/** In a pid namespace, new or entered, the first process is the child of the one that was started. */
function holderPid(started: number | undefined, forkCount: number): number | undefined {
  let pid = started;
  for (let depth = 0; depth < forkCount && pid !== undefined; depth += 1) pid = firstChildOf(pid);
  return pid;
}

function firstChildOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const first = Number(children.trim().split(' ')[0]);
    return first > 0 ? first : undefined;
  } catch {
    return undefined;
  }
}
