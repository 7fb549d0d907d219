/** Backups of the scheduler's state and recovery from them. */
import { ACTIVE } from '../../machine/schedule-status.ts';
import { EXIT } from '../failure.ts';
import type { Verb } from '../verb.ts';
import { CLUSTER } from './rows.ts';

function plain(
  name: string,
  method: 'performBackup' | 'commitRecovery' | 'unloadRecovery' | 'snapshot',
  help: string,
): Verb {
  return {
    ...{ name, help, options: [], positionals: [CLUSTER] },
    run: async (context, args) => {
      await context.call(args.text('cluster'), method, {});
      return EXIT.ok;
    },
  };
}

const LIST: Verb = {
  name: 'scheduler_list_backups',
  help: 'Lists backups available for recovery.',
  options: [],
  positionals: [CLUSTER],
  run: async (context, args) => {
    const { backups } = await context.ask(args.text('cluster'), {
      method: 'listBackups',
      args: {},
      result: 'listBackupsResult',
    });
    context.print(`${backups.length} available backups:`);
    for (const backup of backups) context.print(backup);
    return EXIT.ok;
  },
};

const STAGE: Verb = {
  name: 'scheduler_stage_recovery',
  help: 'Stages a backup for recovery.',
  options: [],
  positionals: [CLUSTER, { name: 'backup_id', help: 'Name of the backup' }],
  run: async (context, args) => {
    await context.call(args.text('cluster'), 'stageRecovery', { backupId: args.text('backup_id') });
    return EXIT.ok;
  },
};

const PRINT: Verb = {
  name: 'scheduler_print_recovery_tasks',
  help: 'Prints all active tasks in a staged recovery.',
  options: [],
  positionals: [CLUSTER],
  run: async (context, args) => {
    const { tasks } = await context.ask(args.text('cluster'), {
      method: 'queryRecovery',
      args: { query: { statuses: [...ACTIVE] } },
      result: 'queryRecoveryResult',
    });
    context.print(['Role', 'Job', 'Shard', 'Status', 'Task ID'].join('\t'));
    for (const { assignedTask, status } of tasks) {
      const { role = '', name = '' } = assignedTask.task.job ?? {};
      const cells = [role, name, String(assignedTask.instanceId), status, assignedTask.taskId];
      context.print(cells.join('\t'));
    }
    return EXIT.ok;
  },
};

const DELETE: Verb = {
  name: 'scheduler_delete_recovery_tasks',
  help: 'Deletes a comma-separated list of task IDs from a staged recovery.',
  options: [],
  positionals: [CLUSTER, { name: 'task_ids', help: 'Ids of the tasks' }],
  run: async (context, args) => {
    const taskIds = args.text('task_ids').split(',');
    await context.call(args.text('cluster'), 'deleteRecoveryTasks', { query: { taskIds } });
    return EXIT.ok;
  },
};

export const STORAGE_VERBS: readonly Verb[] = [
  plain('scheduler_backup_now', 'performBackup', 'Immediately initiates a full storage backup.'),
  LIST,
  STAGE,
  PRINT,
  DELETE,
  plain('scheduler_commit_recovery', 'commitRecovery', 'Commits a staged recovery.'),
  plain('scheduler_unload_recovery', 'unloadRecovery', 'Unloads a staged recovery.'),
  plain(
    'scheduler_snapshot',
    'snapshot',
    'Request that the scheduler perform a storage snapshot and block until complete.',
  ),
];
