/** One test per call that reads what is there: filters, tasks, versions, deployments, delays (spec marathon-rest). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, type World } from '../world.ts';
import {
  appsAre,
  bareApp,
  get,
  groupIs,
  groupShows,
  label,
  lacks,
  length,
  queueOf,
  type Row,
  says,
  shows,
} from './call-checks.ts';
import { blankNames, runRow, worldOfRow } from './call-world.ts';
import { pick } from './rows.ts';

const READS: readonly Row[] = [
  ['cmd in any case', get('/v2/apps?cmd=serve'), 200, appsAre('/g/sleep')],
  ['a part of the id', get('/v2/apps?id=G/SL'), 200, appsAre('/g/sleep')],
  ['both filters', get('/v2/apps?id=sleep&cmd=sleep'), 200, appsAre('/sleep')],
  ['a label', label('tier'), 200, appsAre('/g/sleep')],
  ['a label and its value', label('tier==front'), 200, appsAre('/g/sleep')],
  ['a label that must differ', label('tier != back'), 200, appsAre('/g/sleep')],
  ['a label of a set', label('tier in (front, back)'), 200, appsAre('/g/sleep')],
  ['a label outside a set', label('tier notin (front)'), 200, appsAre()],
  ['two labels', label('tier==front, x'), 200, appsAre('/g/sleep')],
  [
    'half a selector',
    label('tier=front'),
    422,
    ({ text }) => assert.match(text, /Can not parse label selector tier=front\. Reason: /),
  ],
  ['the list', get('/v2/apps'), 200, shows(['apps', 0], ['tasksRunning', 'deployments'])],
  ['the list', get('/v2/apps'), 200, lacks(['apps', 0], ['tasks', 'lastTaskFailure'])],
  ['the list with tasks', get('/v2/apps?embed=apps.tasks'), 200, shows(['apps', 0], ['tasks'])],
  ['an unknown embed', get('/v2/apps?embed=nonsense'), 200, lacks(['apps', 0], ['nonsense'])],
  [
    'statistics',
    get('/v2/apps/sleep?embed=app.taskStats'),
    200,
    ({ body }) => {
      const stats = at(body, 'app', 'tasksStats');
      assert.deepEqual(Object.keys(stats ?? {}), [
        'startedAfterLastScaling',
        'withLatestConfig',
        'totalSummary',
      ]);
      assert.deepEqual(at(stats, 'totalSummary', 'stats', 'counts'), {
        staged: 0,
        running: 2,
        healthy: 0,
        unhealthy: 0,
      });
    },
  ],
  [
    'readiness',
    get('/v2/apps/sleep?embed=readiness'),
    200,
    ({ body }) => assert.deepEqual(at(body, 'app', 'readinessCheckResults'), []),
  ],
  ['one app', get('/v2/apps/sleep'), 200, shows(['app'], ['tasks', 'deployments', 'versionInfo'])],
  ['apps below the root', get('/v2/apps/*'), 200, appsAre('/sleep', '/g/sleep', '/big')],
  ['apps below a group', get('/v2/apps/g/*'), 200, appsAre('/g/sleep')],
  ['a version', ({ version }) => ['GET', `/v2/apps/sleep/versions/${version}`], 200, bareApp],
  [
    'a version in another time zone',
    ({ version }) => ['GET', `/v2/apps/sleep/versions/${version.replace('Z', '%2B00:00')}`],
    200,
    bareApp,
  ],
  [
    'a version there is not',
    get('/v2/apps/sleep/versions/2010-01-01T00:00:00.000Z'),
    404,
    says("App '/sleep' does not exist in version 2010-01-01T00:00:00.000Z"),
  ],
  ['all tasks', get('/v2/tasks'), 200, ({ body }) => assert.equal(length(at(body, 'tasks')), 3)],
  [
    'tasks that are staging',
    get('/v2/tasks?status[]=staging'),
    200,
    ({ body }) => assert.deepEqual(body, { tasks: [] }),
  ],
  [
    'tasks of an unknown status',
    get('/v2/tasks?status=nonsense'),
    200,
    ({ body }) => assert.equal(length(at(body, 'tasks')), 3),
  ],
  [
    'the root group',
    get('/v2/groups'),
    200,
    ({ body }) => {
      groupIs(body, ['/sleep', '/big'], ['/pod'], ['/g']);
      assert.equal(at(body, 'groups', 0, 'enforceRole'), false);
    },
  ],
  ['groups alone', get('/v2/groups?embed=group.groups'), 200, groupShows([], [], ['/g'])],
  ['apps alone', get('/v2/groups?embed=group.apps'), 200, groupShows(['/sleep', '/big'], [], [])],
  ['pods alone', get('/v2/groups?embed=group.pods'), 200, groupShows([], ['/pod'], [])],
  [
    'tasks in a group',
    get('/v2/groups?embed=group.apps&embed=group.apps.tasks'),
    200,
    shows(['apps', 0], ['tasks']),
  ],
  ['apps of all groups', get('/v2/groups/apps'), 200, appsAre('/sleep', '/g/sleep', '/big')],
  [
    'a group in a version',
    ({ groupVersion }) => ['GET', `/v2/groups/versions/${groupVersion}`],
    200,
    ({ body }) => assert.equal(at(body, 'id'), '/'),
  ],
  ['a group version', get('/v2/groups/versions/2010-01-01T00:00:00.000Z'), 404, () => {}],
  ['versions of no group', get('/v2/groups/none/versions'), 404, () => {}],
  [
    'a pod in a version',
    ({ podVersion }) => ['GET', `/v2/pods/pod::versions/${podVersion}`],
    200,
    ({ body }) => assert.equal(at(body, 'id'), '/pod'),
  ],
  [
    'a version of no pod',
    get('/v2/pods/none::versions/2008'),
    404,
    says("Pod '/none' does not exist"),
  ],
  [
    'deployments',
    get('/v2/deployments'),
    200,
    ({ body, text }, { deployment }) => {
      const [first, ...more] = Object.values(body ?? {});
      assert.equal(more.length, 0, text);
      assert.deepEqual(pick(first, ['id', 'affectedApps', 'affectedPods', 'steps']), {
        id: deployment,
        affectedApps: ['/big'],
        affectedPods: [],
        steps: ['Start', 'Scale'].map((kind) => ({
          actions: [{ action: `${kind}Application`, app: '/big' }],
        })),
      });
      assert.deepEqual(pick(first, ['currentActions', 'currentStep', 'totalSteps']), {
        currentActions: [{ action: 'ScaleApplication', app: '/big', readinessCheckResults: [] }],
        currentStep: 2,
        totalSteps: 2,
      });
    },
  ],
  ['the queue', get('/v2/queue'), 200, queueOf([])],
  [
    'the queue with offers',
    get('/v2/queue?embed=lastUnusedOffers'),
    200,
    queueOf(['lastUnusedOffers']),
  ],
];

/** Reading changes nothing: one world is enough. */
let read: Promise<World> | undefined;

for (const row of READS) {
  test(`${row[0]}: ${row[1](blankNames()).join(' ')} answers ${row[2]}`, async () => {
    read ??= worldOfRow();
    await runRow(await read, row);
  });
}
