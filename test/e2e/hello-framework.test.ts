/** The example framework as its user runs it, against a real master and agent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, startProgram } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';

test('hello-framework runs its tasks, ends its framework and exits with 0', async (t) => {
  const cluster = await SmallCluster.start(t, 'hello');
  const hello = startProgram(process.execPath, [
    'examples/hello-framework.ts',
    `--master=127.0.0.1:${cluster.masterPort}`,
    '--tasks=5',
  ]);
  t.after(() => hello.stop('SIGKILL'));
  const code = await eventually(
    'the example ends',
    () => hello.child.exitCode ?? undefined,
    () => hello.output(),
  );
  assert.equal(code, 0, hello.output());
  const finished = hello.output().match(/hello-\d TASK_FINISHED/g) ?? [];
  assert.equal(new Set(finished).size, 5, hello.output());
});
