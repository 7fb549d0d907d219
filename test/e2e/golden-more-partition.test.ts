/**
 * Replays what was recorded with short ping timeouts (here twice as long, which a busy machine keeps): an agent killed for good, started again,
 * frozen, continued and unregistered, as seen by frameworks with and without checkpointing and
 * PARTITION_AWARE.
 */
import { test } from 'node:test';
import { AGENT_HANDLERS } from './support/agent-steps.ts';
import { Replay } from './support/replay.ts';
import { SmallCluster } from './support/small-cluster.ts';

const FLAGS = { masterFlags: ['--agent_ping_timeout=2secs', '--max_agent_ping_timeouts=2'] };
const SECTION = 'master with --agent_ping_timeout=1secs --max_agent_ping_timeouts=2; ';

test('an agent that is killed and returns comes out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-killed', FLAGS);
  const replay = new Replay(cluster);
  await replay.section(t, `${SECTION}agent killed with SIGKILL`, AGENT_HANDLERS);
});

test('an agent that is frozen, continued and unregistered comes out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-frozen', FLAGS);
  const replay = new Replay(cluster);
  await replay.section(t, `${SECTION}agent stopped with SIGSTOP and continued`, AGENT_HANDLERS);
});
