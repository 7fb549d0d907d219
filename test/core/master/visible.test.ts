/** What is shown to whom: frameworks, tasks, executors, roles and events. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAcls } from '../../../core/auth/acls.ts';
import {
  APPROVES_ALL,
  type Approvers,
  approversFor,
  createAuthorizer,
} from '../../../core/auth/authorizer.ts';
import { namedPrincipal } from '../../../core/auth/principal.ts';
import { agentFullModel } from '../../../core/master/views/agents.ts';
import { tasksDocument } from '../../../core/master/views/documents.ts';
import { rolesDocument } from '../../../core/master/views/roles.ts';
import { statePieces } from '../../../core/master/views/state-document.ts';
import { getTasks } from '../../../core/master/views/v1.ts';
import { visibleState } from '../../../core/master/views/visible.ts';
import { writeJson } from '../../../core/wire/json-text.ts';
import { listAt, textAt } from '../../e2e/support/json.ts';
import { MasterScene, task } from './machine-builder.ts';

function guest(acls: object): Approvers {
  const parsed = parseAcls(acls);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return approversFor(createAuthorizer(parsed.value), namedPrincipal('guest'));
}

const NONE = { type: 'NONE' };

/** Two frameworks of the user `app`, one task of its own user and one of `root` each. */
function busy(): MasterScene {
  const it = new MasterScene();
  const agent = it.agent('a1', 'cpus(web):4;mem:4096;disk:1024;cpus:2');
  const framework = it.subscribe('f', { roles: ['db'] });
  const offer = it.takeOffer('f');
  const rootTask = { ...task('t2', agent), command: { value: 'true', user: 'root' } };
  it.launch(framework, offer, [
    { ...task('t1', agent, 'cpus:0.5;mem:32') },
    { ...rootTask, resources: task('t2', agent, 'cpus:0.5;mem:32').resources },
  ]);
  return it;
}

function shownTo(it: MasterScene, approvers: Approvers): unknown {
  const context = { flags: { port: '5050' }, leader: undefined, approvers };
  return JSON.parse(Buffer.concat([...statePieces(it.state, context)]).toString());
}

test('a user whose tasks are hidden is hidden everywhere, and the rest is shown', () => {
  const it = busy();
  const approvers = guest({
    view_tasks: [{ principals: NONE, users: { values: ['root'] } }],
  });
  const [framework] = listAt(shownTo(it, approvers), 'frameworks');
  assert.deepEqual(
    listAt(framework, 'tasks').map((each) => textAt(each, 'id')),
    ['t1'],
  );
  const seen = visibleState(it.state, approvers);
  assert.equal(getTasks(seen).tasks?.length, 1);
  const query = {
    ...{ from: 0, to: 10, isAscending: true },
    ...{ frameworkId: undefined, taskId: undefined },
  };
  const listed: unknown = JSON.parse(writeJson(tasksDocument(seen, query)));
  assert.equal(listAt(listed, 'tasks').length, 1);
  // The whole state is as it was.
  assert.equal(getTasks(it.state).tasks?.length, 2);
  assert.equal(visibleState(it.state, APPROVES_ALL), it.state);
});

test('a hidden framework takes its tasks with it, and flags are shown by their own right', () => {
  const it = busy();
  const hidden = guest({
    view_frameworks: [{ principals: NONE, users: { values: ['app'] } }],
    view_flags: [{ principals: NONE, flags: { type: 'ANY' } }],
  });
  const shown = shownTo(it, hidden);
  assert.deepEqual(listAt(shown, 'frameworks'), []);
  assert.equal(Reflect.has(Object(shown), 'flags'), false);
  assert.equal(Reflect.has(Object(shownTo(it, APPROVES_ALL)), 'flags'), true);
});

test('a framework of which nothing is hidden is shown from the kept texts', () => {
  const it = busy();
  const approvers = guest({ view_tasks: [{ principals: NONE, users: { values: ['other'] } }] });
  const [[id, framework] = []] = it.state.frameworks;
  assert.ok(id !== undefined);
  assert.equal(visibleState(it.state, approvers).frameworks.get(id), framework);
});

test('reservations for a hidden role are not shown, the sums are', () => {
  const it = busy();
  const approvers = guest({ view_roles: [{ principals: NONE, roles: { values: ['web'] } }] });
  const [agent] = it.state.agents.values();
  assert.ok(agent !== undefined);
  const text = (who: Approvers): string => agentFullModel(it.state, agent, who).text;
  const parsed: unknown = JSON.parse(text(approvers));
  assert.deepEqual(Reflect.get(Object(parsed), 'reserved_resources'), {});
  assert.equal(Reflect.get(Object(Reflect.get(Object(parsed), 'resources')), 'cpus'), 6);
  assert.match(text(APPROVES_ALL), /"reserved_resources":\{"web"/);
  const roles = (who: Approvers): readonly string[] => {
    const document: unknown = JSON.parse(writeJson(rolesDocument(it.state, who, undefined)));
    return listAt(document, 'roles').map((each) => textAt(each, 'name'));
  };
  assert.deepEqual(roles(APPROVES_ALL), ['db', 'web']);
  assert.deepEqual(roles(approvers), ['db']);
});

test('with --roles, exactly these roles, their ancestors and * are listed', () => {
  const it = new MasterScene();
  it.subscribe('s', { roles: ['web'] });
  const names = (whitelist: ReadonlySet<string> | undefined): unknown => {
    const text = writeJson(rolesDocument(it.state, APPROVES_ALL, whitelist));
    return JSON.parse(text).roles.map((role: { readonly name: string }) => role.name);
  };
  assert.deepEqual(names(undefined), ['web']);
  assert.deepEqual(names(new Set(['web', 'eng/build'])), ['*', 'eng', 'eng/build', 'web']);
});
