/** The states of anything that owns a resource; kept in one field. */
export type LifecycleState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

export interface Service extends AsyncDisposable {
  /** Resolves when it serves; rejects (state `failed`) when it cannot. */
  start(): Promise<void>;
  /** Idempotent and bounded in time. */
  stop(): Promise<void>;
}
