/**
 * The numbered steps of the agent and its launcher between RunTask and the acknowledgement of the terminal
 * update: before and after each thing they do to the world. `ORRERY_FAILPOINT=<step>:<pass>:<file>`
 * makes the process that takes the step for that time kill itself, once per file; as long as there is
 * `<file>.wait` steps do not count. Without the variable there are no failpoints at all.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { CountedFailpoint, type Failpoints, parseFailpoint } from '../base/failpoints.ts';
import type { AgentEffect } from './effects.ts';

/** Effects that touch disk, launcher, executors or master. */
export const AGENT_STEPS = [
  'write',
  'append',
  'symlink',
  'make-directory',
  'remove',
  'prepare',
  'cancel-prepare',
  'launch',
  'run',
  'update-container',
  'kill',
  'acknowledge',
  'shutdown-container',
  'destroy-container',
  'forget-container',
  'send',
  'event',
  'close-stream',
] as const satisfies readonly AgentEffect['kind'][];

/** What the launcher does: write and remove records, start and signal processes, tell the agent. */
export const LAUNCHER_STEPS = ['record', 'spawn', 'signal', 'tell', 'forget'] as const;

export type LauncherStep = (typeof LAUNCHER_STEPS)[number];

/** All names, in the order of the lists. */
export const FAILPOINTS: readonly string[] = [
  ...AGENT_STEPS.map((step) => `agent.${step}`),
  ...LAUNCHER_STEPS.map((step) => `launcher.${step}`),
].flatMap((step) => [`${step}.before`, `${step}.after`]);

export const FAILPOINT_VARIABLE = 'ORRERY_FAILPOINT';

/** Carries out one step between its two failpoints. */
export function between<T>(
  failpoints: Failpoints | undefined,
  step: `agent.${string}` | `launcher.${LauncherStep}`,
  act: () => T,
): T {
  if (failpoints === undefined) return act();
  failpoints.pass(`${step}.before`);
  const result = act();
  failpoints.pass(`${step}.after`);
  return result;
}

/** What the environment asks for; undefined when it names no failpoint. Throws when it names a wrong one. */
export function failpointsOf(
  environment: Readonly<Record<string, string | undefined>>,
): Failpoints | undefined {
  const text = environment[FAILPOINT_VARIABLE];
  if (text === undefined || text === '') return undefined;
  const failpoint = parseFailpoint(text);
  if (failpoint === undefined || !FAILPOINTS.includes(failpoint.name)) {
    throw new Error(`${FAILPOINT_VARIABLE} '${text}' names no failpoint`);
  }
  const counted = new CountedFailpoint(failpoint, () => {
    if (isFirst(failpoint.file)) process.kill(process.pid, 'SIGKILL');
  });
  return {
    pass: (name) => {
      if (name === failpoint.name && !existsSync(`${failpoint.file}.wait`)) counted.pass(name);
    },
  };
}

/** The successor of the process that died goes the same way and must live. */
function isFirst(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', 0o600));
    return true;
  } catch {
    return false;
  }
}
