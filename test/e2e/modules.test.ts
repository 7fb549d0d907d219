/** Modules as an operator uses them: flags of real daemons, and what a task then sees. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { at, listAt, textAt } from './support/json.ts';
import {
  eventually,
  http,
  PROJECT,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

const file = join(PROJECT, 'examples/modules/examples.ts');

function modulesFlag(
  parameters: Readonly<Record<string, Readonly<Record<string, string>>>>,
): string {
  const modules = Object.entries(parameters).map(([name, each]) => ({
    name,
    parameters: Object.entries(each).map(([key, value]) => ({ key, value })),
  }));
  return `--modules=${JSON.stringify({ libraries: [{ file, modules }] })}`;
}

const team = { org_example_TeamLabel: { team: 'web' } };

test('hooks of master and agent label a task and add to its environment', async (t) => {
  const directory = await temporaryDirectory('modules');
  t.after(() => removeDirectory(directory));
  const running = join(directory, 'running');
  const cluster = await SmallCluster.start(t, 'modules', {
    masterFlags: [
      modulesFlag({
        ...team,
        org_example_Lottery: {},
        org_example_RunningFile: { file: running },
      }),
      '--hooks=org_example_TeamLabel',
      '--allocator=org_example_Lottery',
    ],
    agentFlags: [modulesFlag(team), '--hooks=org_example_TeamLabel'],
  });
  assert.equal(readFileSync(running, 'utf8'), 'running\n');
  const output = join(directory, 'output');
  const execute = startOrrery([
    'execute',
    `--master=127.0.0.1:${cluster.masterPort}`,
    '--name=labelled',
    `--command=echo "team $TEAM" > ${output}`,
  ]);
  t.after(() => execute.stop('SIGKILL'));
  const code = await eventually(
    'the task ends',
    () => execute.child.exitCode ?? undefined,
    () => execute.output() + cluster.output(),
  );
  assert.equal(code, 0, execute.output());
  assert.equal(readFileSync(output, 'utf8'), 'team web\n');
  const tasks = listAt((await http('GET', `${cluster.masterUrl}/tasks`)).body, 'tasks');
  const task = tasks.find((each) => textAt(each, 'name') === 'labelled');
  assert.deepEqual(at(task, 'labels'), [{ key: 'team', value: 'web' }]);
});

test('modules say who comes in, what they may do, and how tasks are isolated', async (t) => {
  const directory = await temporaryDirectory('modules');
  t.after(() => removeDirectory(directory));
  const credential = join(directory, 'credential');
  writeFileSync(credential, JSON.stringify({ principal: 'agent', secret: 'none' }), {
    mode: 0o600,
  });
  const cluster = await SmallCluster.start(t, 'modules', {
    masterFlags: [
      modulesFlag({
        org_example_Badge: { word: 'sesame' },
        org_example_Guests: {},
        org_example_Believe: {},
      }),
      '--authenticate_http_readwrite',
      '--http_authenticators=org_example_Badge',
      '--authorizers=org_example_Guests',
      '--authenticate_agents',
      '--authenticators=org_example_Believe',
    ],
    agentFlags: [
      modulesFlag({ org_example_Claim: {}, org_example_FewFiles: { files: '77' } }),
      '--authenticatee=org_example_Claim',
      `--credential=${credential}`,
      '--isolation=posix/cpu,posix/mem,org_example_FewFiles',
    ],
  });
  const setWeight = (badge: string | undefined): Promise<Response> =>
    fetch(`${cluster.masterUrl}/weights`, {
      method: 'PUT',
      body: JSON.stringify([{ role: 'web', weight: 2 }]),
      headers: badge === undefined ? {} : { authorization: `Badge ${badge}` },
    });
  const stranger = await setWeight(undefined);
  assert.equal(stranger.status, 401);
  const challenge = 'Badge realm="mesos-master-readwrite"';
  assert.equal(stranger.headers.get('www-authenticate'), challenge);
  assert.equal((await setWeight('boss:wrong')).status, 401);
  assert.equal((await setWeight('guest:sesame')).status, 403);
  assert.equal((await setWeight('boss:sesame')).status, 200);

  const output = join(directory, 'output');
  const execute = startOrrery([
    'execute',
    `--master=127.0.0.1:${cluster.masterPort}`,
    '--name=few',
    `--command=echo "$(ulimit -n) $FEW_FILES" > ${output}`,
  ]);
  t.after(() => execute.stop('SIGKILL'));
  const code = await eventually(
    'the task ends',
    () => execute.child.exitCode ?? undefined,
    () => execute.output() + cluster.output(),
  );
  assert.equal(code, 0, execute.output());
  assert.equal(readFileSync(output, 'utf8'), '77 77\n');
});

test('a daemon does not start with a hook that is no module', async (t) => {
  const directory = await temporaryDirectory('modules');
  t.after(() => removeDirectory(directory));
  const master = startOrrery([
    'master',
    '--ip=127.0.0.1',
    '--port=0',
    `--work_dir=${directory}`,
    '--hooks=org_example_Nobody',
  ]);
  t.after(() => master.stop('SIGKILL'));
  const code = await eventually(
    'the master ends',
    () => master.child.exitCode ?? undefined,
    () => master.output(),
  );
  assert.equal(code, 1);
  assert.match(master.output(), /--hooks names 'org_example_Nobody', which is not built in/);
});
