/** Whatever happens to a resident app: in the end it runs, and no volume is without an instance. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolvePathId } from '../../../schedulers/marathon/model/path-id.ts';
import { World } from './world.ts';

const FLAGS = { mesos_role: 'stateful', mesos_authentication_principal: 'keeper' };

const DB = {
  id: '/db',
  cmd: 'sleep 1000',
  cpus: 1,
  mem: 128,
  container: {
    type: 'MESOS',
    volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 64 } }],
  },
};

/** More can be asked for, to search longer than every test run should. */
const RUNS = Number(process.env['MARATHON_RUNS'] ?? 8);

type Trouble = readonly [
  (
    | 'scale'
    | 'change'
    | 'restart'
    | 'end'
    | 'kill'
    | 'wipe'
    | 'crash'
    | 'disconnect'
    | 'lose'
    | 'hide'
    | 'delete'
    | 'wait'
  ),
  number,
];

const trouble: fc.Arbitrary<Trouble> = fc.tuple(
  fc.constantFrom<Trouble[0]>(
    'scale',
    'change',
    'restart',
    'end',
    'kill',
    'wipe',
    'crash',
    'disconnect',
    'lose',
    'hide',
    'delete',
    'wait',
  ),
  fc.nat(3),
);

async function make(world: World, [what, number]: Trouble): Promise<void> {
  const tasks = world.master.running('db');
  const task = tasks[number % Math.max(1, tasks.length)];
  switch (what) {
    case 'scale':
      await world.call('PATCH', '/v2/apps/db?force=true', { instances: number });
      return;
    case 'change':
      await world.call('PATCH', '/v2/apps/db?force=true', { env: { N: String(number) } });
      return;
    case 'restart':
      await world.call('POST', '/v2/apps/db/restart?force=true');
      return;
    case 'end':
      if (task !== undefined) world.master.update(task.id, 'TASK_FAILED');
      return;
    case 'kill':
    case 'wipe':
      if (task === undefined) return;
      await world.call('DELETE', `/v2/apps/db/tasks/${task.id}?wipe=${what === 'wipe'}`);
      return;
    case 'crash':
      await world.restart();
      return;
    case 'disconnect':
      world.master.disconnect();
      return;
    case 'lose':
      world.master.reserves = number % 2 === 0;
      return;
    case 'hide':
      world.master.hide(number % 2 === 0 ? 'a1' : 'a2', number < 2);
      return;
    case 'delete':
      await world.call('DELETE', '/v2/apps/db');
      await world.call('PUT', '/v2/apps/db?force=true', { ...DB, instances: number });
      return;
    case 'wait':
      await world.advance([1, 3, 1_000, 25_000][number] ?? 0);
      return;
  }
}

function volumesOnAgents(world: World): string[] {
  const used = world.master.running().flatMap(({ info }) => info.resources);
  const free = ['a1', 'a2'].flatMap((agent) => world.master.reservedAt(agent));
  return [...used, ...free].flatMap(({ disk }) => disk?.persistence?.id ?? []).sort();
}

test('a resident app converges and leaves no volume behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { maxLength: 12 }), async (troubles) => {
      const world = await World.start(FLAGS);
      await world.call('POST', '/v2/apps', { ...DB, instances: 2 });
      await world.advance(5);
      for (const each of troubles) {
        await make(world, each);
        await world.advance(2);
      }
      world.master.reserves = true;
      world.master.hide('a1', false);
      world.master.hide('a2', false);
      await world.call('PATCH', '/v2/apps/db?force=true', { instances: 2 });
      await world.advance(900_000);
      const { state } = world.marathon.machine;
      const instances = state.instances.of(resolvePathId('/db'));
      const known = instances.flatMap(
        ({ reservation }) => reservation?.volumes.map(({ persistenceId }) => persistenceId) ?? [],
      );
      assert.equal(world.master.running('db').length, 2, world.marathon.machine.describe());
      assert.deepEqual(volumesOnAgents(world), known.sort(), world.marathon.machine.describe());
      assert.equal(state.deployments.size, 0);
      assert.equal(state.orphans.size, 0);
      await world.stop();
    }),
    { numRuns: RUNS },
  );
});
