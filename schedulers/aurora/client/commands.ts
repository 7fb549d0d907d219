/** All commands of `aurora`: nouns and their verbs, and how old names are understood (spec aurora-client, sections 2 to 4). */

import type { Noun } from './verb.ts';
import { CONFIG } from './verbs/config.ts';
import { CRON } from './verbs/cron.ts';
import { ADD, CREATE } from './verbs/job-create.ts';
import { INSPECT } from './verbs/job-inspect.ts';
import { KILL, KILL_ALL } from './verbs/job-kill.ts';
import { DIFF, LIST, OPEN } from './verbs/job-look.ts';
import { RESTART } from './verbs/job-restart.ts';
import { STATUS } from './verbs/job-status.ts';
import { CANCEL_UPDATE, UPDATE_AND_WAIT } from './verbs/old-updates.ts';
import { QUOTA } from './verbs/quota.ts';
import { SLA } from './verbs/sla.ts';
import { TASK } from './verbs/task.ts';
import { CONTROL_VERBS } from './verbs/update-control.ts';
import { INFO, LIST as LIST_UPDATES } from './verbs/update-look.ts';
import { START, WAIT } from './verbs/update-start.ts';

const JOB: Noun = {
  name: 'job',
  help: 'Work with an aurora job',
  verbs: [
    ...[ADD, CANCEL_UPDATE, CREATE, DIFF, INSPECT, KILL, KILL_ALL, LIST, OPEN, RESTART, STATUS],
    UPDATE_AND_WAIT,
  ],
};

const UPDATE: Noun = {
  name: 'update',
  help: 'Interact with the aurora update service.',
  verbs: [START, ...CONTROL_VERBS, LIST_UPDATES, INFO, WAIT],
};

export const NOUNS: readonly Noun[] = [CONFIG, CRON, JOB, QUOTA, SLA, TASK, UPDATE];

/** Single words of the 0.7 client. */
const OLD_COMMANDS: ReadonlyMap<string, readonly [noun: string, verb: string]> = new Map([
  ['create', ['job', 'create']],
  ['diff', ['job', 'diff']],
  ['inspect', ['job', 'inspect']],
  ['kill', ['job', 'kill']],
  ['killall', ['job', 'killall']],
  ['list_jobs', ['job', 'list']],
  ['open', ['job', 'open']],
  ['restart', ['job', 'restart']],
  ['status', ['job', 'status']],
  ['cancel_update', ['job', 'cancel-update']],
  ['cancel-update', ['job', 'cancel-update']],
  ['start_cron', ['cron', 'start']],
  ['get_quota', ['quota', 'get']],
  ['run', ['task', 'run']],
  ['ssh', ['task', 'ssh']],
]);

/** The words with noun and verb in front. `aurora update KEY FILE` of the 0.7 client waits for the end. */
export function modernWords(argv: readonly string[]): readonly string[] {
  const [first = '', second = ''] = argv;
  if (first === 'beta-update') return modernStatus(['update', ...argv.slice(1)]);
  if (first === 'update') {
    if (second.includes('/')) return ['job', 'update', ...argv.slice(1)];
    return modernStatus(argv);
  }
  const old = OLD_COMMANDS.get(first);
  return old === undefined ? argv : [...old, ...argv.slice(1)];
}

/** `update status` became `update info`. */
function modernStatus(argv: readonly string[]): readonly string[] {
  return argv[1] === 'status' ? ['update', 'info', ...argv.slice(2)] : argv;
}
