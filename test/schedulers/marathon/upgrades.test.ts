/** Records written before there were pods are read as what they mean today. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { at, SLEEP, World } from './world.ts';

const OLD_KINDS = ['instance', 'deployment', 'root-version'];

/** The record in the form of version 1. */
function downgraded(key: string, value: object): object {
  if (key.startsWith('marathon/instance/')) {
    const { spec, tasks, ...rest } = Object.assign({ spec: {}, tasks: [] }, value);
    const [task] = tasks;
    return { ...rest, app: spec, ...(task === undefined ? {} : { task: withoutOwn(task) }) };
  }
  const { specs, steps, ...rest } = Object.assign({ specs: [], steps: undefined }, value);
  if (!key.startsWith('marathon/deployment/')) return { ...rest, apps: specs };
  const older = JSON.parse(
    JSON.stringify(steps)
      .replaceAll(/"kind":"(\w+)"/g, '"action":"$1Application"')
      .replaceAll('"spec":', '"app":'),
  );
  return { ...rest, apps: specs, steps: older };
}

function withoutOwn(task: object): object {
  const { condition, since, container, ...rest } = Object.assign(
    { condition: '', since: 0, container: '' },
    task,
  );
  return rest;
}

async function rewriteAsVersion1(storage: MemoryStorage): Promise<number> {
  let count = 0;
  for (const [key, bytes] of await storage.list('marathon/')) {
    if (!OLD_KINDS.some((kind) => key.startsWith(`marathon/${kind}/`))) continue;
    const { v, value } = JSON.parse(new TextDecoder().decode(bytes));
    assert.equal(v, 2, key);
    const text = JSON.stringify({ v: 1, value: downgraded(key, value) });
    await storage.write([{ kind: 'put', key, value: new TextEncoder().encode(text) }]);
    count += 1;
  }
  return count;
}

test('tasks, deployments and versions of the time before pods go on', async () => {
  const storage = new MemoryStorage();
  const world = await World.start({}, ['a1'], storage);
  world.master.firstState = 'TASK_STAGING';
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
  await world.advance(4_000);
  const deployments = await world.call('GET', '/v2/deployments');
  const before = world.master.running('sleep').map(({ id }) => id);
  assert.equal(before.length, 2);
  assert.ok((await rewriteAsVersion1(storage)) >= 4);
  await world.restart();
  const resumed = await world.call('GET', '/v2/deployments');
  assert.deepEqual(at(resumed.body, 0, 'steps'), at(deployments.body, 0, 'steps'));
  for (const id of before) world.master.update(id, 'TASK_RUNNING');
  await world.advance(5_000);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  assert.equal(world.master.tasks.size, 2);
  const versions = await world.call('GET', '/v2/groups/versions');
  assert.ok(Array.isArray(versions.body) && versions.body.length === 1);
  await world.stop();
});
