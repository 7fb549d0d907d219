/** One test per call that changes what is there: tasks, versions, deployments, delays (spec marathon-rest). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../world.ts';
import {
  deployed,
  instancesOf,
  killed,
  type Row,
  rolledBack,
  says,
  tasksAre,
} from './call-checks.ts';
import { blankNames, runRow, worldOfRow } from './call-world.ts';
import { pick } from './rows.ts';

const WRITES: readonly Row[] = [
  [
    'one task',
    ({ task }) => ['DELETE', `/v2/apps/sleep/tasks/${task}`],
    200,
    ({ body }, { task }) => assert.equal(at(body, 'task', 'id'), task),
  ],
  [
    'one task for good',
    ({ task }) => ['DELETE', `/v2/apps/sleep/tasks/${task}?scale=true`],
    200,
    instancesOf('/sleep', 1),
  ],
  [
    'both ways to kill',
    ({ task }) => ['DELETE', `/v2/apps/sleep/tasks/${task}?scale=true&wipe=true`],
    400,
    says('You cannot use scale and wipe at the same time.'),
  ],
  [
    'both ways to kill a task that there is not',
    () => ['DELETE', '/v2/apps/none/tasks/none.x?scale=true&wipe=true'],
    400,
    says('You cannot use scale and wipe at the same time.'),
  ],
  [
    'all tasks of an app',
    () => ['DELETE', '/v2/apps/sleep/tasks?host=*'],
    200,
    tasksAre(({ task, otherTask }) => [task, otherTask]),
  ],
  ['tasks on no host', () => ['DELETE', '/v2/apps/sleep/tasks?host=none'], 200, tasksAre(() => [])],
  [
    'all tasks for good',
    () => ['DELETE', '/v2/apps/sleep/tasks?scale=true'],
    200,
    instancesOf('/sleep', 0),
  ],
  [
    'tasks by id',
    ({ task }) => ['POST', '/v2/tasks/delete', { ids: [task] }],
    200,
    tasksAre(({ task }) => [task]),
  ],
  [
    'tasks by id for good',
    ({ task, otherTask }) => ['POST', '/v2/tasks/delete?scale=true', { ids: [task, otherTask] }],
    200,
    instancesOf('/sleep', 0),
  ],
  [
    'tasks there are not',
    () => ['POST', '/v2/tasks/delete', { ids: ['a.6f377a47-9bb5-11e4-93fa-56847afe9799'] }],
    200,
    tasksAre(() => []),
  ],
  [
    'what is no id of a task',
    () => ['POST', '/v2/tasks/delete', { ids: ['x'] }],
    400,
    ({ text }) => assert.match(text, /Invalid task id 'x'\. \[/),
  ],
  [
    'ids that are none',
    () => ['POST', '/v2/tasks/delete', { ids: 'x' }],
    422,
    says('Invalid JSON'),
  ],
  [
    'an instance of a pod',
    ({ podInstance }) => ['DELETE', `/v2/pods/pod::instances/${podInstance}`],
    200,
    killed([]),
  ],
  [
    'instances of a pod',
    ({ podInstance }) => ['DELETE', '/v2/pods/pod::instances', [podInstance]],
    200,
    killed([0]),
  ],
  [
    'an instance that is not there',
    () => ['DELETE', '/v2/pods/pod::instances/pod.instance-6f377a47-9bb5-11e4-93fa-56847afe9799'],
    404,
    says("Task 'pod.instance-6f377a47-9bb5-11e4-93fa-56847afe9799' does not exist"),
  ],
  [
    'a deployment',
    ({ deployment }) => ['DELETE', `/v2/deployments/${deployment}`],
    200,
    rolledBack,
  ],
  [
    'a deployment, by force',
    ({ deployment }) => ['DELETE', `/v2/deployments/${deployment}?force=true`],
    202,
    async ({ text }, _names, world) => {
      assert.equal(text, '');
      assert.equal((await world.call('GET', '/v2/apps/big')).status, 200);
      assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
    },
  ],
  ['a delay', () => ['DELETE', '/v2/queue/big/delay'], 204, ({ text }) => assert.equal(text, '')],
  [
    'a locked app',
    () => ['PUT', '/v2/apps/big', { mem: 1 }],
    409,
    ({ body }, { deployment }) => {
      const message =
        "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.";
      assert.deepEqual(body, { message, deployments: [{ id: deployment }] });
    },
  ],
  ['a locked app, by force', () => ['PUT', '/v2/apps/big?force=true', { mem: 1 }], 200, deployed],
  ['a locked app, deleted', () => ['DELETE', '/v2/apps/big'], 200, deployed],
  ['a locked app, not deleted', () => ['DELETE', '/v2/apps/big?force=false'], 409, () => {}],
  [
    'an app that is named like a restart',
    () => ['DELETE', '/v2/apps/sleep/restart'],
    404,
    says("App '/sleep/restart' does not exist"),
  ],
  [
    'an update without id',
    () => ['PUT', '/v2/apps', [{ mem: 64 }]],
    422,
    says('requirement failed: App Update must have app id set'),
  ],
  [
    'an update without id beside wrong types',
    () => ['PUT', '/v2/apps', [{ mem: 64 }, { id: '/a', cpus: 'many' }]],
    422,
    says('Invalid JSON'),
  ],
  [
    'an update without id behind one that breaks rules',
    () => ['PATCH', '/v2/apps', [{ id: '/sleep', cmd: 'a', args: ['b'] }, { mem: 64 }]],
    422,
    says('Object is not valid'),
  ],
  [
    'a definition without id that replaces another',
    () => ['PUT', '/v2/apps?partialUpdate=false', [{ cmd: 'sleep 5' }]],
    422,
    ({ body }) =>
      assert.deepEqual(body, {
        message: 'Invalid JSON',
        details: [{ path: '(0)/id', errors: ['error.path.missing'] }],
      }),
  ],
  [
    'an app that replaces another',
    () => ['PUT', '/v2/apps/sleep?partialUpdate=false', { cmd: 'sleep 5' }],
    200,
    async (answer, _names, world) => {
      deployed(answer);
      const { body } = await world.call('GET', '/v2/apps/sleep');
      assert.deepEqual(pick(at(body, 'app'), ['instances', 'cpus', 'mem']), {
        instances: 1,
        cpus: 1,
        mem: 128,
      });
    },
  ],
  [
    'an app back in an earlier version',
    ({ version }) => ['PUT', '/v2/apps/sleep', { version }],
    200,
    deployed,
  ],
  [
    'a version and more',
    ({ version }) => ['PUT', '/v2/apps/sleep', { version, mem: 1 }],
    422,
    says("The 'version' field may only be combined with the 'id' field."),
  ],
  [
    'a dry run',
    () => ['PUT', '/v2/groups/g?dryRun=true', { scaleBy: 2 }],
    200,
    async ({ body }, _names, world) => {
      const actions = [{ action: 'ScaleApplication', app: '/g/sleep' }];
      assert.deepEqual(body, { steps: [{ actions }] });
      const { body: app } = await world.call('GET', '/v2/apps/g/sleep');
      assert.equal(at(app, 'app', 'instances'), 1);
    },
  ],
  [
    'a group back in an earlier version',
    ({ groupVersion }) => ['PUT', '/v2/groups?force=true', { version: groupVersion }],
    200,
    deployed,
  ],
  [
    'a group, scaled',
    () => ['PUT', '/v2/groups/g', { scaleBy: 1.5 }],
    200,
    instancesOf('/g/sleep', 2),
  ],
];

for (const row of WRITES) {
  const [method, url, body] = row[1](blankNames());
  const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  test(`${row[0]}: ${method} ${url}${sent} answers ${row[2]}`, async () => {
    const world = await worldOfRow();
    await runRow(world, row);
    await world.stop();
  });
}
