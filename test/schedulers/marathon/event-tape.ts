/** Reads the event stream of a world and keeps what it says. */
import { settle } from '../../../core/testing/index.ts';
import { at, type World } from './world.ts';

export class EventTape {
  readonly events: unknown[] = [];
  private readonly connection = new AbortController();
  private text = '';

  static async start(world: World, query = ''): Promise<EventTape> {
    const tape = new EventTape();
    const response = await world.marathon.app.inject({
      method: 'GET',
      url: `/v2/events${query}`,
      headers: { accept: 'text/event-stream' },
      payloadAsStream: true,
      signal: tape.connection.signal,
    });
    const stream = response.stream();
    // Ended by `stop`.
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => tape.read(chunk.toString()));
    await settle();
    return tape;
  }

  of(type: string): unknown[] {
    return this.events.filter((event) => at(event, 'eventType') === type);
  }

  types(): unknown[] {
    return this.events.map((event) => at(event, 'eventType'));
  }

  /** The client is gone. */
  stop(): void {
    this.connection.abort();
  }

  private read(chunk: string): void {
    this.text += chunk;
    for (;;) {
      const end = this.text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const lines = this.text.slice(0, end).split('\r\n');
      this.text = this.text.slice(end + 4);
      const data = lines.find((line) => line.startsWith('data: '));
      if (data !== undefined) this.events.push(JSON.parse(data.slice(6)));
    }
  }
}
