/**
 * Steps of recordings in which the test itself is the executor: a launched program never
 * subscribes, and the calls on the agent's executor API come from here.
 */
import assert from 'node:assert/strict';
import { headerDifferences } from '../../core/operator/recordings.ts';
import { at, textAt } from './json.ts';
import { eventually } from './programs.ts';
import type { Handler, Handlers, Replay } from './replay.ts';
import { EventStream, type Json } from './scheduler-session.ts';
import { bytesOf, exchange, type WireRequest } from './wire-http.ts';

/** Requests that differ from the usual in more than their body, by label. */
const SPECIAL_REQUESTS: Readonly<Record<string, Partial<WireRequest>>> = {
  GET: { method: 'GET', headers: {} },
  'bad content type': { method: 'POST', headers: { 'Content-Type': 'text/plain' } },
  'bad accept on SUBSCRIBE': {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/html' },
  },
};

export class HandDrivenExecutor {
  private first: EventStream | undefined;
  private current: EventStream | undefined;

  readonly handlers: Handlers = {
    'executor call': (step, replay) => this.call(step, replay),
    'executor subscribe': async (step, replay) => {
      this.current = await this.subscribe(replay);
      this.first = this.current;
      assert.deepEqual(headerDifferences(Object(step['headers']), this.current.lines), []);
    },
    'executor event': (step, replay) => this.event(step, replay),
    'executor event (second stream)': async (step, replay) => {
      this.current = await this.subscribe(replay);
      await this.event(step, replay);
    },
    'first stream': async () => {
      await eventually('the first stream ends', () => this.first?.ended);
    },
    'executor closes its stream': async () => this.current?.close(),
  };

  private async subscribe(replay: Replay): Promise<EventStream> {
    return EventStream.open(`${replay.cluster.agentUrl}/api/v1/executor`, {
      type: 'SUBSCRIBE',
      executor_id: { value: 'ex1' },
      framework_id: { value: replay.session.frameworkId },
      subscribe: {},
    });
  }

  private readonly call: Handler = async (step, replay) => {
    const { request } = step;
    const special = SPECIAL_REQUESTS[String(step['label'])];
    const body = typeof request === 'string' ? request : JSON.stringify(request);
    const answer = await exchange({
      method: 'POST',
      url: `${replay.cluster.agentUrl}/api/v1/executor`,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      ...special,
      ...(special?.method === 'GET' ? {} : { body: replay.translate(body) }),
    });
    const text = String(await bytesOf(answer));
    assert.equal(text, replay.translate(textAt(step, 'response', 'text')));
    assert.equal(answer.status, at(step, 'response', 'status'));
    const recorded = Object(at(step, 'response', 'headers'));
    const length = Buffer.byteLength(text);
    assert.deepEqual(headerDifferences(recorded, answer.lines, length), []);
  };

  private async event(step: Json, replay: Replay): Promise<void> {
    assert.ok(this.current !== undefined);
    const type = textAt(step, 'event', 'type');
    const event = await this.current.next(`an executor event ${type}`, () => true);
    replay.compare(event, step['event']);
    const uuid = at(step, 'event', 'acknowledged', 'uuid');
    assert.equal(at(event, 'acknowledged', 'uuid'), uuid);
  }
}
