/** Steps of recordings in which the agent's process is killed, frozen or told to leave. */
import type { Handlers } from './replay.ts';

export const AGENT_HANDLERS: Handlers = {
  'agent process killed': async (_step, { cluster }) => {
    await cluster.endAgent('SIGKILL');
  },
  'agent process started again': async (_step, { cluster }) => {
    cluster.startAgent();
    await cluster.agentRegistered();
  },
  'agent process stopped (SIGSTOP)': async (_step, { cluster }) => cluster.signalAgent('SIGSTOP'),
  'agent process continued': async (_step, { cluster }) => cluster.signalAgent('SIGCONT'),
  'agent told to unregister (SIGUSR1)': async (_step, { cluster }) => {
    await cluster.endAgent('SIGUSR1');
  },
};
