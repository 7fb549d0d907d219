/** What a command of the client is. */
import type { Result } from '../../../core/base/result.ts';
import type { Arguments, CommandForm } from './arguments.ts';
import type { ClientContext } from './context.ts';
import { CommandFailure, EXIT, type ExitCode } from './failure.ts';
import {
  type ClusterJobKey,
  type InstancesKey,
  parseInstancesKey,
  parseJobKey,
  parsePattern,
} from './job-keys.ts';

export interface Verb extends CommandForm {
  readonly name: string;
  readonly help: string;
  readonly run: (context: ClientContext, args: Arguments) => Promise<ExitCode>;
}

export interface Noun {
  readonly name: string;
  readonly help: string;
  readonly verbs: readonly Verb[];
}

export function jobKeyIn(args: Arguments): ClusterJobKey {
  return parameter(parseJobKey(args.text('jobspec')));
}

export function instancesKeyIn(args: Arguments): InstancesKey {
  return parameter(parseInstancesKey(args.text('instance_spec')));
}

export function patternIn(args: Arguments): ClusterJobKey {
  return parameter(parsePattern(args.text('jobspec')));
}

/** What was given on the command line, or the end of the command. */
/** The value of an option, or the refusal of the parser of arguments. */
export function optionValue<T>(name: string, read: Result<T>): T {
  if (read.ok) return read.value;
  throw new CommandFailure(EXIT.usage, `error: argument ${name}: ${read.error}`);
}

export function parameter<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new CommandFailure(EXIT.invalidParameter, `Error: ${result.error}`);
}
