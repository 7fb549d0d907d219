/** Command lines in front of which tools of the system run. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { IsolationPlan } from '../../../../core/agent/containerizer/plan.ts';
import {
  isolatedCommandLine,
  plainCommandLine,
  switchedLine,
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

const MEMBERS = { PATH: ENVIRONMENT.PATH, MULTI: ENVIRONMENT.MULTI };

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

test('what Node starts for a user with further groups has them, and its environment', ({
  skip,
}) => {
  if (process.getuid?.() !== 0) {
    skip('only root may switch to other users');
    return;
  }
  const value = 'id -u; id -G; printf %s "$MULTI"';
  const command = { ...printAll, shell: true, value, arguments: [], environment: MEMBERS };
  const line = switchedLine(plainCommandLine(command, { ...OTHER, groups: [27, 30] }));
  assert.equal(line.user, undefined);
  const { PATH: _, ...outer } = line.env;
  const output = execFileSync(line.file, line.args, { env: outer, encoding: 'utf8' });
  assert.equal(output, `65534\n65534 27 30\n${ENVIRONMENT.MULTI}`);
});

test('a user without further groups is switched to by Node', () => {
  const line = plainCommandLine(printAll, OTHER);
  assert.equal(switchedLine(line), line);
});
