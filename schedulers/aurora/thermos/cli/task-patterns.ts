/** Tasks of a checkpoint root by patterns that match from the beginning of their ids. */
import { type CheckpointPaths, type TaskKind, tasksIn } from '../checkpoint-paths.ts';
import { ThermosFailure } from './world.ts';

export function patternsOf(texts: readonly string[]): readonly RegExp[] {
  return texts.map((text) => {
    try {
      return new RegExp(`^(?:${text})`);
    } catch {
      throw new ThermosFailure(`'${text}' is no regular expression`);
    }
  });
}

export function matchingTasks(
  paths: CheckpointPaths,
  kind: TaskKind,
  patterns: readonly RegExp[],
): readonly string[] {
  const ids = [...tasksIn(paths, kind)].sort();
  return ids.filter((id) => patterns.some((pattern) => pattern.test(id)));
}
