/** States after which nothing more is heard of a task (spec scheduler-api, section 16.1). */
const TERMINAL: ReadonlySet<string> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

/** `state`: its name in the messages, `TASK_...`. TASK_UNREACHABLE and TASK_UNKNOWN are no ends. */
export function isTerminal(state: string): boolean {
  return TERMINAL.has(state);
}
