/** Calls of administrators about quotas and single tasks (spec aurora-scheduler, section 2.4). */
import type { MethodArgs, Resource, Response } from '../thrift/types.ts';
import { BLANK, type Caller, invalid, okay, refused } from './answers.ts';
import { type QuotaAmounts, quotaRefusal } from './quota.ts';
import { QuotaUse } from './quota-use.ts';
import { TERMINAL } from './schedule-status.ts';
import { quotaAmountsOf } from './task-amounts.ts';
import { changeTask } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { Turn } from './turn.ts';

export function setQuota(turn: Turn, args: MethodArgs['setQuota']): Response {
  const { ownerRole = '', quota } = args;
  if (ownerRole.trim() === '') return BLANK;
  const resources = quota?.resources ?? [];
  const shape = shapeRefusal(resources);
  if (shape !== undefined) return refused('ERROR', shape);
  const amounts = quotaAmountsOf(resources);
  if (amounts.cpus < 0 || amounts.ramMb < 0 || amounts.diskMb < 0) {
    return invalid(`Negative values in: ${describe(amounts)}`);
  }
  const used = new QuotaUse(turn.state, turn.settings.tiers).consumption(ownerRole).prodShared;
  if (quotaRefusal(amounts, used) !== undefined) {
    return invalid(
      `Quota: ${describe(amounts)} is less then current prod reservation: ${describe(used)}`,
    );
  }
  turn.persist(turn.state.putQuota(ownerRole, { resources }));
  return okay();
}

function shapeRefusal(resources: readonly Resource[]): string | undefined {
  if (resources.length > 3) return 'Too many resource values in quota.';
  const isComplete = ['numCpus', 'ramMb', 'diskMb'].every((key) =>
    resources.some((each) => key in each),
  );
  return isComplete ? undefined : 'Quota resources must be exactly: [CPUS, RAM_MB, DISK_MB]';
}

function describe({ cpus, ramMb, diskMb }: QuotaAmounts): string {
  return `{CPUS=${cpus}, RAM_MB=${ramMb}, DISK_MB=${diskMb}}`;
}

export function forceTaskState(
  turn: Turn,
  args: MethodArgs['forceTaskState'],
  caller: Caller,
): Response {
  const { taskId, status } = args;
  if (taskId === undefined || taskId.trim() === '') return BLANK;
  if (status === undefined) return refused('ERROR', 'status must be set');
  changeTask(turn, taskId, status, { message: `Transition forced by ${caller.user}` });
  return okay();
}

export function pruneTasks(turn: Turn, args: MethodArgs['pruneTasks']): Response {
  const query = args.query ?? {};
  const { statuses = [] } = query;
  if (statuses.some((status) => !TERMINAL.has(status))) {
    return refused('ERROR', 'Tasks in non-terminal state cannot be pruned.');
  }
  const wanted = statuses.length > 0 ? query : { ...query, statuses: [...TERMINAL] };
  for (const task of turn.state.tasks.query(wanted)) {
    changeTask(turn, idOf(task), 'DELETED');
    turn.count('tasks_pruned');
  }
  return okay();
}

/** Of a batch, when the call does not say. */
const BATCH_SIZE = 1_000;

export function reconcileExplicitly(
  turn: Turn,
  { settings }: MethodArgs['triggerExplicitTaskReconciliation'],
): Response {
  const batchSize = settings?.batchSize ?? BATCH_SIZE;
  if (batchSize <= 0) return invalid('Batch size must be greater than zero.');
  turn.count('reconciliation_explicit_runs');
  turn.act({ kind: 'reconcile', batchSize });
  return okay();
}

export function reconcileImplicitly(turn: Turn): Response {
  turn.count('reconciliation_implicit_runs');
  turn.act({ kind: 'reconcile-all' });
  return okay();
}
