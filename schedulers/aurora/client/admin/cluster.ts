/** `get_cluster_config`, `get_scheduler` and `reconcile_tasks`. */
import { CommandFailure, EXIT } from '../failure.ts';
import type { Verb } from '../verb.ts';
import { CLUSTER } from './rows.ts';

const GET_CONFIG: Verb = {
  name: 'get_cluster_config',
  help: 'Dumps the configuration of a cluster, as JSON or for a shell',
  options: [
    { name: '--sh', kind: 'flag', help: 'Emit a shell script instead of JSON' },
    { name: '--export', kind: 'flag', help: "Emit a shell script prefixed with 'export'" },
  ],
  positionals: [CLUSTER],
  run: async (context, args) => {
    const { entry } = context.cluster(args.text('cluster'));
    if (!args.has('--sh') && !args.has('--export')) {
      context.print(JSON.stringify(entry));
      return EXIT.ok;
    }
    const prefix = args.has('--export') ? 'export ' : '';
    for (const [name, value] of Object.entries(entry)) {
      context.print(`${prefix}AURORA_CLUSTER_${name}=${shellWord(String(value))}`);
    }
    return EXIT.ok;
  },
};

/** Quoted only where a shell would see something in it. */
function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

const GET_SCHEDULER: Verb = {
  name: 'get_scheduler',
  help: 'Dumps the leading scheduler endpoint URL.',
  options: [],
  positionals: [CLUSTER],
  run: async (context, args) => {
    const url = await context.client(args.text('cluster')).leaderUrl();
    context.print(`Found leading scheduler at: ${url}`);
    return EXIT.ok;
  },
};

const RECONCILE: Verb = {
  name: 'reconcile_tasks',
  help: 'Reconcile the Mesos master and the scheduler',
  options: [
    {
      ...{ name: '--type', short: '-t', kind: 'text', otherwise: 'explicit' },
      ...{ choices: ['explicit', 'implicit'], help: 'Kind of reconciliation' },
    },
    {
      ...{ name: '--batch_size', short: '-b', kind: 'integer' },
      help: 'Tasks in a batch of an explicit reconciliation',
    },
  ],
  positionals: [CLUSTER],
  run: async (context, args) => {
    const cluster = args.text('cluster');
    const batchSize = args.has('--batch_size') ? args.integer('--batch_size') : undefined;
    if (args.text('--type') === 'explicit') {
      await context.call(cluster, 'triggerExplicitTaskReconciliation', { settings: { batchSize } });
      return EXIT.ok;
    }
    if (batchSize !== undefined) {
      throw new CommandFailure(EXIT.died, 'Reconciliation of type implicit has no batch size.');
    }
    await context.call(cluster, 'triggerImplicitTaskReconciliation', {});
    return EXIT.ok;
  },
};

export const CLUSTER_VERBS: readonly Verb[] = [GET_CONFIG, GET_SCHEDULER, RECONCILE];
