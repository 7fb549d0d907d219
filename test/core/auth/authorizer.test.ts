/** The rules of spec ha-and-security, section 6, as tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAcls } from '../../../core/auth/acls.ts';
import {
  type Approvers,
  allows,
  approversFor,
  createAuthorizer,
  matches,
} from '../../../core/auth/authorizer.ts';
import { namedPrincipal } from '../../../core/auth/principal.ts';

const SOME = { type: 'SOME', values: ['a', 'b'] } as const;
const ANY = { type: 'ANY', values: [] } as const;
const NONE = { type: 'NONE', values: [] } as const;

test('an entity speaks of what is asked as the table of the specification says', () => {
  const row = (asked: string | undefined): readonly boolean[] =>
    [SOME, ANY, NONE].map((entity) => matches(asked, entity));
  assert.deepEqual(row('a'), [true, true, true]);
  assert.deepEqual(row('z'), [false, true, true]);
  assert.deepEqual(row(undefined), [false, true, true]);
});

test('an entity allows what is asked as the table of the specification says', () => {
  const row = (asked: string | undefined): readonly boolean[] =>
    [SOME, ANY, NONE].map((entity) => allows(asked, entity));
  assert.deepEqual(row('a'), [true, true, false]);
  assert.deepEqual(row('z'), [false, true, false]);
  assert.deepEqual(row(undefined), [false, true, false]);
});

function who(acls: unknown, principal: string | undefined): Approvers {
  const parsed = parseAcls(acls);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  const subject = principal === undefined ? undefined : namedPrincipal(principal);
  return approversFor(createAuthorizer(parsed.value), subject);
}

const EXAMPLE = {
  permissive: true,
  register_frameworks: [
    { principals: { values: ['foo'] }, roles: { values: ['developer', 'operation'] } },
    { principals: { values: ['bar'] }, roles: { values: ['barOnlyRole'] } },
    { principals: { type: 'NONE' }, roles: { values: ['barOnlyRole'] } },
  ],
  run_tasks: [
    { principals: { values: ['a', 'b'] }, users: { values: ['abUser'] } },
    { principals: { values: ['c'] }, users: { values: ['cUser'] } },
    { principals: { values: ['c'] }, users: { type: 'NONE' } },
    { principals: { type: 'ANY' }, users: { values: ['guest'] } },
    { principals: { type: 'NONE' }, users: { values: ['root'] } },
  ],
  shutdown_frameworks: [{ principals: { values: ['ops'] }, framework_principals: { type: 'ANY' } }],
};

test('the example of the specification means what is said of it', () => {
  const asks: readonly (readonly [string | undefined, 'roles' | 'users', string, boolean])[] = [
    ['foo', 'roles', 'developer', true],
    ['bar', 'roles', 'barOnlyRole', true],
    ['foo', 'roles', 'barOnlyRole', false],
    [undefined, 'roles', 'barOnlyRole', false],
    ['foo', 'roles', 'unheard-of', true],
    ['a', 'users', 'abUser', true],
    ['c', 'users', 'cUser', true],
    ['c', 'users', 'guest', false],
    ['d', 'users', 'guest', true],
    ['d', 'users', 'root', false],
    ['c', 'users', 'root', false],
    [undefined, 'users', 'guest', true],
  ];
  for (const [principal, kind, object, expected] of asks) {
    const action = kind === 'roles' ? 'register_frameworks' : 'run_tasks';
    const answer = who(EXAMPLE, principal).approved(action, object);
    assert.equal(answer, expected, `${principal} ${action} ${object}`);
  }
  assert.equal(who(EXAMPLE, 'ops').approved('teardown_frameworks', 'marathon'), true);
  assert.equal(who(EXAMPLE, 'ops').approved('teardown_frameworks'), true);
});

test('without a match the ACLs are as permissive as they say', () => {
  assert.equal(who({}, 'a').approved('run_tasks', 'u'), true);
  assert.equal(who({ permissive: false }, 'a').approved('run_tasks', 'u'), false);
  // The book writes a text.
  assert.equal(who({ permissive: 'false' }, 'a').approved('run_tasks', 'u'), false);
});

test('a role with a percent sign stands for all roles below it, and not for itself', () => {
  const acls = {
    permissive: false,
    reserve_resources: [{ principals: { values: ['p'] }, roles: { values: ['eng/%'] } }],
    update_quotas: [
      { principals: { values: ['p'] }, roles: { type: 'NONE', values: ['eng/%'] } },
      { principals: { type: 'ANY' }, roles: { type: 'ANY' } },
    ],
    run_tasks: [{ principals: { values: ['p'] }, users: { values: ['eng/%'] } }],
  };
  const it = who(acls, 'p');
  assert.equal(it.approved('reserve_resources', 'eng/web'), true);
  assert.equal(it.approved('reserve_resources', 'eng/web/front'), true);
  assert.equal(it.approved('reserve_resources', 'eng'), false);
  assert.equal(it.approved('reserve_resources', 'engine'), false);
  assert.equal(it.approved('reserve_resources'), false);
  assert.equal(who(acls, 'q').approved('reserve_resources', 'eng/web'), false);
  assert.equal(it.approved('update_quotas', 'eng/web'), false);
  const several = { values: ['ops', 'eng/%', 'qa/%'] };
  const mixed = who(
    { permissive: false, view_roles: [{ principals: several, roles: several }] },
    'ops',
  );
  const seen = ['ops', 'eng/web', 'qa/a/b'];
  for (const role of seen) assert.equal(mixed.approved('view_roles', role), true, role);
  for (const role of ['eng', 'ops/a'])
    assert.equal(mixed.approved('view_roles', role), false, role);
  // Users have no hierarchy.
  assert.equal(it.approved('run_tasks', 'eng/web'), false);
  assert.equal(it.approved('run_tasks', 'eng/%'), true);
});

test('what makes no sense ends the start with a sentence', () => {
  const errorOf = (acls: unknown): string => {
    const parsed = parseAcls(acls);
    return parsed.ok ? 'accepted' : parsed.error;
  };
  const anyone = { type: 'ANY' };
  assert.equal(
    errorOf({ mark_agents_gone: [{ principals: anyone, agents: { values: ['S0'] } }] }),
    'ACL.MarkAgentGone type must be either NONE or ANY',
  );
  assert.equal(
    errorOf({ get_endpoints: [{ principals: anyone, paths: { values: ['/state'] } }] }),
    "Path: '/state' is not an authorizable path",
  );
  for (const name of ['run_task', 'constructor']) {
    assert.equal(errorOf({ [name]: [] }), `Failed to parse ACLs: there is no list '${name}'`);
  }
  assert.match(errorOf({ run_tasks: [{ users: anyone }] }), /^Failed to parse ACLs: .*principals/);
  assert.equal(errorOf([]), 'Failed to parse ACLs: Expecting a JSON object');
});

test('old names of lists count', () => {
  const none = { type: 'NONE' };
  const acls = {
    register_slaves: [{ principals: none, agents: { type: 'ANY' } }],
    set_quotas: [{ principals: none, roles: { values: ['a'] } }],
    remove_quotas: [{ principals: none, quota_principals: { type: 'ANY' } }],
  };
  const it = who(acls, 'p');
  assert.equal(it.approved('register_agents'), false);
  assert.equal(it.approved('update_quotas', 'a'), false);
  assert.equal(it.approved('update_quotas', 'b'), false);
});

test('an executor may act below its own container only, whatever the ACLs say', () => {
  const parsed = parseAcls({});
  assert.ok(parsed.ok);
  const principal = { value: undefined, claims: { fid: 'f', eid: 'e', cid: 'c1' } };
  const it = approversFor(createAuthorizer(parsed.value), principal);
  assert.equal(it.approvedFor('wait_nested_containers', 'root', 'c1'), true);
  assert.equal(it.approvedFor('wait_nested_containers', 'root', 'c2'), false);
  assert.equal(it.approvedFor('view_containers', 'root', 'c1'), false);
  assert.equal(it.approved('view_flags'), false);
  assert.equal(approversFor(undefined, principal).approved('view_flags'), true);
});
