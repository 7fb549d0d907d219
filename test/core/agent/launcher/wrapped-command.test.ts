/** Command lines in front of which tools of the system run. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { IsolationPlan } from '../../../../core/agent/containerizer/plan.ts';
import {
  isolatedCommandLine,
  wrappedCommandLine,
} from '../../../../core/agent/launcher/wrapped-command.ts';

const PLAN: IsolationPlan = { cgroups: [], rlimits: [], noNewPrivileges: true, watches: [] };
const OTHER = { uid: 65_534, gid: 65_534 };
const ENVIRONMENT = {
  LD_PRELOAD: '/tmp/of-the-user.so',
  PATH: '/usr/bin:/bin',
  MULTI: `two\nlines, "quotes" and $PATH 'too'`,
  'name.with-signs': 'kept',
  EMPTY: '',
};

const printAll = {
  shell: false,
  value: '/usr/bin/env',
  arguments: ['env', '-0'],
  environment: ENVIRONMENT,
};

test('tools that run as root do not see the variables of the user whose task they start', () => {
  for (const lineOf of [isolatedCommandLine, wrappedCommandLine]) {
    const { env, user } = lineOf(printAll, PLAN, { cwd: '/', user: OTHER });
    assert.equal(user, undefined, 'the tools run as root');
    const names = Object.keys(env);
    assert.equal(names.length, Object.keys(ENVIRONMENT).length);
    assert.ok(
      names.every((name) => name.startsWith('ORRERY_CARRIED_')),
      names.join(),
    );
  }
});

test('the task has exactly its environment, whatever is in it', () => {
  const line = isolatedCommandLine(printAll, PLAN, { cwd: '/', user: OTHER });
  // What is behind the tools, as the one who asks.
  const inner = line.args.slice(line.args.indexOf('/bin/sh'));
  const output = execFileSync('/bin/sh', inner.slice(1), {
    env: { ...line.env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const seen = output
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
  const { PWD: _, ...shown } = Object.fromEntries(seen);
  assert.deepEqual(shown, ENVIRONMENT);
});
