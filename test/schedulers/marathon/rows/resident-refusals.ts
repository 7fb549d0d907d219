/** What apps with persistent volumes may not ask for (spec marathon-app-model, section 4.1), one row each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESIDENT_APP as DB, RESIDENT_FLAGS as FLAGS } from '../resident-app.ts';
import { at, World } from '../world.ts';

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['a role for all', { role: '*' }, '/role', 'Resident apps cannot have the role *'],
  [
    'reserved resources',
    { acceptedResourceRoles: ['stateful'] },
    '/acceptedResourceRoles',
    'A resident app must have `acceptedResourceRoles = ["*"]`.',
  ],
  [
    'giving up unreachable instances',
    { unreachableStrategy: { inactiveAfterSeconds: 1, expungeAfterSeconds: 2 } },
    '/',
    'unreachableStrategy must be disabled for resident tasks',
  ],
  [
    'more instances than wanted',
    { upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 } },
    '/upgradeStrategy/maximumOverCapacity',
    'got 0.5, expected 0.0',
  ],
];

for (const [what, more, path, message] of REFUSED) {
  test(`a resident app may not have ${what}`, async () => {
    const world = await World.start(FLAGS);
    const answer = await world.call('POST', '/v2/apps', { ...DB, ...more });
    assert.equal(answer.status, 422);
    const details = at(answer.body, 'details');
    assert.ok(Array.isArray(details));
    assert.ok(
      details.some(
        (each) => at(each, 'path') === path && answer.text.includes(JSON.stringify(message)),
      ),
      answer.text,
    );
    await world.stop();
  });
}

const VOLUMES: readonly (readonly [object, string, string])[] = [
  [{ containerPath: '/data' }, '/containerPath', 'value must not contain "/"'],
  [{ mode: 'RO' }, '/mode', 'is not one of (RW)'],
  [{ persistent: { size: 0 } }, '/persistent/size', 'error.min'],
  [
    { persistent: { size: 1, constraints: [['path', 'LIKE', 'x']] } },
    '/persistent',
    'Constraints on root volumes are not supported',
  ],
  [{ persistent: { size: 1, maxSize: 2 } }, '/persistent', 'Only mount volumes can have maxSize'],
  [
    { persistent: { type: 'mount', size: 2, maxSize: 2 } },
    '/persistent',
    'Max size must be larger than size',
  ],
  [
    { persistent: { type: 'path', size: 2, constraints: [['path', 'IS', 'x']] } },
    '/persistent/constraints(0)',
    'Operator must be one of LIKE, UNLIKE',
  ],
];

for (const [more, path, message] of VOLUMES) {
  test(`a persistent volume is refused: ${message}`, async () => {
    const world = await World.start(FLAGS);
    const volume = { containerPath: 'data', mode: 'RW', persistent: { size: 1 }, ...more };
    const container = { type: 'MESOS', volumes: [volume] };
    const answer = await world.call('POST', '/v2/apps', { ...DB, container });
    assert.equal(answer.status, 422);
    assert.deepEqual(at(answer.body, 'details'), [
      { path: `/container/volumes(0)${path}`, errors: [message] },
    ]);
    await world.stop();
  });
}
