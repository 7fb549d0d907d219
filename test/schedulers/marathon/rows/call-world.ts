/** The world of the rows of calls, where something of each kind is already there. */
import assert from 'node:assert/strict';
import { at, SLEEP, World } from '../world.ts';
import type { Names, Row } from './call-checks.ts';

export const POD = {
  id: '/pod',
  containers: [{ name: 'c', exec: { command: { shell: 'sleep 1' } }, resources: {} }],
};
export const LABELLED = {
  ...SLEEP,
  id: '/g/sleep',
  cmd: 'Serve it',
  labels: { tier: 'front', x: '' },
};

export async function worldOfRow(): Promise<World> {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
  await world.call('POST', '/v2/apps', LABELLED);
  await world.call('POST', '/v2/pods', POD);
  await world.advance(10_000);
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/big', mem: 100_000 });
  await world.advance(10_000);
  return world;
}

export async function namesIn(world: World): Promise<Names> {
  const read = async (url: string): Promise<unknown> => (await world.call('GET', url)).body;
  const app = at(await read('/v2/apps/sleep'), 'app');
  const status = await read('/v2/pods/pod::status');
  return {
    task: String(at(app, 'tasks', 0, 'id')),
    otherTask: String(at(app, 'tasks', 1, 'id')),
    podInstance: String(at(status, 'instances', 0, 'id')),
    version: String(at(app, 'version')),
    podVersion: String(at(status, 'spec', 'version')),
    groupVersion: String(at(await read('/v2/groups/versions'), 0)),
    deployment: String(at(await read('/v2/deployments'), 0, 'id')),
  };
}

export async function runRow(world: World, [, request, status, check]: Row): Promise<void> {
  const names = await namesIn(world);
  const [method, url, body] = request(names);
  const answer = await world.call(method, url, body);
  assert.equal(answer.status, status, answer.text);
  await check(answer, names, world);
}

/** For the names of the tests. */
export function blankNames(): Names {
  return {
    task: '{task}',
    otherTask: '{other}',
    podInstance: '{instance}',
    version: '{version}',
    podVersion: '{version}',
    groupVersion: '{version}',
    deployment: '{id}',
  };
}
