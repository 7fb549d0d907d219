/** What an update would change, and how (spec aurora-client, section 3). */
import type {
  ConfigGroup,
  JobConfiguration,
  JobUpdateRequest,
  Range,
  TaskConfig,
} from '../thrift/types.ts';
import type { ClientContext } from './context.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { fieldLines } from './thrift-text.ts';

const INNER_INDENT = '    ';

export interface ProposedUpdate {
  readonly cluster: string;
  readonly description: JobConfiguration;
  readonly request: JobUpdateRequest;
}

export async function printUpdateDiff(
  context: ClientContext,
  { cluster, description, request }: ProposedUpdate,
): Promise<void> {
  const local = await populated(context, cluster, description);
  const diff = await context.ask(
    cluster,
    { method: 'getJobUpdateDiff', args: { request }, result: 'getJobUpdateDiffResult' },
    { code: EXIT.commandFailure, message: 'Error getting diff info from scheduler' },
  );
  context.print('This job update will:');
  printRanges(context, 'add instances:', diff.add);
  printRanges(context, 'remove instances:', diff.remove);
  for (const group of byFirst(diff.update)) {
    printRanges(context, 'update instances:', [group]);
    context.print('with diff:\n');
    await printTaskDiff(context, [group.config], [local]);
    context.print('');
  }
  printRanges(context, 'not change instances:', diff.unchanged);
}

/** The task as the scheduler would store it: what it fills in is no difference. */
export async function populated(
  context: ClientContext,
  cluster: string,
  description: JobConfiguration,
): Promise<TaskConfig> {
  const { taskConfig } = await context.ask(
    cluster,
    { method: 'populateJobConfig', args: { description }, result: 'populateJobResult' },
    { code: EXIT.invalidConfiguration, message: 'Error loading configuration' },
  );
  return taskConfig;
}

/** The output of `diff`, or of what `DIFF_VIEWER` names, from what runs to what would. */
export async function printTaskDiff(
  context: ClientContext,
  remote: readonly TaskConfig[],
  local: readonly TaskConfig[],
): Promise<void> {
  const { ports } = context;
  const program = ports.surroundings.environment('DIFF_VIEWER') ?? 'diff';
  const texts = [remote, local].map((tasks) => `${tasks.map(taskText).join(',\n')}\n`);
  const ran = await ports.withFiles(texts, (paths) => ports.run([program, ...paths]));
  // Not as most commands: 1 says that there are differences.
  if (ran.code !== 0 && ran.code !== 1) {
    throw new CommandFailure(EXIT.commandFailure, `Error running diff: ${ran.stderr}`);
  }
  context.print(ran.stdout);
}

export function taskText(task: TaskConfig): string {
  const { name = '', data = '' } = task.executorConfig ?? {};
  const shown = INNER_INDENT + prettyData(data).split('\n').join(`\n${INNER_INDENT}`);
  const executor = `ExecutorConfig(name='${name}', data=\n${shown.replaceAll('\\n', '\n')})`;
  return fieldLines('TaskConfig', task, new Map([['executorConfig', executor]]));
}

/** Custom executors may get anything. */
function prettyData(data: string): string {
  try {
    return JSON.stringify(sortedKeys(JSON.parse(data)), undefined, 2);
  } catch {
    return data;
  }
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sortedKeys(one)]));
}

function printRanges(context: ClientContext, header: string, groups: readonly ConfigGroup[]): void {
  const ranges = groups.flatMap(({ instances }) => instances).sort(ascending);
  if (ranges.length > 0) context.print(`${header} ${ranges.map(rangeText).join(', ')}`);
}

function byFirst(groups: readonly ConfigGroup[]): readonly ConfigGroup[] {
  const first = ({ instances }: ConfigGroup): number =>
    Math.min(...instances.map((each) => each.first));
  return [...groups].sort((one, other) => first(one) - first(other));
}

function ascending(one: Range, other: Range): number {
  return one.first - other.first;
}

function rangeText({ first, last }: Range): string {
  return first === last ? `[${first}]` : `[${first}-${last}]`;
}
