/**
 * One framework as a test sees it: its event stream, its calls, and the offers it holds. Status
 * updates are acknowledged when a test takes them (TASK_STARTING at once), because what has not
 * been acknowledged holds back what follows.
 */
import { RecordDecoder } from '../../../core/wire/recordio.ts';
import type { HeaderLine } from '../../core/operator/recordings.ts';
import { at, listAt, textAt } from './json.ts';
import { eventually, http, type JsonAnswer } from './programs.ts';
import { bytesOf, exchange, type WireAnswer } from './wire-http.ts';

export type Json = Readonly<Record<string, unknown>>;

export class EventStream {
  readonly streamId: string;
  readonly lines: readonly HeaderLine[];
  /** Events not consumed yet. */
  readonly events: Json[] = [];
  ended = false;
  private readonly abort: AbortController;
  private readonly arrived: (event: Json) => boolean;

  constructor(answer: WireAnswer, abort: AbortController, arrived: (event: Json) => boolean) {
    this.lines = answer.lines;
    this.streamId = this.lines.find(([name]) => name === 'Mesos-Stream-Id')?.[1] ?? '';
    this.abort = abort;
    this.arrived = arrived;
    void this.read(answer);
  }

  static async open(
    url: string,
    body: unknown,
    arrived: (event: Json) => boolean = () => false,
  ): Promise<EventStream> {
    const abort = new AbortController();
    const answer = await exchange({
      method: 'POST',
      url,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await bytesOf(answer)}`);
    return new EventStream(answer, abort, arrived);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(answer: WireAnswer): Promise<void> {
    const decoder = new RecordDecoder();
    try {
      for await (const chunk of answer.body) {
        for (const record of decoder.push(chunk)) {
          const event: Json = JSON.parse(Buffer.from(record).toString('utf8'));
          if (!this.arrived(event)) this.events.push(event);
        }
      }
    } catch (thrown) {
      if (!this.abort.signal.aborted) throw thrown;
    } finally {
      this.ended = true;
    }
  }

  /** Removes and gives the first event that matches. */
  next(what: string, matches: (event: Json) => boolean, patienceMs?: number): Promise<Json> {
    return eventually(
      what,
      () => {
        const index = this.events.findIndex(matches);
        return index === -1 ? undefined : this.events.splice(index, 1)[0];
      },
      () => `waiting events: ${JSON.stringify(this.events).slice(0, 4_000)}`,
      patienceMs,
    );
  }
}

export class SchedulerSession {
  readonly url: string;
  readonly name: string;
  frameworkId = '';
  /** Offers that are neither used nor rescinded, oldest first. */
  readonly held = new Map<string, unknown>();
  /** When the last change of the held offers happened. */
  heldSince = performance.now();
  private opened: EventStream | undefined;

  /** Offers for this role are declined at once, for long. */
  private readonly refusedRole: string | undefined;

  private constructor(url: string, name: string, refusedRole: string | undefined) {
    this.url = url;
    this.name = name;
    this.refusedRole = refusedRole;
  }

  static async subscribe(
    url: string,
    name: string,
    body: unknown,
    refusedRole?: string,
  ): Promise<SchedulerSession> {
    const session = new SchedulerSession(url, name, refusedRole);
    session.opened = await EventStream.open(url, body, (event) => session.arrived(event));
    return session;
  }

  get stream(): EventStream {
    if (this.opened === undefined) throw new Error('the stream is not open yet');
    return this.opened;
  }

  /** Whether the event needs no further attention. */
  private arrived(event: Json): boolean {
    switch (event['type']) {
      case 'HEARTBEAT':
        return true;
      case 'SUBSCRIBED':
        this.frameworkId = textAt(event, 'subscribed', 'framework_id', 'value');
        return false;
      case 'OFFERS':
        for (const offer of listAt(event, 'offers', 'offers')) this.offered(offer);
        this.heldSince = performance.now();
        return true;
      case 'RESCIND':
        this.held.delete(textAt(event, 'rescind', 'offer_id', 'value'));
        this.heldSince = performance.now();
        return false;
      case 'UPDATE':
        if (at(event, 'update', 'status', 'state') !== 'TASK_STARTING') return false;
        void this.acknowledge(event);
        return true;
      default:
        return false;
    }
  }

  private offered(offer: unknown): void {
    const id = textAt(offer, 'id', 'value');
    const role = at(offer, 'allocation_info', 'role');
    if (role !== undefined && role === this.refusedRole) {
      const decline = { offer_ids: [{ value: id }], filters: { refuse_seconds: 1_000 } };
      void this.call({ type: 'DECLINE', decline });
    } else {
      this.held.set(id, offer);
    }
  }

  async acknowledge(event: Json): Promise<void> {
    const status = at(event, 'update', 'status');
    const operation = at(event, 'update_operation_status', 'status');
    const operationUuid = at(operation, 'uuid', 'value');
    if (at(status, 'uuid') !== undefined) {
      const acknowledge = {
        agent_id: at(status, 'agent_id'),
        task_id: at(status, 'task_id'),
        uuid: at(status, 'uuid'),
      };
      await this.call({ type: 'ACKNOWLEDGE', acknowledge });
    } else if (operationUuid !== undefined) {
      const acknowledge_operation_status = {
        agent_id: at(operation, 'agent_id'),
        operation_id: at(operation, 'operation_id'),
        uuid: operationUuid,
      };
      await this.call({ type: 'ACKNOWLEDGE_OPERATION_STATUS', acknowledge_operation_status });
    }
  }

  /** One call with this subscriber's framework and stream ids. */
  call(body: Json): Promise<JsonAnswer> {
    return this.post({ framework_id: { value: this.frameworkId }, ...body });
  }

  /** One call exactly as given, but for the stream id. */
  post(body: unknown): Promise<JsonAnswer> {
    for (const part of ['accept', 'decline']) {
      for (const id of listAt(body, part, 'offer_ids')) this.held.delete(String(at(id, 'value')));
    }
    return http('POST', this.url, body, {
      Accept: 'application/json',
      'Mesos-Stream-Id': this.stream.streamId,
    });
  }

  /** The next event that matches, acknowledged. */
  async next(what: string, matches: (event: Json) => boolean, patienceMs?: number): Promise<Json> {
    const event = await this.stream.next(`${this.name}: ${what}`, matches, patienceMs);
    await this.acknowledge(event);
    return event;
  }

  /** The next update of a task. */
  nextUpdate(taskId: string, patienceMs?: number): Promise<Json> {
    return this.next(
      `an update of ${taskId}`,
      (event) =>
        event['type'] === 'UPDATE' && at(event, 'update', 'status', 'task_id', 'value') === taskId,
      patienceMs,
    );
  }

  /** Waits until at least one offer is held and no other came for a moment. */
  async settledOffers(): Promise<readonly unknown[]> {
    await eventually(
      `${this.name}: an offer`,
      () => (this.held.size > 0 && performance.now() - this.heldSince > 60 ? true : undefined),
      () => `waiting events: ${JSON.stringify(this.stream.events).slice(0, 4_000)}`,
    );
    return [...this.held.values()];
  }
}
