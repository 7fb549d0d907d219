/** Whatever happens in whatever order: in the end exactly the wanted tasks run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Embed } from '../../../schedulers/marathon/http/app-info.ts';
import { AppList } from '../../../schedulers/marathon/http/app-list.ts';
import { resolvePathId } from '../../../schedulers/marathon/model/path-id.ts';
import { appsOf } from '../../../schedulers/marathon/model/root.ts';
import { SLEEP, World } from './world.ts';

type Trouble =
  | { readonly kind: 'scale'; readonly instances: number; readonly force: boolean }
  | { readonly kind: 'change'; readonly mem: number; readonly force: boolean }
  | { readonly kind: 'restart-app' }
  | { readonly kind: 'end'; readonly pick: number; readonly state: string }
  | { readonly kind: 'kill'; readonly pick: number; readonly scale: boolean }
  | { readonly kind: 'crash' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'cancel'; readonly force: boolean }
  | { readonly kind: 'delete' }
  | { readonly kind: 'wait'; readonly ms: number };

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({ kind: fc.constant('scale' as const), instances: fc.nat(4), force: fc.boolean() }),
  fc.record({
    kind: fc.constant('change' as const),
    mem: fc.constantFrom(16, 32, 64),
    force: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('restart-app' as const) }),
  fc.record({
    kind: fc.constant('end' as const),
    pick: fc.nat(10),
    state: fc.constantFrom('TASK_FINISHED', 'TASK_FAILED', 'TASK_UNREACHABLE', 'TASK_RUNNING'),
  }),
  fc.record({ kind: fc.constant('kill' as const), pick: fc.nat(10), scale: fc.boolean() }),
  fc.record({ kind: fc.constant('crash' as const) }),
  fc.record({ kind: fc.constant('disconnect' as const) }),
  fc.record({ kind: fc.constant('cancel' as const), force: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 3, 50, 1_000, 20_000) }),
);

async function make(world: World, what: Trouble): Promise<void> {
  switch (what.kind) {
    case 'scale':
      await world.call('PUT', `/v2/apps/sleep?force=${what.force}`, {
        ...SLEEP,
        instances: what.instances,
      });
      return;
    case 'change':
      await world.call('PUT', `/v2/apps/sleep?force=${what.force}`, { ...SLEEP, mem: what.mem });
      return;
    case 'restart-app':
      await world.call('POST', '/v2/apps/sleep/restart?force=true');
      return;
    case 'end': {
      const alive = world.master.running();
      const task = alive[what.pick % Math.max(alive.length, 1)];
      if (task !== undefined) world.master.update(task.id, what.state);
      return;
    }
    case 'kill': {
      const alive = world.master.running();
      const task = alive[what.pick % Math.max(alive.length, 1)];
      const ids = task === undefined ? [] : [task.id];
      await world.call('POST', `/v2/tasks/delete?scale=${what.scale}&force=true`, { ids });
      return;
    }
    case 'crash':
      await world.restart();
      return;
    case 'disconnect':
      world.master.disconnect();
      return;
    case 'cancel': {
      const [id] = [...world.marathon.machine.state.deployments.keys()];
      if (id !== undefined) await world.call('DELETE', `/v2/deployments/${id}?force=${what.force}`);
      return;
    }
    case 'delete':
      await world.call('DELETE', '/v2/apps/sleep');
      return;
    case 'wait':
      await world.advance(what.ms);
      return;
  }
}

/** What is kept for lists is what would be written now. */
async function checkList(world: World): Promise<void> {
  const { state } = world.marathon.machine;
  const options = { more: new Set<Embed>(), isWhole: true, now: 0 };
  const anew = new AppList().bytes(state, appsOf(state.root), options);
  assert.equal((await world.call('GET', '/v2/apps')).text, anew.toString());
}

test('after any history the wanted number of tasks runs, all of them known', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { maxLength: 25 }), async (history) => {
      const world = await World.start({}, ['a1', 'a2', 'a3']);
      await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
      for (const what of history) {
        await make(world, what);
        await checkList(world);
      }
      // What is lost from sight comes back, as an agent does.
      for (const task of world.master.running()) {
        if (task.state === 'TASK_UNREACHABLE') world.master.update(task.id, 'TASK_RUNNING');
      }
      await world.advance(700_000);
      const { state } = world.marathon.machine;
      const wanted = state.spec(resolvePathId(SLEEP.id))?.instances ?? 0;
      const alive = world.master.running();
      assert.equal(alive.length, wanted, world.marathon.machine.describe());
      assert.equal(state.instances.size, wanted, world.marathon.machine.describe());
      assert.equal(state.deployments.size, 0, world.marathon.machine.describe());
      assert.equal(state.kills.size, 0);
      const known = [...state.instances.all()].map(({ tasks }) => tasks[0]?.id).sort();
      assert.deepEqual(known, alive.map(({ id }) => id).sort());
      assert.ok(world.master.tasks.size < 300);
      await world.stop();
    }),
    { numRuns: 60 },
  );
});
