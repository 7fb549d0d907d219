/** How fake masters answer: whole responses, and one that is written while it is read. */
import type { HttpResponse } from '../../core/net/ports.ts';

export function response(
  status: number,
  body: AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body,
    text: () => Promise.resolve(''),
    bytes: () => Promise.resolve(new Uint8Array()),
    cancel: () => {},
  };
}

/** Chunks pushed from one side, read from the other. */
export class Channel {
  private readonly chunks: Uint8Array[] = [];
  private isEnded = false;
  private notify: () => void = () => {};

  push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.notify();
  }

  end(): void {
    this.isEnded = true;
    this.notify();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.isEnded) return;
      else
        await new Promise<void>((resolve) => {
          this.notify = resolve;
        });
    }
  }
}
