import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownCgroupFile } from '../../../../core/agent/launcher/grace-period.ts';

const MOUNT = '37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer';

test("a process's own freezer cgroup is found below the hierarchy's mount", () => {
  assert.equal(ownCgroupFile('6:freezer:/', MOUNT), '/sys/fs/cgroup/freezer/cgroup.procs');
  assert.equal(ownCgroupFile('6:freezer:/a', MOUNT), '/sys/fs/cgroup/freezer/a/cgroup.procs');
  const shared = '37 31 0:34 /box /cg rw - cgroup cgroup rw,devices,freezer';
  assert.equal(ownCgroupFile('6:devices,freezer:/box/a', shared), '/cg/a/cgroup.procs');
});

test('what is not below the mount, or not there, is not found', () => {
  const inside = '37 31 0:34 /box /cg rw - cgroup cgroup rw,freezer';
  assert.equal(ownCgroupFile('6:freezer:/boxes', inside), undefined);
  assert.equal(ownCgroupFile('0::/user', MOUNT), undefined);
  assert.equal(ownCgroupFile('6:freezer:/', '30 1 0:3 / /sys rw - cgroup2 cgroup2 rw'), undefined);
});
