/**
 * Replays what was recorded about executors: the command executor in its HTTP mode, which obeys
 * the policy of a KILL, and the calls of an executor that is driven by hand.
 */
import { test } from 'node:test';
import { HandDrivenExecutor } from './support/executor-steps.ts';
import { Replay } from './support/replay.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { afterTrap } from './support/trap-steps.ts';

test('the HTTP command executor comes out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-http-executor', {
    agentFlags: ['--http_command_executor=true'],
  });
  const replay = new Replay(cluster);
  await replay.section(t, 'agent with --http_command_executor=true', {
    'KILL with kill_policy 2 s': afterTrap,
  });
});

test('calls of an executor driven by hand come out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-executor');
  const replay = new Replay(cluster);
  const executor = new HandDrivenExecutor();
  await replay.section(
    t,
    'a program that never subscribes is launched as executor; the calls come from elsewhere',
    executor.handlers,
  );
});
