import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemUsers } from '../../../core/agent/users.ts';

test('users have their own group and those they are members of', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'users-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const files = { users: join(folder, 'passwd'), groups: join(folder, 'group') };
  writeFileSync(files.users, 'ann:x:1:10::/:/bin/sh\nbob:x:2:20::/:/bin/sh\nann:x:9:9::/:\n');
  writeFileSync(files.groups, 'ann:x:10:ann\nweb:x:30:bob,ann\nlog:x:40:ann\nempty:x:50:\n');
  const users = new SystemUsers(files);
  assert.deepEqual(users.find('ann'), { name: 'ann', uid: 1, gid: 10, groups: [30, 40] });
  assert.deepEqual(users.find('bob'), { name: 'bob', uid: 2, gid: 20, groups: [30] });
  appendFileSync(files.groups, 'more:x:60:bob\n');
  assert.deepEqual(users.find('bob')?.groups, [30, 60]);
});
