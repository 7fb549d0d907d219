/** `query`, `prune_tasks` and `force_task_state`. */
import { ACTIVE, TERMINAL } from '../../machine/schedule-status.ts';
import type { ScheduledTask, ScheduleStatus } from '../../thrift/types.ts';
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { parseInstances } from '../job-keys.ts';
import { jsonOfStruct } from '../thrift-text.ts';
import { parameter, type Verb } from '../verb.ts';
import { CLUSTER } from './rows.ts';

const STATUSES: readonly ScheduleStatus[] = [...ACTIVE, ...TERMINAL, 'INIT'];

const QUERY: Verb = {
  name: 'query',
  help: 'Query Mesos about jobs and tasks',
  options: [
    { name: '--force', kind: 'flag', help: 'Force expensive queries to run' },
    { name: '--shards', kind: 'text', help: 'Only these instances of a job' },
    {
      ...{ name: '--states', kind: 'text', otherwise: 'RUNNING' },
      help: 'Only tasks in these states',
    },
    {
      ...{ name: '--listformat', short: '-l', kind: 'text' },
      otherwise: '%role%/%name%/%instanceId% %status%',
      help: 'What to print of each task',
    },
  ],
  positionals: [
    CLUSTER,
    { name: 'role', isOptional: true, help: 'Role of the tasks' },
    { name: 'job', isOptional: true, help: 'Name of their job' },
  ],
  run: query,
};

async function query(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const [role, jobName] = [args.optional('role'), args.optional('job')];
  const statuses = statusesIn(args.text('--states'));
  if (!args.has('--force')) expectCheap({ role, jobName, statuses });
  const shards = args.optional('--shards');
  const instanceIds = shards === undefined ? undefined : parameter(parseInstances(shards));
  const { tasks } = await context.ask(args.text('cluster'), {
    method: 'getTasksStatus',
    args: { query: { role, jobName, statuses, instanceIds } },
    result: 'scheduleStatusResult',
  });
  for (const task of tasks) context.print(filled(args.text('--listformat'), task));
  return EXIT.ok;
}

function statusesIn(text: string): readonly ScheduleStatus[] {
  return text
    .split(',')
    .filter((each) => each !== '')
    .map((name) => {
      const status = STATUSES.find((each) => each === name);
      if (status !== undefined) return status;
      const message = `Unknown state '${name}' specified.  Valid states are:\n${STATUSES.join(',')}`;
      throw new CommandFailure(EXIT.died, message);
    });
}

function expectCheap(asked: {
  readonly role: string | undefined;
  readonly jobName: string | undefined;
  readonly statuses: readonly ScheduleStatus[];
}): void {
  const refuse = (why: string): never => {
    throw new CommandFailure(EXIT.died, `--force is required for expensive queries (${why})`);
  };
  if (asked.role === undefined) refuse('no role specified');
  if (asked.jobName === undefined) refuse('no job specified');
  if (!asked.statuses.every((each) => ACTIVE.has(each))) refuse('states outside ACTIVE states');
}

/** `%taskId%` stands for the field of that name, wherever it is in the task. */
function filled(format: string, task: ScheduledTask): string {
  const fields = new Map<string, string>();
  collect(jsonOfStruct('ScheduledTask', task), fields);
  return format.replaceAll(/%(\w+)%/g, (_, name: string) => {
    const value = fields.get(name === 'jobName' ? 'name' : name);
    if (value !== undefined) return value;
    const known = [...fields.keys()].join(',');
    const message = `Unknown key in format string.  Valid keys are:\n${known}`;
    throw new CommandFailure(EXIT.died, message);
  });
}

function collect(value: unknown, fields: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) return;
  // The names of the task's job, not those of its executor or metadata.
  const entries = Object.entries(value).filter(([name]) => !SKIPPED.has(name));
  for (const [name, one] of entries) {
    if (typeof one !== 'object' || one === null) fields.set(name, String(one));
    else if (Array.isArray(one)) fields.set(name, JSON.stringify(one));
    else collect(one, fields);
  }
}

const SKIPPED: ReadonlySet<string> = new Set(['executorConfig', 'container', 'taskLinks']);

const PRUNE: Verb = {
  name: 'prune_tasks',
  help: 'Removes ended tasks from the scheduler before their time',
  options: [
    { name: '--role', kind: 'text', help: 'Only tasks of this role' },
    { name: '--env', kind: 'text', help: 'Only tasks of this environment' },
    { name: '--states', kind: 'text', help: 'Only tasks in these states' },
    { name: '--limit', kind: 'integer', help: 'At most so many' },
  ],
  positionals: [CLUSTER],
  run: async (context, args) => {
    const states = args.optional('--states');
    const query = {
      role: args.optional('--role'),
      environment: args.optional('--env'),
      statuses: states === undefined ? undefined : statusesIn(states),
      limit: args.has('--limit') ? args.integer('--limit') : undefined,
    };
    await context.call(args.text('cluster'), 'pruneTasks', { query });
    context.print('Tasks pruned.');
    return EXIT.ok;
  },
};

const FORCE_STATE: Verb = {
  name: 'force_task_state',
  help: 'Moves a task into a state, whatever its present one is',
  options: [],
  positionals: [
    CLUSTER,
    { name: 'task_id', help: 'Id of the task' },
    { name: 'state', help: 'The new state' },
  ],
  run: async (context, args) => {
    const [status] = statusesIn(args.text('state'));
    if (status === undefined) throw new CommandFailure(EXIT.died, 'a state must be given');
    const taskId = args.text('task_id');
    await context.call(args.text('cluster'), 'forceTaskState', { taskId, status });
    return EXIT.ok;
  },
};

export const QUERY_VERBS: readonly Verb[] = [QUERY, PRUNE, FORCE_STATE];
