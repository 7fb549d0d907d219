/**
 * Replays sections of `test/wire/golden/scheduler-more.json` against a real master and agent: the
 * same subscriptions and calls in the same order must give the same answers and events.
 *
 * Ids differ per run and are translated; times, uuids and pids are masked; everything else is
 * compared field by field, keys in order. This master offers freed resources at once, the recorded
 * one at its next tick, so one recorded offer can be two here: where a call names an offer, it
 * names all that are held, and an OFFERS step waits until what is held adds up to the same.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { headerDifferences } from '../../core/operator/recordings.ts';
import { at, listAt, textAt } from './json.ts';
import { totalOf } from './offered-total.ts';
import { eventually, PROJECT } from './programs.ts';
import { type Json, SchedulerSession } from './scheduler-session.ts';
import type { SmallCluster } from './small-cluster.ts';

const STEPS: readonly Json[] = JSON.parse(
  readFileSync(join(PROJECT, 'test/wire/golden/scheduler-more.json'), 'utf8'),
);

/** Values that differ per run are compared by type only. */
const MASKED_KEYS = new Set(['timestamp', 'uuid', 'executor_pid', 'nanoseconds']);
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** This recording left the headers of calls out; all others show these, here as in every section. */
const EMPTY_HEAD = { date: '', 'content-length': '0' };
const TEXT_HEAD = { date: '', 'content-type': 'text/plain; charset=utf-8', 'content-length': '' };
/** What an omitted, empty or negative filter means. */
const DEFAULT_FILTER_SECONDS = 5;

export type Handler = (step: Json, replay: Replay) => Promise<void>;
/** Replaces a step; keyed by kind, or by label where it is unique in the section. */
export type Handlers = Readonly<Record<string, Handler>>;

export function sectionSteps(label: string): readonly Json[] {
  const start = STEPS.findIndex((step) => step['kind'] === 'section' && step['label'] === label);
  assert.ok(start !== -1, `no section '${label}'`);
  const rest = STEPS.slice(start + 1);
  const end = rest.findIndex((step) => step['kind'] === 'section');
  return end === -1 ? rest : rest.slice(0, end);
}

export class Replay {
  readonly cluster: SmallCluster;
  /** Sessions by their recorded framework id, and by name. */
  readonly sessions = new Map<string, SchedulerSession>();
  readonly byName = new Map<string, SchedulerSession>();
  current: SchedulerSession | undefined;
  previous: SchedulerSession | undefined;
  private candidate: { recordedId: string | undefined; session: SchedulerSession } | undefined;
  /** Recorded offers held at this point, by framework id, with their resources. */
  private readonly recordedHeld = new Map<string, Map<string, unknown>>();
  /** Our ids for every recorded offer that was seen or used. */
  private readonly offerIds = new Map<string, readonly string[]>();
  private readonly translations = new Map<string, string>();
  private filterFrom = { at: 0, seconds: 0 };

  /** Where the recording client declined the offers of one role without a trace. */
  private readonly refusedRole: string | undefined;

  constructor(cluster: SmallCluster, options: { readonly refusedRole?: string } = {}) {
    this.cluster = cluster;
    this.refusedRole = options.refusedRole;
    this.translations.set('127.0.0.1:5151', `127.0.0.1:${cluster.agentPort}`);
    this.translations.set('/opt/app/a/', `${cluster.agentDirectory}/`);
  }

  /** Plays one section, each step as a subtest. */
  async section(
    t: TestContext,
    label: string,
    handlers: Handlers = {},
    amend: (steps: readonly Json[]) => readonly Json[] = (steps) => steps,
  ): Promise<void> {
    for (const [index, step] of amend(sectionSteps(label)).entries()) {
      const name = String(step['label'] ?? '') || String(step['kind']);
      let failed = true;
      await t.test(`${index}: ${String(step['kind'])}: ${name}`, async () => {
        await this.step(step, handlers);
        failed = false;
      });
      if (failed) throw new Error(`step ${index} (${name}) came out differently`);
    }
  }

  async step(step: Json, handlers: Handlers): Promise<void> {
    const kind = String(step['kind']);
    const special = handlers[String(step['label'])] ?? handlers[kind];
    if (special !== undefined) return special(step, this);
    switch (kind) {
      case 'subscribe':
        return this.subscribe(step);
      case 'call':
        return this.call(step);
      case 'event':
        return this.event(step);
      default:
        assert.fail(`no handler for ${kind}`);
    }
  }

  get session(): SchedulerSession {
    assert.ok(this.current !== undefined, 'not subscribed');
    return this.current;
  }

  /** This run's text for a recorded one. */
  translate(text: string): string {
    let translated = text;
    for (const [recorded, ours] of this.translations) {
      translated = translated.replaceAll(recorded, ours);
    }
    return translated;
  }

  /** The recorded value with this run's ids. */
  translated(value: unknown): unknown {
    return JSON.parse(this.translate(JSON.stringify(value ?? null)));
  }

  /** The step with one text of its request replaced. */
  withText(step: Json, from: string, to: string): Json {
    const text = JSON.stringify(step);
    assert.ok(text.includes(from), `${from} in ${text}`);
    return JSON.parse(text.replaceAll(from, to));
  }

  learnId(recorded: string, ours: string): void {
    // Longer ids first, so that no id is replaced inside a longer one.
    this.translations.set(recorded, ours);
    const sorted = [...this.translations].sort(([a], [b]) => b.length - a.length);
    this.translations.clear();
    for (const [from, to] of sorted) this.translations.set(from, to);
  }

  async subscribe(step: Json): Promise<void> {
    const request = step['request'];
    const recordedId = at(request, 'framework_id', 'value');
    const name = String(step['label']);
    const url = this.cluster.schedulerUrl;
    const body = this.translated(request);
    const session = await SchedulerSession.subscribe(url, name, body, this.refusedRole);
    this.candidate = {
      recordedId: typeof recordedId === 'string' ? recordedId : undefined,
      session,
    };
  }

  async call(step: Json): Promise<void> {
    const request = step['request'];
    const recordedFramework = String(at(request, 'framework_id', 'value'));
    const session = this.sessions.get(recordedFramework) ?? this.session;
    this.current = session;
    const named = listAt(request, 'accept', 'offer_ids').concat(
      listAt(request, 'decline', 'offer_ids'),
    );
    const ids = named.map((id) => String(at(id, 'value')));
    const body = this.translated(request);
    if (ids.length > 0) {
      const part = at(body, 'accept') === undefined ? 'decline' : 'accept';
      const ours = await this.offersFor(session, recordedFramework, ids);
      const offer_ids = ours.map((value) => ({ value }));
      if (Array.isArray(at(request, part, 'offer_ids'))) {
        Reflect.set(Object(at(body, part)), 'offer_ids', offer_ids);
      }
    }
    const seconds = Number(
      at(request, 'decline', 'filters', 'refuse_seconds') ??
        at(request, 'accept', 'filters', 'refuse_seconds') ??
        DEFAULT_FILTER_SECONDS,
    );
    this.filterFrom = {
      at: performance.now(),
      seconds: seconds < 0 ? DEFAULT_FILTER_SECONDS : seconds,
    };
    const answer = await session.post(body);
    assert.equal(answer.status, at(step, 'response', 'status'), answer.text);
    assert.equal(answer.text, this.translate(String(at(step, 'response', 'text') ?? '')));
    const length = Buffer.byteLength(answer.text);
    const expected = answer.text === '' ? EMPTY_HEAD : TEXT_HEAD;
    assert.deepEqual(headerDifferences(expected, answer.lines, length), []);
  }

  /** Our offers for the recorded ones that a call names; made-up ids stay as they are. */
  private async offersFor(
    session: SchedulerSession,
    recordedFramework: string,
    ids: readonly string[],
  ): Promise<readonly string[]> {
    const real = ids.filter((id) => /-O\d+$/.test(id));
    if (real.length === 0) return ids;
    assert.equal(real.length, ids.length, 'made-up and real offers are not mixed');
    const held = this.recordedHeld.get(recordedFramework);
    const isStale = real.every((id) => this.offerIds.has(id) && held?.has(id) !== true);
    if (isStale) return real.flatMap((id) => this.offerIds.get(id) ?? []);
    const isKnown = real.every((id) => this.offerIds.has(id));
    if (!isKnown) await session.settledOffers();
    const ours = isKnown
      ? [...new Set(real.flatMap((id) => this.offerIds.get(id) ?? []))]
      : [...session.held.keys()];
    for (const id of real) {
      held?.delete(id);
      this.offerIds.set(id, ours);
      this.learnId(id, ours[0] ?? '');
    }
    const isTwice = new Set(real).size < real.length;
    return isTwice ? real.map(() => ours[0] ?? '') : ours;
  }

  /** The session that a recorded event belongs to, told by its label or its contents. */
  private sessionOf(step: Json): SchedulerSession {
    const label = String(step['label']);
    const named = this.byName.get(label.split(': ')[0] ?? '');
    if (label.includes(': ') && named !== undefined) return named;
    const offer =
      listAt(step, 'event', 'offers', 'offers')[0] ??
      listAt(step, 'event', 'inverse_offers', 'inverse_offers')[0];
    const rescinded = String(at(step, 'event', 'rescind', 'offer_id', 'value'));
    const holder = [...this.recordedHeld].find(([, held]) => held.has(rescinded))?.[0];
    const framework = holder ?? String(at(offer, 'framework_id', 'value'));
    return this.sessions.get(framework) ?? this.session;
  }

  async event(step: Json): Promise<void> {
    const type = textAt(step, 'event', 'type');
    switch (type) {
      case 'SUBSCRIBED':
        return this.subscribed(step);
      case 'ERROR':
        return this.refused(step);
      case 'OFFERS':
        return this.offers(step);
      case 'RESCIND':
        return this.rescind(step);
      default:
        return this.plainEvent(step, type);
    }
  }

  private async subscribed(step: Json): Promise<void> {
    assert.ok(this.candidate !== undefined);
    const { session, recordedId } = this.candidate;
    this.candidate = undefined;
    const event = await session.next('SUBSCRIBED', (each) => each['type'] === 'SUBSCRIBED');
    const recorded = textAt(step, 'event', 'subscribed', 'framework_id', 'value');
    const master = textAt(event, 'subscribed', 'master_info', 'id');
    const recordedMaster = textAt(step, 'event', 'subscribed', 'master_info', 'id');
    this.learnId(recorded, session.frameworkId);
    await this.learnAgent(recordedMaster);
    this.previous = recordedId === undefined ? undefined : this.sessions.get(recordedId);
    this.current = session;
    this.sessions.set(recorded, session);
    this.byName.set(session.name, session);
    this.recordedHeld.set(recorded, new Map());
    this.learnId('"port":5150', `"port":${this.cluster.masterPort}`);
    this.learnId('master@127.0.0.1:5150', `master@127.0.0.1:${this.cluster.masterPort}`);
    const expected = JSON.stringify(step['event']).replaceAll(recordedMaster, master);
    this.compare(event, JSON.parse(expected.replaceAll(`${master}-`, `${recordedMaster}-`)));
  }

  /** The recorded agents are S0 and S1; here it is whichever is registered now. */
  async learnAgent(recordedMaster: string): Promise<void> {
    const answer = await fetch(`${this.cluster.masterUrl}/slaves`);
    const body: unknown = await answer.json();
    const active = listAt(body, 'slaves').find((each) => at(each, 'active') === true);
    if (active === undefined) return;
    this.learnId(`${recordedMaster}-S0`, textAt(active, 'id'));
    this.learnId(`${recordedMaster}-S1`, textAt(active, 'id'));
  }

  private async refused(step: Json): Promise<void> {
    const session = this.candidate?.session ?? this.previous;
    assert.ok(session !== undefined);
    const event = await session.next('ERROR', (each) => each['type'] === 'ERROR');
    this.compare(event, step['event']);
    await eventually('the stream ends after the error', () => session.stream.ended);
  }

  private async offers(step: Json): Promise<void> {
    const recorded = listAt(step, 'event', 'offers', 'offers');
    const session = this.sessionOf(step);
    const framework = textAt(recorded[0], 'framework_id', 'value');
    const held = this.recordedHeld.get(framework) ?? new Map<string, unknown>();
    for (const offer of recorded) held.set(textAt(offer, 'id', 'value'), offer);
    const expected = totalOf([...held.values()]);
    await eventually(
      'the same resources are offered',
      () => (totalOf([...session.held.values()]) === expected ? true : undefined),
      () => `offered: ${totalOf([...session.held.values()])}\nexpected: ${expected}`,
    );
    const ours = [...session.held.entries()];
    const known = new Set([...held.keys()].flatMap((id) => this.offerIds.get(id) ?? []));
    const added = ours.filter(([id]) => !known.has(id));
    for (const offer of recorded) {
      const id = textAt(offer, 'id', 'value');
      this.offerIds.set(
        id,
        added.map(([each]) => each),
      );
      this.learnId(id, added[0]?.[0] ?? '');
    }
    const [only] = added;
    if (added.length === 1 && recorded.length === 1 && only !== undefined) {
      this.compare(only[1], recorded[0]);
    }
    this.checkDelay(step, session);
  }

  /** Never before the filter ends; how soon after it, only a clock of the test's own could tell. */
  private checkDelay(step: Json, session: SchedulerSession): void {
    if (typeof step['after_seconds'] !== 'number') return;
    const waited = (session.heldSince - this.filterFrom.at) / 1_000;
    const { seconds } = this.filterFrom;
    const text = `offered ${waited} s after a refusal of ${seconds} s`;
    assert.ok(waited >= seconds - 0.05, text);
  }

  private async rescind(step: Json): Promise<void> {
    const session = this.sessionOf(step);
    const recordedId = textAt(step, 'event', 'rescind', 'offer_id', 'value');
    const ours = this.offerIds.get(recordedId) ?? [];
    assert.ok(ours.length > 0, `${recordedId} was offered`);
    for (const id of ours) {
      const event = await session.next(
        'RESCIND',
        (each) => at(each, 'rescind', 'offer_id', 'value') === id,
      );
      assert.deepEqual(event, { type: 'RESCIND', rescind: { offer_id: { value: id } } });
    }
    for (const held of this.recordedHeld.values()) held.delete(recordedId);
  }

  private async plainEvent(step: Json, type: string): Promise<void> {
    const recorded = step['event'];
    const session = this.sessionOf(step);
    const taskId = at(recorded, 'update', 'status', 'task_id', 'value');
    const executorId = at(recorded, 'failure', 'executor_id', 'value');
    const operationId = at(recorded, 'update_operation_status', 'status', 'operation_id', 'value');
    const event =
      typeof taskId === 'string'
        ? await session.nextUpdate(taskId)
        : await session.next(
            `${type} ${String(operationId ?? '')}`,
            (each) =>
              each['type'] === type &&
              at(each, 'failure', 'executor_id', 'value') === executorId &&
              at(each, 'update_operation_status', 'status', 'operation_id', 'value') ===
                operationId,
          );
    const inverse = ['inverse_offers', 'inverse_offers', 0, 'id', 'value'];
    const inverseId = at(recorded, ...inverse);
    if (typeof inverseId === 'string') this.learnId(inverseId, textAt(event, ...inverse));
    this.compare(event, recorded);
  }

  /** Equal but for what differs per run; the recorded side still has its own ids. */
  compare(ours: unknown, recorded: unknown): void {
    const expected = mask(this.translated(recorded));
    assert.deepEqual(mask(ours), expected);
    assert.equal(JSON.stringify(mask(ours)), JSON.stringify(expected), 'keys in recorded order');
  }
}

/** Times, uuids and pids by type; uuids inside texts (container ids in paths) as one word. */
export function mask(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (key, inner: unknown) => {
    if (MASKED_KEYS.has(key) && typeof inner !== 'object') return typeof inner;
    if (key === 'port' && typeof inner === 'number') return 'number';
    if (key === 'uuid') return 'uuid';
    return typeof inner === 'string' ? inner.replace(UUID, 'uuid') : inner;
  });
}
