/** MARK_AGENT_GONE (spec operator-api, section 8): the agent never comes back. */
import { agentId } from '../../base/ids.ts';
import { becomeGone, giveUpUnreachableTasks, timeInfo } from '../agent-departure.ts';
import type { MasterContext } from '../context.ts';
import { DONE, type Outcome, refuse } from './requests.ts';

export function markAgentGone(context: MasterContext, name: string): Outcome {
  const { state } = context;
  const id = agentId(name);
  if (state.goneAgents.has(id)) return DONE;
  const agent = state.agents.get(id);
  const isAway = state.recoveredAgents.has(id) || state.unreachableAgents.has(id);
  if (agent === undefined && !isAway) return refuse(404, `Agent '${id}' not found`);
  const departing = context.departing.get(id);
  if (departing !== undefined) {
    const already = departing === 'gone' ? 'already ' : '';
    return refuse(503, `Agent '${id}' is ${already}being transitioned to ${departing}`);
  }
  if (agent !== undefined) return (finish) => becomeGone(context, agent, () => finish(DONE));
  return (finish) => {
    const departed = { id, time: timeInfo(context.now) };
    context.departing.set(id, 'gone');
    context.persist([{ kind: 'mark-gone', agent: departed }], () => {
      context.departing.delete(id);
      giveUpUnreachableTasks(context, id);
      state.recoveredAgents.delete(id);
      state.unreachableAgents.delete(id);
      state.goneAgents.set(id, departed);
      finish(DONE);
    });
  };
}
