/** The external containerizer with a program that makes processes. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DockerFramework } from './support/docker-tasks.ts';
import { at } from './support/json.ts';
import { eventually, PROJECT, removeDirectory, temporaryDirectory } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

test('an external program launches, recovers, destroys and tells the end of containers', async (t) => {
  const directory = await temporaryDirectory('external-program');
  const path = join(directory, 'program');
  const program = join(PROJECT, 'test/e2e/support/external-program.ts');
  // It is started anew for each command, and loads much.
  const cache = process.env['NODE_COMPILE_CACHE'];
  const environment = cache === undefined ? '' : `export NODE_COMPILE_CACHE='${cache}'\n`;
  const script = `#!/bin/sh\nexport EXTERNAL_DIRECTORY=${directory}\n${environment}exec ${process.execPath} ${program} "$@"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  const agentFlags = ['--containerizers=external', `--containerizer_path=${path}`];
  const cluster = await SmallCluster.start(t, 'external', { agentFlags });
  t.after(() => removeDirectory(directory));
  const framework = await DockerFramework.start(cluster, 'external');
  const commands = (): readonly string[] =>
    readFileSync(join(directory, 'commands'), 'utf8').split('\n');
  const count = (command: string): number => commands().filter((each) => each === command).length;
  const said = (): string => `${commands().join(' ')}\n${cluster.output()}`;
  const executor = (id: string, value: string): object => ({
    executor: { executor_id: { value: id }, command: { value } },
    command: undefined,
    container: undefined,
  });

  await t.test('an executor that ends is told with its status', async () => {
    const value = 'echo $MESOS_EXECUTOR_ID $MESOS_WORK_DIRECTORY; exit 5';
    await framework.launch('one', { task: executor('first', value) });
    const failure = await framework.session.next('the end', ({ type }) => type === 'FAILURE');
    assert.equal(at(failure, 'failure', 'status'), 5 << 8);
    await framework.until('one', 'TASK_FAILED');
    const printed = readFileSync(join(framework.sandbox('first'), 'stdout'), 'utf8');
    assert.equal(printed, `first ${cluster.agentDirectory}\n`);
  });

  await t.test('a launch that fails fails the task with the status of the program', async () => {
    await framework.launch('two', { task: executor('second', 'refuse') });
    const status = await framework.until('two', 'TASK_FAILED');
    const why = 'External containerizer failed to launch: exited with status 3';
    assert.equal(status['message'], `Failed to launch container: ${why}`);
  });

  await t.test('a new agent recovers; a container that it does not want is destroyed', async () => {
    await framework.launch('three', { task: executor('third', 'exec sleep 1000') });
    // The first container was waited for, the second never was one.
    await eventually(
      'the third is waited for',
      () => (count('wait') === 2 ? true : undefined),
      said,
    );
    await framework.session.settledOffers();
    await cluster.endAgent('SIGKILL');
    cluster.startAgent();
    await cluster.agentRegistered();
    // The executor never registered, so the task was never handed over: it is not on disk.
    await framework.until('three', 'TASK_DROPPED');
    await eventually('it is destroyed', () => (count('destroy') === 1 ? true : undefined), said);
    assert.deepEqual([count('recover'), count('containers')], [2, 2]);
  });
});
