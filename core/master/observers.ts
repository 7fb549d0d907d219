/**
 * Agent health: each agent is pinged by its own actor `slave-observer(N)`; too many missed pongs
 * make it unreachable (spec libprocess, section 4.5).
 */
import { becomeUnreachable } from './agent-departure.ts';
import type { MasterContext } from './context.ts';
import type { Agent } from './records.ts';

export function startObserver(context: MasterContext, agent: Agent): void {
  context.emit({ kind: 'observe', observer: agent.observer });
  ping(context, agent);
}

export function stopObserver(context: MasterContext, agent: Agent): void {
  context.deadlines.cancel(`ping ${agent.id}`);
  context.deadlines.cancel(`remove ${agent.id}`);
  context.emit({ kind: 'unobserve', observer: agent.observer });
}

function ping(context: MasterContext, agent: Agent): void {
  agent.awaitingPong = true;
  context.emit({
    kind: 'send',
    from: `slave-observer(${agent.observer})`,
    to: agent.pid,
    content: {
      name: 'mesos.internal.PingSlaveMessage',
      message: { connected: agent.connected },
    },
  });
  const next = context.now + context.options.agentPingTimeoutMs;
  context.deadlines.set(`ping ${agent.id}`, next, () => pingTimedOut(context, agent));
}

function pingTimedOut(context: MasterContext, agent: Agent): void {
  if (context.state.agents.get(agent.id) !== agent) return;
  if (agent.awaitingPong) {
    agent.missedPongs += 1;
    if (agent.missedPongs >= context.options.maxAgentPingTimeouts) scheduleRemoval(context, agent);
  }
  if (context.state.agents.get(agent.id) === agent) ping(context, agent);
}

/** Any sign of life resets the count and stops a removal that waits for its turn. */
export function pong(context: MasterContext, observer: number): void {
  const agent = context.state.agentsByObserver.get(observer);
  if (agent === undefined) return;
  agent.awaitingPong = false;
  agent.missedPongs = 0;
  if (!context.deadlines.has(`remove ${agent.id}`)) return;
  context.deadlines.cancel(`remove ${agent.id}`);
  context.count('slave_unreachable_canceled');
  context.count('slave_shutdowns_canceled');
}

function scheduleRemoval(context: MasterContext, agent: Agent): void {
  if (context.deadlines.has(`remove ${agent.id}`) || context.departing.has(agent.id)) return;
  context.count('slave_unreachable_scheduled');
  context.count('slave_shutdowns_scheduled');
  const remove = (): void => {
    context.count('slave_unreachable_completed');
    context.count('slave_shutdowns_completed');
    becomeUnreachable(context, agent, 'health check timed out');
  };
  const at = context.removalTurn();
  if (at <= context.now) remove();
  else context.deadlines.set(`remove ${agent.id}`, at, remove);
}
