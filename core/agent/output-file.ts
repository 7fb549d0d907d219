/** Output of tasks in their sandboxes, opened with rights that their users may not have. */
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/**
 * Gives the descriptor, which the caller closes. Throws when it cannot be opened, also for a link in its place, which
 * may lead to any file, and a pipe, which would have the caller wait for a reader.
 */
export function openOutputFile(path: string): number {
  return openSync(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_WRONLY, 0o644);
}

/** Throws as `openOutputFile` does. */
export function appendOutput(path: string, text: string): void {
  const output = openOutputFile(path);
  try {
    writeFileSync(output, text);
  } finally {
    closeSync(output);
  }
}
