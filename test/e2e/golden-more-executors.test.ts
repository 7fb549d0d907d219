/**
 * Replays what was recorded about executors: the command executor in its HTTP mode, which obeys
 * the policy of a KILL, and the calls of an executor that is driven by hand.
 */
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { HandDrivenExecutor } from './support/executor-steps.ts';
import { type Handler, Replay } from './support/replay.ts';
import { SmallCluster } from './support/small-cluster.ts';

/** Time for a shell to set its trap, so that SIGTERM is ignored as in the recording. */
const afterTrap: Handler = async (step, replay) => {
  await pause(500);
  await replay.call(step);
};

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
