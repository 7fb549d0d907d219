/**
 * The recorded session of operations with ids (refusals and successes of RESERVE, UNRESERVE, CREATE,
 * DESTROY, GROW_VOLUME, SHRINK_VOLUME), replayed against the machine with a made-up agent. Every
 * operation status and every offer's resources must be the recorded ones, in the recorded order.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { validateCall } from '../../../core/master/validation/call.ts';
import { formatResources } from '../../../core/resources/format.ts';
import { fromJson } from '../../../core/wire/json.ts';
import type { Call, Event as SchedulerEvent } from '../../../core/wire/types/mesos.v1.scheduler.ts';
import type { Offer, OperationStatus } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene } from './machine-builder.ts';

interface Recorded {
  readonly kind: string;
  readonly label: string;
  readonly request?: unknown;
  readonly response?: { readonly status: number; readonly text?: string };
  readonly event?: unknown;
}

const FILE = new URL('../../wire/golden/scheduler-operations.json', import.meta.url);
const RECORDED: readonly Recorded[] = JSON.parse(readFileSync(FILE, 'utf8'));
/** The original loses what SHRINK_VOLUME frees: 10 of the reserved disk are never offered again. */
const LOST = ['(DYNAMIC,web,edge)]):30', '(DYNAMIC,web,edge)]):40'] as const;

const RECORDED_MASTER = '5b0f3a69-3327-491d-ab24-408c3d51136e';

class Replay {
  readonly it = new MasterScene();
  private readonly framework: string;
  private readonly agent: string;
  private hasShrunk = false;
  private operations: SchedulerEvent[] = [];
  private offers = new Map<string, Offer>();

  constructor() {
    this.it.pid = () => ({ id: 'slave(1)', ip: '127.0.0.1', port: 5151 });
    this.agent = this.it.agent(
      'a1',
      'cpus:4;mem:4096;disk:8192;ports:[31000-32000]',
      'agent1.example',
    );
    this.framework = this.it.subscribe('f', { roles: ['web'], principal: 'edge' });
    this.it.sentTo('a1');
    this.look();
  }

  /** Recorded JSON with our ids in it. */
  private translate(tree: unknown): unknown {
    const text = JSON.stringify(tree)
      .replaceAll(`${RECORDED_MASTER}-S0`, this.agent)
      .replaceAll(`${RECORDED_MASTER}-0008`, this.framework);
    return JSON.parse(text);
  }

  private look(): void {
    this.it.advance(2);
    for (const event of this.it.take('f')) {
      for (const offer of event.offers?.offers ?? []) this.offers.set(offer.id.value, offer);
      if (event.type === 'RESCIND') this.offers.delete(event.rescind?.offer_id.value ?? '');
      if (event.update_operation_status !== undefined) {
        this.operations.push(event);
        this.acknowledge(event.update_operation_status.status);
      }
    }
  }

  private acknowledge({ operation_id, uuid, agent_id }: OperationStatus): void {
    if (operation_id === undefined || uuid === undefined) return;
    this.it.call(this.framework, {
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      acknowledge_operation_status: { agent_id, uuid: uuid.value, operation_id },
    });
  }

  call(recorded: Recorded): void {
    const read = fromJson('mesos.v1.scheduler.Call', this.translate(recorded.request));
    assert.ok(read.ok, recorded.label);
    const why = validateCall(read.value, undefined);
    if (recorded.response?.status === 400) {
      assert.equal(`Failed to validate scheduler::Call: ${why}`, recorded.response.text);
      return;
    }
    assert.equal(why, undefined);
    this.hasShrunk ||= recorded.label === 'ACCEPT SHRINK_VOLUME';
    if (read.value.type === 'TEARDOWN') return;
    this.it.call(this.framework, this.withOurOffers(read.value));
    this.answerOperations();
    this.look();
  }

  private withOurOffers(call: Call): Call {
    const { accept } = call;
    if (accept === undefined || accept.offer_ids?.[0]?.value === 'gone') return call;
    this.waitForOffer();
    const [held] = this.offers.values();
    assert.ok(held !== undefined);
    this.offers.delete(held.id.value);
    return { ...call, accept: { ...accept, offer_ids: [held.id] } };
  }

  /** Some calls leave a filter. */
  private waitForOffer(): void {
    for (let tries = 0; this.offers.size === 0 && tries < 6; tries += 1) {
      this.it.advance(1_000);
      this.it.pong(1);
      this.look();
    }
  }

  /** The agent applies what it is told. */
  private answerOperations(): void {
    for (const { name, message } of this.it.sentTo('a1')) {
      if (name !== 'mesos.internal.ApplyOperationMessage') continue;
      this.it.input({
        kind: 'message',
        from: this.it.pid('a1'),
        content: {
          name: 'mesos.internal.UpdateOperationStatusMessage',
          message: {
            framework_id: message.framework_id,
            slave_id: { value: this.agent },
            operation_uuid: message.operation_uuid,
            status: {
              operation_id: message.operation_info.id,
              state: 'OPERATION_FINISHED',
              uuid: { value: this.it.uuid() },
              agent_id: { value: this.agent },
            },
          },
        },
      });
    }
  }

  private found(text: string | undefined): string | undefined {
    return this.hasShrunk ? text?.replace(...LOST) : text;
  }

  expect(recorded: Recorded): void {
    const read = fromJson('mesos.v1.scheduler.Event', this.translate(recorded.event));
    assert.ok(read.ok);
    const { update, update_operation_status: operation, offers } = read.value;
    if (update !== undefined) {
      const ref = { framework: this.framework, agent: this.agent, id: update.status.task_id.value };
      const uuid = this.it.update('a1', ref, update.status.state);
      this.it.acknowledge(this.framework, this.agent, ref.id, uuid);
      this.look();
    }
    if (operation !== undefined) {
      const actual = defined(this.operations.shift(), `an event for ${recorded.label}`);
      const { uuid: _actual, ...status } = actual.update_operation_status?.status ?? {};
      const { uuid: _recorded, ...expected } = operation.status;
      const message = this.found(expected.message);
      const wanted = message === undefined ? expected : { ...expected, message };
      assert.deepEqual(withoutUndefined(status), wanted, recorded.label);
    }
    if (offers === undefined || recorded.label !== 'OFFERS') return;
    this.waitForOffer();
    // Freed resources come at once as a second offer; the recorded one had to wait for its tick.
    const held = [...this.offers.values()].map((offer) => formatResources(offer.resources ?? []));
    const expected = (offers.offers ?? []).map((offer) => {
      return this.found(formatResources(offer.resources ?? []));
    });
    assert.deepEqual(held.slice(0, 1), expected, `offers after ${recorded.label}`);
  }
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

test('the recorded session of operations replays with the same answers and offers', () => {
  const replay = new Replay();
  for (const recorded of RECORDED) {
    if (recorded.kind === 'call') replay.call(recorded);
    if (recorded.kind === 'event' && !recorded.label.endsWith('SUBSCRIBED')) {
      replay.expect(recorded);
    }
  }
});
