/** `thermos-executor` as a program: an agent starts it, and it ends with its task. */

import { defined } from '../../../core/base/assert.ts';
import { readDaemonFlags, usageError } from '../../../core/cli/daemon-flags.ts';
import {
  createExecutor,
  type Executor,
  executorOptionsFrom,
  systemPorts,
} from '../../../core/executor/index.ts';
import { ThermosExecutor } from './executor.ts';
import { compileExecutorOptions, EXECUTOR_FLAGS } from './executor-options.ts';

const PROGRAM = 'thermos-executor';

/** Resolves with the exit code when the task has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const flags = readDaemonFlags({
    program: PROGRAM,
    table: EXECUTOR_FLAGS,
    version: `${PROGRAM} 0.22.0`,
    argv,
    env: {},
    envPrefix: undefined,
    style: 'spaced',
  });
  if (flags.kind === 'exit') return flags.code;
  const options = compileExecutorOptions(flags.values);
  if (!options.ok) return refuse(options.error);
  const given = executorOptionsFrom(process.env);
  if (!given.ok) return refuse(given.error);
  const ports = { ...systemPorts(PROGRAM), env: process.env };
  let driver: Executor | undefined;
  const thermos = new ThermosExecutor(options.value, ports, () => defined(driver, 'the driver'));
  driver = createExecutor(given.value, thermos.callbacks, ports);
  await driver.start();
  await thermos.done;
  await driver.stop();
  await ports.http.close();
  return 0;
}

function refuse(sentence: string): number {
  process.stderr.write(usageError(PROGRAM, sentence));
  return 1;
}
