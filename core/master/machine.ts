/**
 * The master's machine: one input and `now` go in, effects come out (README). All decisions of the
 * master are made behind this dispatcher; it does no I/O and knows no clock.
 */

import { unreachable } from '../base/assert.ts';
import type { Instant } from '../base/clock.ts';
import { frameworkId } from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import type { Call } from '../wire/types/mesos.v1.scheduler.ts';
import { formatUpid } from '../wire/upid.ts';
import { agentExited } from './agent-departure.ts';
import { registerAgent, unregisterAgent, updateAgent } from './agents.ts';
import { call } from './calls.ts';
import { type CallOrigin, type CallVerdict, checkCall } from './check-call.ts';
import { type MachineParts, MasterContext } from './context.ts';
import { describeState } from './describe.ts';
import { limitedDriverExit, limitedDriverRequest } from './driver/limits.ts';
import type { AgentMessage, MasterEffect, MasterInput } from './effects.ts';
import { connectionLost, removeFramework } from './frameworks.ts';
import { exitedExecutor, messageToFramework } from './messages.ts';
import { pong } from './observers.ts';
import { allocate } from './offers.ts';
import { operationStatusUpdate } from './operation-statuses.ts';
import { endDrains } from './operator/agents.ts';
import { OperatorDesk } from './operator/desk.ts';
import type { MachineOptions } from './options.ts';
import { becomeElected, becomeRecovered } from './recovery.ts';
import { reregisterAgent } from './reregister.ts';
import type { MasterState } from './state.ts';
import { subscribe } from './subscribe.ts';
import { statusUpdate } from './updates.ts';

/**
 * Agents that came together are pinged together, twenty thousand of them at once: others have their turn in between.
 * What is left is due at once, so the wake that is announced comes without delay.
 */
const DEADLINES_PER_WAKE = 200;

export class MasterMachine {
  readonly state: MasterState;
  private readonly context: MasterContext;
  private readonly desk: OperatorDesk;
  private announcedWake: Instant | undefined;

  constructor(state: MasterState, options: MachineOptions, parts: MachineParts) {
    this.state = state;
    this.context = new MasterContext(state, options, parts);
    this.desk = new OperatorDesk(this.context);
  }

  /** Whether the registry was recovered; before that every message is dropped. */
  get isRecovered(): boolean {
    return this.state.isRecovered;
  }

  handle(input: MasterInput, now: Instant): readonly MasterEffect[] {
    this.context.now = now;
    this.dispatch(input);
    endDrains(this.context);
    this.announceWake();
    return this.context.takeEffects();
  }

  /** Whether a call may be taken; changes nothing. */
  check(given: Call, origin: CallOrigin): CallVerdict {
    return checkCall(this.context, given, origin);
  }

  /** A stable printout for tests. */
  describe(): string {
    return describeState(this.state);
  }

  private dispatch(input: MasterInput): void {
    switch (input.kind) {
      case 'elected':
        becomeElected(this.context);
        return;
      case 'recovered':
        becomeRecovered(this.context, input.registry);
        return;
      case 'message':
        this.message(input.from, input.content);
        return;
      case 'pong':
        pong(this.context, input.observer);
        return;
      case 'exited':
        agentExited(this.context, input.pid);
        limitedDriverExit(this.context, input.pid);
        return;
      case 'driver':
        limitedDriverRequest(this.context, input.from, input.request);
        return;
      case 'identified':
        this.identified(input.pid, input.principal);
        return;
      case 'subscribe':
        subscribe(this.context, input);
        return;
      case 'call':
        this.call(input.framework, input.call);
        return;
      case 'disconnected':
        connectionLost(this.context, input.connection);
        return;
      case 'operator':
        this.desk.receive({ ...input, principal: input.principal });
        return;
      case 'teardown':
        this.teardown(input.framework);
        return;
      case 'persisted':
        this.context.persisted(input.write);
        return;
      case 'whitelist':
        this.context.allocator.updateWhitelist(input.hostnames, this.context.now);
        return;
      case 'woke':
        this.woke();
        return;
      default:
        unreachable(input);
    }
  }

  private identified(pid: Upid, principal: string | undefined): void {
    const { authenticated } = this.context;
    if (principal === undefined) authenticated.delete(formatUpid(pid));
    else authenticated.set(formatUpid(pid), principal);
  }

  private message(from: Upid, content: AgentMessage): void {
    if (!this.isRecovered) {
      this.context.count('dropped_messages');
      return;
    }
    switch (content.name) {
      case 'mesos.internal.RegisterSlaveMessage':
        registerAgent(this.context, from, content.message);
        return;
      case 'mesos.internal.ReregisterSlaveMessage':
        reregisterAgent(this.context, from, content.message);
        return;
      case 'mesos.internal.UnregisterSlaveMessage':
        unregisterAgent(this.context, from, content.message);
        return;
      case 'mesos.internal.UpdateSlaveMessage':
        updateAgent(this.context, content.message);
        return;
      case 'mesos.internal.StatusUpdateMessage':
        statusUpdate(this.context, from, content.message);
        return;
      case 'mesos.internal.ExitedExecutorMessage':
        exitedExecutor(this.context, content.message);
        return;
      case 'mesos.internal.ExecutorToFrameworkMessage':
        messageToFramework(this.context, content.message);
        return;
      case 'mesos.internal.UpdateOperationStatusMessage':
        operationStatusUpdate(this.context, content.message);
        return;
      default:
        unreachable(content);
    }
  }

  private call(id: string, given: Call): void {
    const framework = this.state.frameworks.get(frameworkId(id));
    if (framework !== undefined) call(this.context, framework, given);
  }

  /** By an operator. */
  private teardown(id: string): void {
    const framework = this.state.frameworks.get(frameworkId(id));
    if (framework !== undefined) removeFramework(this.context, framework);
  }

  private woke(): void {
    const { context } = this;
    this.announcedWake = undefined;
    for (let count = 0; count < DEADLINES_PER_WAKE; count += 1) {
      const run = context.deadlines.takeDue(context.now);
      if (run === undefined) break;
      run();
    }
    const allocation = context.allocator.nextWake(context.now);
    if (this.isRecovered && allocation !== undefined && allocation <= context.now) {
      allocate(context);
    }
  }

  /** One wake at a time, for the earliest thing to do; a later one is not repeated. */
  private announceWake(): void {
    const { context } = this;
    const deadline = context.deadlines.next();
    const allocation = this.isRecovered ? context.allocator.nextWake(context.now) : undefined;
    const at = earliest(deadline, allocation);
    if (at === undefined) return;
    if (this.announcedWake !== undefined && this.announcedWake <= at) return;
    this.announcedWake = at;
    context.emit({ kind: 'wake', at });
  }
}

function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}
