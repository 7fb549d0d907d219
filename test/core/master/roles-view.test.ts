/** What the endpoints show of roles, after the original's own tests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APPROVES_ALL } from '../../../core/auth/authorizer.ts';
import { rolesDocument, rolesV1 } from '../../../core/master/views/roles.ts';
import { MasterScene, task } from './machine-builder.ts';

const LASTING = { failoverTimeout: 1_000, checkpoint: true };

test('a framework counts to a role it has left as long as it holds something of it', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = it.subscribe('f', { ...LASTING, roles: ['foo'] });
  it.launch(id, it.takeOffer('f'), [task('t1', agent)]);
  it.update('a1', { framework: id, id: 't1', agent }, 'TASK_RUNNING');
  it.subscribe('g', { ...LASTING, id, roles: [] });
  const [shown] = rolesV1(it.state, APPROVES_ALL, undefined);
  assert.deepEqual([shown?.name, shown?.frameworks], ['foo', [{ value: id }]]);
  assert.match(JSON.stringify(rolesDocument(it.state, APPROVES_ALL, undefined)), /\["M-0000"\]/);
  it.update('a1', { framework: id, id: 't1', agent }, 'TASK_FINISHED');
  assert.deepEqual(rolesV1(it.state, APPROVES_ALL, undefined), []);
});
