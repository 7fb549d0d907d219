/** What rows of calls expect: tasks, versions, deployments, delays, filters (spec marathon-rest). */
import assert from 'node:assert/strict';
import { type Answer, at, type World } from '../world.ts';
import { pick } from './rows.ts';

/** Of the world where `/sleep` (2 instances), `/g/sleep` and `/pod` run, and `/big` waits. */
export interface Names {
  readonly task: string;
  readonly otherTask: string;
  readonly podInstance: string;
  readonly version: string;
  readonly podVersion: string;
  readonly groupVersion: string;
  readonly deployment: string;
}

export type Row = readonly [
  name: string,
  request: (names: Names) => readonly [method: string, url: string, body?: unknown],
  status: number,
  check: (answer: Answer, names: Names, world: World) => unknown,
];

export const appsAre =
  (...ids: readonly string[]) =>
  ({ body, text }: Answer): void => {
    const found = Object.values(at(body, 'apps') ?? at(body, '*') ?? body ?? {});
    assert.deepEqual(
      found.map((each) => at(each, 'id')),
      ids,
      text,
    );
  };
export const says =
  (message: string) =>
  ({ body }: Answer): void =>
    assert.equal(at(body, 'message'), message);
export const shows =
  (path: readonly (string | number)[], names: readonly string[]) =>
  ({ body, text }: Answer): void => {
    const found = Object.keys(at(body, ...path) ?? {});
    for (const name of names) assert.ok(found.includes(name), `${name} is not in ${text}`);
  };
export const lacks =
  (path: readonly (string | number)[], names: readonly string[]) =>
  ({ body, text }: Answer): void => {
    const found = Object.keys(at(body, ...path) ?? {});
    for (const name of names) assert.ok(!found.includes(name), `${name} is in ${text}`);
  };
export const deployed = ({ body, headers }: Answer): void => {
  assert.deepEqual(Object.keys(body ?? {}), ['version', 'deploymentId']);
  assert.equal(headers['marathon-deployment-id'], at(body, 'deploymentId'));
};
export const tasksAre =
  (name: (names: Names) => readonly string[]) =>
  ({ body, text }: Answer, names: Names): void => {
    const tasks = Object.values(at(body, 'tasks') ?? {});
    assert.deepEqual(tasks.map((task) => at(task, 'id')).sort(), [...name(names)].sort(), text);
  };
export const instancesOf =
  (id: string, expected: number) =>
  async (answer: Answer, _names: Names, world: World): Promise<void> => {
    deployed(answer);
    const { body } = await world.call('GET', `/v2/apps${id}`);
    assert.equal(at(body, 'app', 'instances'), expected);
  };

export const get = (url: string) => (): readonly [string, string] => ['GET', url];
export const label = (selector: string): Row[1] =>
  get(`/v2/apps?label=${encodeURIComponent(selector)}`);

export function length(value: unknown): number {
  return Object.keys(value ?? {}).length;
}

export function bareApp({ body, text }: Answer): void {
  assert.equal(at(body, 'id'), '/sleep', text);
  assert.equal(at(body, 'tasksRunning'), undefined);
}

export function groupShows(
  apps: readonly string[],
  pods: readonly string[],
  groups: readonly string[],
): Row[3] {
  return ({ body }) => groupIs(body, apps, pods, groups);
}

export function groupIs(body: unknown, ...expected: readonly (readonly string[])[]): void {
  const ids = (name: string): unknown[] =>
    Object.values(at(body, name) ?? {}).map((each) => at(each, 'id'));
  assert.deepEqual([ids('apps'), ids('pods'), ids('groups')], expected);
}

export const REASONS = [
  'UnfulfilledRole',
  'UnfulfilledConstraint',
  'NoCorrespondingReservationFound',
  'AgentMaintenance',
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
  'DeclinedScarceResources',
];

/** `/big` needs more memory than there is, and is the only one that waits. */
export function queueOf(more: readonly string[]): Row[3] {
  return ({ body, text }) => {
    const [entry, ...rest] = Object.values(at(body, 'queue') ?? {});
    assert.equal(rest.length, 0, text);
    const names = ['count', 'role', 'delay', 'since', 'processedOffersSummary', 'app', ...more];
    assert.deepEqual(Object.keys(entry ?? {}).sort(), names.sort());
    assert.deepEqual(pick(entry, ['count', 'role', 'delay']), {
      count: 1,
      role: '*',
      delay: { timeLeftSeconds: 0, overdue: true },
    });
    assert.equal(at(entry, 'app', 'tasksRunning'), undefined);
    const summary = at(entry, 'processedOffersSummary');
    const launches = Object.values(at(summary, 'rejectSummaryLaunchAttempt') ?? {});
    assert.deepEqual(
      launches.map((each) => at(each, 'reason')),
      REASONS,
    );
    const count = Number(at(summary, 'processedOffersCount'));
    const funnel = launches.map((each) => [at(each, 'processed'), at(each, 'declined')]);
    const before = REASONS.slice(0, 5).map(() => [count, 0]);
    const after = REASONS.slice(6).map(() => [0, 0]);
    assert.deepEqual(funnel, [...before, [count, count], ...after]);
    if (more.length === 0) return;
    const offer = at(entry, 'lastUnusedOffers', 0);
    assert.deepEqual(at(offer, 'reason'), ['InsufficientMemory']);
    assert.deepEqual(Object.keys(at(offer, 'offer') ?? {}), [
      'id',
      'hostname',
      'agentId',
      'resources',
      'attributes',
    ]);
  };
}

export function killed(path: readonly number[]): Row[3] {
  return ({ body, text }, { podInstance, podVersion }) => {
    const instance = at(body, ...path);
    assert.equal(at(instance, 'instanceId'), podInstance, text);
    assert.equal(at(instance, 'state', 'condition'), 'Running');
    assert.equal(at(instance, 'state', 'goal'), 'Running');
    assert.equal(at(instance, 'runSpecVersion'), podVersion);
    assert.match(String(at(instance, 'agentInfo', 'host')), /^a\d\.example$/);
    assert.deepEqual(at(instance, 'unreachableStrategy'), {
      inactiveAfterSeconds: 0,
      expungeAfterSeconds: 0,
    });
  };
}

export async function rolledBack(
  answer: Answer,
  { deployment }: Names,
  world: World,
): Promise<void> {
  deployed(answer);
  assert.notEqual(at(answer.body, 'deploymentId'), deployment);
  await world.advance(1_000);
  assert.equal((await world.call('GET', '/v2/apps/big')).status, 404);
}
