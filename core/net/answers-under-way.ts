/** Answers that a connection is owed. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many answers each connection still has to get. */
export class AnswersUnderWay {
  private readonly counts = new WeakMap<Socket, number>();

  expect(socket: Socket, response: ServerResponse): void {
    this.counts.set(socket, (this.counts.get(socket) ?? 0) + 1);
    response.once('close', () => this.counts.set(socket, (this.counts.get(socket) ?? 1) - 1));
  }

  areUnderWay(socket: Socket): boolean {
    return (this.counts.get(socket) ?? 0) > 0;
  }
}
