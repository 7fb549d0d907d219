/** Rolling upgrades: the arithmetic by table, the invariants for any strategy and any trouble. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { upgradeLimits } from '../../../schedulers/marathon/machine/rolling-upgrade.ts';
import { SLEEP, World } from './world.ts';

test('the limits are those of the documented table', () => {
  const rows: readonly (readonly number[])[] = [
    // target, minimum, over, healthy, killNow, maxCapacity
    [3, 1, 1, 3, 0, 6],
    [3, 1, 0, 3, 0, 4],
    [4, 0.5, 0, 4, 2, 4],
    [10, 0.9, 0, 10, 1, 10],
    [1, 0, 0, 1, 1, 1],
    [3, 1, 0.7, 3, 0, 5],
    [100, 0.07, 0, 100, 93, 100],
  ];
  for (const [target = 0, minimum = 0, over = 0, healthy = 0, killNow, maxCapacity] of rows) {
    const limits = upgradeLimits(
      { minimumHealthCapacity: minimum, maximumOverCapacity: over },
      { target, healthy, current: healthy, isResident: false },
    );
    assert.deepEqual(
      [limits.killNow, limits.maxCapacity],
      [killNow, maxCapacity],
      `${target} ${minimum} ${over}`,
    );
  }
});

test('a resident app gives one instance up where others would start one more', () => {
  const limits = upgradeLimits(
    { minimumHealthCapacity: 1, maximumOverCapacity: 0 },
    { target: 3, healthy: 3, current: 3, isResident: true },
  );
  assert.deepEqual([limits.killNow, limits.maxCapacity], [1, 3]);
});

test('more instances than wanted are killed at once', () => {
  const limits = upgradeLimits(
    { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    { target: 3, healthy: 2, current: 6, isResident: false },
  );
  assert.equal(limits.killNow, 3);
});

test('an upgrade never falls below its minimum, never exceeds its maximum, and ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(0, 0.3, 0.5, 0.8, 1),
      fc.constantFrom(0, 0.2, 0.5, 1),
      async (instances, minimumHealthCapacity, maximumOverCapacity) => {
        const world = await World.start();
        const upgradeStrategy = { minimumHealthCapacity, maximumOverCapacity };
        await world.call('POST', '/v2/apps', { ...SLEEP, instances, upgradeStrategy });
        await world.advance(30_000);
        assert.equal(world.master.running('sleep').length, instances);
        const minimum = Math.ceil(instances * minimumHealthCapacity);
        const capacity = Math.floor(instances * (1 + maximumOverCapacity));
        const maximum = minimum === capacity ? capacity + 1 : capacity;
        await world.call('PUT', '/v2/apps/sleep', { cmd: 'sleep 2000' });
        for (let step = 0; step < 2_000; step += 1) {
          const alive = world.master.running('sleep');
          const running = alive.filter(({ state }) => state === 'TASK_RUNNING').length;
          assert.ok(running >= minimum, `${running} of at least ${minimum}`);
          assert.ok(alive.length <= maximum, `${alive.length} of at most ${maximum}`);
          await world.advance(50);
          if (world.marathon.machine.state.deployments.size === 0) break;
        }
        const commands = world.master.running('sleep').map(({ info }) => info.command?.value);
        assert.deepEqual(commands, Array(instances).fill('sleep 2000'));
        await world.stop();
      },
    ),
    { numRuns: 25 },
  );
});

test('an unhealthy app is replaced even where there is no room for one more', async () => {
  const world = await World.start();
  const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 0 };
  const crashing = { ...SLEEP, instances: 2, upgradeStrategy, backoffSeconds: 3_000 };
  world.master.firstState = 'TASK_FAILED';
  await world.call('POST', '/v2/apps', crashing);
  await world.advance(10_000);
  world.master.firstState = 'TASK_RUNNING';
  const changed = await world.call('PUT', '/v2/apps/sleep?force=true', { cmd: 'sleep 1' });
  assert.equal(changed.status, 200);
  await world.advance(30_000);
  assert.equal(world.master.running('sleep').length, 2);
  assert.equal(world.marathon.machine.state.deployments.size, 0);
  await world.stop();
});

test('an upgrade ends though an old instance had ended by itself when it began', async () => {
  const world = await World.start();
  const upgradeStrategy = { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 };
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2, upgradeStrategy });
  await world.advance(1_000);
  world.master.update(world.master.running('sleep')[0]?.id ?? '', 'TASK_FAILED');
  await world.advance(1);
  await world.call('POST', '/v2/apps/sleep/restart');
  await world.advance(60_000);
  assert.equal(world.marathon.machine.state.deployments.size, 0);
  assert.equal(world.master.running('sleep').length, 2);
  await world.stop();
});

test('an old instance serves on until enough new ones are ready', async () => {
  const world = await World.start();
  const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 1 };
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2, upgradeStrategy });
  await world.advance(5_000);
  world.master.probeStatus = 503;
  await world.call('PUT', '/v2/apps/sleep', {
    instances: 4,
    portDefinitions: [{ port: 0, name: 'http-api' }],
    readinessChecks: [{ intervalSeconds: 5, timeoutSeconds: 2 }],
  });
  await world.advance(10_000);
  const hosts = [...new Set(world.master.probes.map((url) => new URL(url).host))];
  assert.equal(hosts.length, 4);
  const runningWithReady: number[] = [];
  for (const host of hosts) {
    world.master.probeStatusOf.set(host, 200);
    await world.advance(10_000);
    runningWithReady.push(world.master.running('sleep').length);
  }
  assert.deepEqual(runningWithReady, [6, 6, 5, 4]);
  await world.stop();
});

test('a Marathon that takes over in an upgrade kills nothing whose health it has not heard of', async () => {
  const world = await World.start();
  const healthChecks = [
    { protocol: 'HTTP', path: '/', gracePeriodSeconds: 300, intervalSeconds: 60 },
  ];
  const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 0 };
  const app = { ...SLEEP, instances: 2, healthChecks, upgradeStrategy };
  await world.call('POST', '/v2/apps', app);
  await world.advance(60_000);
  assert.equal(world.master.running('sleep').length, 2);
  // Nothing new can start, so the two must serve on.
  world.master.firstState = 'TASK_STAGING';
  await world.call('PUT', '/v2/apps/sleep', { cmd: 'sleep 1' });
  await world.restart();
  assert.deepEqual(world.master.callsOf('KILL'), []);
  await world.stop();
});
