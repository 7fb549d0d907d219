/**
 * `/state` and `/frameworks` of a master of any size (spec operator-api, section 4): pieces of JSON text, made one
 * after another while the master goes on. Which agents and frameworks are shown is settled at the
 * start, which tasks when their framework's turn comes: copying the lists of all at once would stop the
 * master for longer than anything else here. What is said of each is true when its piece is made. The texts of tasks are kept in
 * chunks (`ChunkedText`), so that asking again costs little more than sending.
 */
import type { AgentId } from '../../base/ids.ts';
import { ChunkedText } from '../../operator/chunked-text.ts';
import { taskText } from '../../operator/legacy-tasks.ts';
import { type JsonObject, writeJson } from '../../wire/json-text.ts';
import type { ExecutorInfo, Task } from '../../wire/types/mesos.v1.ts';
import type { Framework, TaskRecord } from '../records.ts';
import type { MasterState } from '../state.ts';
import { agentPieces } from './agent-texts.ts';
import { recoveredAgentTree } from './agents.ts';
import { type StateContext, stateHead } from './documents.ts';
import { executorModel, frameworkHead, frameworkTail, offerModel } from './frameworks.ts';
import { visibleState } from './visible.ts';

/** Objects of short texts that go into one piece. */
const SHORT_PER_PIECE = 32;

const STATE_TAIL = { orphan_tasks: [], unregistered_frameworks: [] };

/** A framework and the tasks it had when its turn came: each in one of the lists. */
interface ShownFramework {
  readonly framework: Framework;
  readonly live: ShownList<TaskRecord>;
  readonly unreachable: ShownList<Task>;
  readonly completed: ShownList<Task>;
}

/** Either the text, when it is there already, or what must be rendered. */
interface ShownList<Item> {
  readonly revision: number;
  readonly ready: readonly Buffer[] | undefined;
  readonly items: readonly Item[];
}

interface FrameworkTexts {
  readonly live: ChunkedText<Task>;
  readonly unreachable: ChunkedText<Task>;
  readonly completed: ChunkedText<Task>;
  readonly executors: ChunkedText<ExecutorInfo>;
}

const texts = new WeakMap<Framework, FrameworkTexts>();

export function statePieces(whole: MasterState, context: StateContext): Iterable<Buffer> {
  const { approvers } = context;
  const state = visibleState(whole, approvers);
  const agents = [...state.agents.values()];
  const recovered = [...state.recoveredAgents.values()];
  const frameworks = [...state.frameworks.values()];
  const completed = [...state.completedFrameworks.values()];
  const head = opened(stateHead(state, context));
  const tail = writeJson(STATE_TAIL).slice(1);
  return (function* () {
    yield Buffer.from(`${head},"slaves":[`);
    yield* agentPieces(whole, agents, approvers);
    yield Buffer.from('],"recovered_slaves":[');
    yield* listPieces(recovered, ({ info }) => writeJson(recoveredAgentTree(info)));
    yield Buffer.from('],');
    yield* frameworkLists(state, frameworks, completed);
    yield Buffer.from(`,${tail}`);
  })();
}

export function frameworksPieces(state: MasterState, only: string | undefined): Iterable<Buffer> {
  const isAsked = ({ id }: Framework): boolean => only === undefined || id === only;
  const frameworks = [...state.frameworks.values()].filter(isAsked);
  const completed = [...state.completedFrameworks.values()].filter(isAsked);
  return (function* () {
    yield Buffer.from('{');
    yield* frameworkLists(state, frameworks, completed);
    yield Buffer.from(',"unregistered_frameworks":[]}');
  })();
}

function shown(framework: Framework): ShownFramework {
  const { revisions, tasks, unreachableTasks, completedTasks } = framework;
  const kept = textsOf(framework);
  return {
    framework,
    live: shownList(kept.live, revisions.tasks, () => tasks.values()),
    unreachable: shownList(kept.unreachable, revisions.unreachable, () =>
      unreachableTasks.values(),
    ),
    completed: shownList(kept.completed, revisions.completed, () => completedTasks),
  };
}

function shownList<Item>(
  kept: ChunkedText<Task>,
  revision: number,
  items: () => Iterable<Item>,
): ShownList<Item> {
  const ready = kept.ready(revision);
  return { revision, ready, items: ready === undefined ? [...items()] : [] };
}

function* listPieces<Item>(
  items: readonly Item[],
  textOf: (item: Item) => string,
): Generator<Buffer> {
  for (let at = 0; at < items.length; at += SHORT_PER_PIECE) {
    const text = items
      .slice(at, at + SHORT_PER_PIECE)
      .map(textOf)
      .join(',');
    yield Buffer.from(at === 0 ? text : `,${text}`);
  }
}

function* frameworkLists(
  state: MasterState,
  frameworks: readonly Framework[],
  completed: readonly Framework[],
): Generator<Buffer> {
  yield Buffer.from('"frameworks":[');
  yield* frameworkPieces(state, frameworks);
  yield Buffer.from('],"completed_frameworks":[');
  yield* frameworkPieces(state, completed);
  yield Buffer.from(']');
}

function* frameworkPieces(state: MasterState, list: readonly Framework[]): Generator<Buffer> {
  let separator = '';
  for (const framework of list) {
    const { live, unreachable, completed } = shown(framework);
    const kept = textsOf(framework);
    yield Buffer.from(`${separator}${opened(frameworkHead(state, framework))},"tasks":[`);
    separator = ',';
    yield* livePieces(framework, kept.live, live);
    yield Buffer.from('],"unreachable_tasks":[');
    yield* taskPieces(kept.unreachable, unreachable);
    yield Buffer.from('],"completed_tasks":[');
    yield* taskPieces(kept.completed, completed);
    yield Buffer.from('],"offers":[');
    yield* listPieces([...framework.offers], ({ offer }) => writeJson(offerModel(offer)));
    yield Buffer.from('],"executors":[');
    yield* executorPieces(framework, kept.executors);
    yield Buffer.from(`],${writeJson(frameworkTail(framework)).slice(1)}`);
  }
}

/** The tasks are those at the start, but each as it is now. */
function livePieces(
  framework: Framework,
  kept: ChunkedText<Task>,
  live: ShownList<TaskRecord>,
): Iterable<Buffer> {
  if (live.ready !== undefined) return live.ready;
  const tasks = live.items.map((record) => record.task);
  const isCurrent = framework.revisions.tasks === live.revision;
  return kept.render(tasks, taskText, isCurrent ? live.revision : undefined);
}

function taskPieces(kept: ChunkedText<Task>, list: ShownList<Task>): Iterable<Buffer> {
  return list.ready ?? kept.render(list.items, taskText, list.revision);
}

function executorPieces(framework: Framework, kept: ChunkedText<ExecutorInfo>): Iterable<Buffer> {
  const revision = framework.revisions.executors;
  const ready = kept.ready(revision);
  if (ready !== undefined) return ready;
  const executors: ExecutorInfo[] = [];
  const agents: AgentId[] = [];
  for (const [agent, byId] of framework.executors) {
    for (const executor of byId.values()) {
      executors.push(executor);
      agents.push(agent);
    }
  }
  const textOf = (executor: ExecutorInfo, at: number): string => {
    const slave = { slave_id: agents[at] ?? '' };
    return writeJson({ ...executorModel(executor, framework.id), ...slave });
  };
  return kept.render(executors, textOf, revision);
}

function textsOf(framework: Framework): FrameworkTexts {
  const known = texts.get(framework);
  if (known !== undefined) return known;
  const tasks = (): ChunkedText<Task> => new ChunkedText((task) => task.task_id.value);
  const created: FrameworkTexts = {
    live: tasks(),
    unreachable: tasks(),
    completed: tasks(),
    executors: new ChunkedText((executor) => executor.executor_id.value),
  };
  texts.set(framework, created);
  return created;
}

/** An object's text without its end. */
function opened(object: JsonObject): string {
  return writeJson(object).slice(0, -1);
}
