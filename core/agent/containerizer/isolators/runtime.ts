/**
 * `docker/runtime`, `appc/runtime`: what an image says about its processes, and what the task says
 * (spec agent-runtime, section 8.3). The task wins; an image's user is of no interest.
 */
import { err, ok, type Result } from '../../../base/result.ts';
import type { CommandInfo } from '../../../wire/types/mesos.v1.ts';
import type { Isolator } from '../isolator.ts';
import type { PlannedCommand } from '../plan.ts';
import type { ImageRuntime } from '../provisioner/port.ts';

type Kind = ImageRuntime['kind'];

/** `ignores`: `--docker_ignore_runtime`. */
export function runtimeIsolator(kind: Kind, ignores = false): Isolator {
  return {
    name: `${kind}/runtime`,
    prepare: ({ image, command }) => {
      if (image?.runtime.kind !== kind || ignores) return ok({});
      const { runtime } = image;
      const { workingDirectory: directory } = runtime;
      const launched = launchCommand(command, runtime);
      if (!launched.ok) return err(`Failed to determine the launch command: ${launched.error}`);
      return ok({
        environment: environmentOf(runtime),
        ...(directory === undefined ? {} : { workingDirectory: directory }),
        ...(launched.value === undefined ? {} : { command: launched.value }),
      });
    },
  };
}

/** Undefined: the command as it is. */
export function launchCommand(
  command: CommandInfo | undefined,
  runtime: ImageRuntime,
): Result<PlannedCommand | undefined> {
  const { shell = true, value, arguments: own = [] } = command ?? { shell: false };
  if (shell) {
    return value === undefined
      ? err('Shell specified but no command value provided')
      : ok(undefined);
  }
  if (value !== undefined) return ok(undefined);
  const [first, rest, more] =
    runtime.kind === 'docker' ? dockerWords(runtime) : appcWords(runtime.exec);
  if (first === undefined) return err('No executable is found');
  return ok({
    shell: false,
    value: first,
    arguments: [first, ...rest, ...(own.length > 0 ? own : more)],
  });
}

/** The program, its fixed arguments, and those that arguments of the task replace. */
type Words = readonly [string | undefined, readonly string[], readonly string[]];

function dockerWords({
  entrypoint,
  cmd,
}: {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}): Words {
  const [program, ...fixed] = entrypoint;
  if (program !== undefined) return [program, fixed, cmd];
  return [cmd[0], [], cmd.slice(1)];
}

function appcWords([program, ...rest]: readonly string[]): Words {
  return [program, [], rest];
}

function environmentOf(runtime: ImageRuntime): Readonly<Record<string, string>> {
  if (runtime.kind === 'appc') return runtime.environment;
  const environment: Record<string, string> = {};
  for (const variable of runtime.env) {
    const at = variable.indexOf('=');
    if (at > 0) environment[variable.slice(0, at)] = variable.slice(at + 1);
  }
  return environment;
}
