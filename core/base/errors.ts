/** Failures of the outside world (connections, disks, peers), thrown by shells only. */
export class ClusterError extends Error {
  override readonly name: string = 'ClusterError';
  /** Stable code of the failure; never changes its meaning. */
  readonly code: string;
  /** Whether the same action may succeed when repeated. */
  readonly retriable: boolean;

  constructor(
    code: string,
    message: string,
    options: { readonly retriable: boolean; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable;
  }
}

/** One line about anything thrown. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const code = errorCode(thrown);
  return code === undefined ? thrown.message : `${thrown.message} (${code})`;
}

/** `ENOENT` and its like. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
