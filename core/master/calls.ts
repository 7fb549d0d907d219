/** Calls of subscribed frameworks: one line each to the noun that handles them. */
import type { Call } from '../wire/types/mesos.v1.scheduler.ts';
import { accept } from './accept.ts';
import type { MasterContext } from './context.ts';
import { removeFramework, updateFramework } from './frameworks.ts';
import { answerInverseOffers } from './inverse-offers.ts';
import { kill } from './kill.ts';
import { messageToExecutor, shutdownExecutor } from './messages.ts';
import { decline, revive, suppress } from './offers.ts';
import { acknowledgeOperation } from './operation-statuses.ts';
import { reconcile } from './reconcile.ts';
import { reconcileOperations } from './reconcile-operations.ts';
import type { Framework } from './records.ts';
import { acknowledge } from './updates.ts';

export function call(context: MasterContext, framework: Framework, given: Call): void {
  if (given.type === undefined) return;
  framework.counters.increment('calls');
  framework.counters.increment(`calls/${given.type.toLowerCase()}`);
  for (const perform of performers(context, framework, given)) perform();
}

/** The payload is there: `validateCall` has seen to it. */
function performers(
  context: MasterContext,
  framework: Framework,
  given: Call,
): readonly (() => void)[] {
  const on = <T>(payload: T | undefined, handle: (payload: T) => void): (() => void)[] =>
    payload === undefined ? [] : [() => handle(payload)];
  switch (given.type) {
    case 'ACCEPT':
      return on(given.accept, (it) => accept(context, framework, it));
    case 'DECLINE':
      return on(given.decline, (it) => decline(context, framework, it));
    case 'ACCEPT_INVERSE_OFFERS':
      return on(given.accept_inverse_offers, (it) =>
        answerInverseOffers(context, framework, it, 'ACCEPT'),
      );
    case 'DECLINE_INVERSE_OFFERS':
      return on(given.decline_inverse_offers, (it) =>
        answerInverseOffers(context, framework, it, 'DECLINE'),
      );
    case 'REVIVE':
      return on(given.revive?.roles ?? [], (it) => revive(context, framework, it));
    case 'SUPPRESS':
      return on(given.suppress?.roles ?? [], (it) => suppress(context, framework, it));
    case 'KILL':
      return on(given.kill, (it) => kill(context, framework, it));
    case 'SHUTDOWN':
      return on(given.shutdown, (it) => shutdownExecutor(context, framework, it));
    case 'ACKNOWLEDGE':
      return on(given.acknowledge, (it) => acknowledge(context, framework, it));
    case 'ACKNOWLEDGE_OPERATION_STATUS':
      return on(given.acknowledge_operation_status, (it) =>
        acknowledgeOperation(context, framework, it),
      );
    case 'RECONCILE':
      return on(given.reconcile, (it) => reconcile(context, framework, it));
    case 'RECONCILE_OPERATIONS':
      return on(given.reconcile_operations, (it) => reconcileOperations(context, framework, it));
    case 'MESSAGE':
      return on(given.message, (it) => messageToExecutor(context, framework, it));
    case 'REQUEST':
      // The allocator ignores requests, as the original's does.
      return [() => context.count('messages_resource_request')];
    case 'TEARDOWN':
      // A message of drivers only.
      if (framework.connection?.kind === 'pid') context.count('messages_unregister_framework');
      return [() => removeFramework(context, framework)];
    case 'UPDATE_FRAMEWORK':
      return on(given.update_framework, (it) => updateFramework(context, framework, it));
    default:
      return [];
  }
}
