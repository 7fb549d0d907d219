/**
 * Requests whose effect has not been seen, by container: a launcher that is started after one has died
 * gets them again.
 */
import type { ContainerRequest } from '../containers/port.ts';
import type { LauncherEvent } from '../launcher-port.ts';
import type { LauncherRequest } from './protocol.ts';

export type AnyRequest = LauncherRequest | ContainerRequest;

export class UnconfirmedRequests {
  private readonly requests = new Map<string, AnyRequest[]>();

  /** In the order in which they were made, container by container. */
  *all(): IterableIterator<AnyRequest> {
    for (const requests of this.requests.values()) yield* requests;
  }

  add(containerId: string, request: AnyRequest): void {
    const waiting = this.requests.get(containerId) ?? [];
    waiting.push(request);
    this.requests.set(containerId, waiting);
  }

  /** The container is gone, or nobody wants to know about it any more. */
  forget(containerId: string): void {
    this.requests.delete(containerId);
  }

  confirm(event: LauncherEvent): void {
    if (event.kind === 'report') return;
    const { containerId, kind } = event;
    if (kind === 'exited' || kind === 'launch-failed') {
      this.requests.delete(containerId);
      return;
    }
    const waiting = this.requests.get(containerId);
    if (waiting === undefined) return;
    const rest = waiting.filter((request) => {
      if (kind === 'started') return request.kind !== 'launch';
      if (request.kind !== 'run' || kind !== 'update') return true;
      return !request.tasks.some(({ taskId }) => taskId === event.update.taskId);
    });
    if (rest.length === 0) this.requests.delete(containerId);
    else this.requests.set(containerId, rest);
  }
}
