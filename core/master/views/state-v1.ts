/**
 * GET_STATE of the v1 operator API, and the SUBSCRIBED event with it, for a master of any size (spec operator-api,
 * sections 8 and 9): pieces of JSON text or of the binary form, made one after another while the master goes on. What
 * is shown is settled at the start; what is said of agents and frameworks is true when their piece is made.
 */
import type { Approvers } from '../../auth/authorizer.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { encodeMessage } from '../../wire/codec.ts';
import type { Task } from '../../wire/types/mesos.v1.ts';
import type { Agent, Framework } from '../records.ts';
import type { MasterState } from '../state.ts';
import {
  agentText,
  agentV1,
  executorText,
  frameworkText,
  frameworkV1,
  type GetExecutors,
  type GetTasks,
  getExecutors,
  getTasks,
  recoveredAgentText,
  taskText,
} from './v1.ts';

/** Objects that go into one piece. */
const PER_PIECE = 32;

const NOTHING = Buffer.alloc(0);

/** What there is to show; only what does not change afterwards is taken from the records already. */
interface Shown {
  readonly state: MasterState;
  readonly approvers: Approvers;
  readonly tasks: GetTasks;
  readonly executors: GetExecutors;
  readonly frameworks: readonly Framework[];
  readonly completedFrameworks: readonly Framework[];
  readonly agents: readonly Agent[];
}

/** `state` is what may be seen of it. */
export function shownNow(state: MasterState, approvers: Approvers): Shown {
  return {
    ...{ state, approvers },
    tasks: getTasks(state),
    executors: getExecutors(state),
    frameworks: [...state.frameworks.values()],
    completedFrameworks: [...state.completedFrameworks.values()],
    agents: [...state.agents.values()],
  };
}

/** `head`, the `get_state` object, `tail`. */
export function* stateTextPieces(shown: Shown, head: string, tail: string): Generator<Buffer> {
  const { state, approvers, tasks } = shown;
  const framework = (each: Framework): string => frameworkText(frameworkV1(state, each));
  yield* tasksTextPieces(tasks, `${head}{"get_tasks":`, '');
  yield Buffer.from(',"get_executors":{"executors":[');
  yield* listPieces(shown.executors.executors, executorText);
  yield Buffer.from(']},"get_frameworks":{"frameworks":[');
  yield* listPieces(shown.frameworks, framework);
  yield Buffer.from('],"completed_frameworks":[');
  yield* listPieces(shown.completedFrameworks, framework);
  yield Buffer.from(']},"get_agents":{"agents":[');
  yield* listPieces(shown.agents, (each) => agentText(agentV1(state, each, approvers)));
  yield Buffer.from('],"recovered_agents":[');
  yield* listPieces([...state.recoveredAgents.values()], ({ info }) => recoveredAgentText(info));
  yield Buffer.from(`]}}${tail}`);
}

/** `head`, the `get_tasks` object, `tail`. */
export function* tasksTextPieces(tasks: GetTasks, head: string, tail: string): Generator<Buffer> {
  yield Buffer.from(`${head}{"tasks":[`);
  yield* listPieces(tasks.tasks, taskText);
  yield Buffer.from('],"unreachable_tasks":[');
  yield* listPieces(tasks.unreachable_tasks, taskText);
  yield Buffer.from('],"completed_tasks":[');
  yield* listPieces(tasks.completed_tasks, taskText);
  yield Buffer.from(`]}${tail}`);
}

function* listPieces<Item>(
  items: readonly Item[] | undefined,
  textOf: (item: Item) => string,
): Generator<Buffer> {
  for (const [at, slice] of slicesOf(items)) {
    const text = slice.map(textOf).join(',');
    yield Buffer.from(at === 0 ? text : `,${text}`);
  }
}

/**
 * The binary form of GetState as the member of a message that `holder` is with an empty one in it. A length
 * comes before what it counts: while that is made, the pieces are empty.
 */
export function* stateBytesPieces(shown: Shown, holder: Uint8Array): Generator<Uint8Array> {
  const { state, approvers } = shown;
  const tasks: Uint8Array[] = [];
  for (const name of ['tasks', 'unreachable_tasks', 'completed_tasks'] as const) {
    const encode = (slice: readonly Task[]): Uint8Array =>
      encodeMessage('mesos.v1.master.Response.GetTasks', { [name]: slice });
    yield* encoded(tasks, shown.tasks[name], encode);
  }
  const executors: Uint8Array[] = [];
  yield* encoded(executors, shown.executors.executors, (slice) =>
    encodeMessage('mesos.v1.master.Response.GetExecutors', { executors: slice }),
  );
  const frameworks: Uint8Array[] = [];
  for (const name of ['frameworks', 'completed_frameworks'] as const) {
    const list = name === 'frameworks' ? shown.frameworks : shown.completedFrameworks;
    yield* encoded(frameworks, list, (slice) => {
      const members = slice.map((each) => frameworkV1(state, each));
      return encodeMessage('mesos.v1.master.Response.GetFrameworks', { [name]: members });
    });
  }
  const agents: Uint8Array[] = [];
  yield* encoded(agents, shown.agents, (slice) => {
    const members = slice.map((each) => agentV1(state, each, approvers));
    return encodeMessage('mesos.v1.master.Response.GetAgents', { agents: members });
  });
  yield* encoded(agents, [...state.recoveredAgents.values()], (slice) => {
    const members = slice.map(({ info }) => info);
    return encodeMessage('mesos.v1.master.Response.GetAgents', { recovered_agents: members });
  });
  const GET_STATE = 'mesos.v1.master.Response.GetState';
  yield* memberOf(holder, [
    ...memberOf(encodeMessage(GET_STATE, { get_tasks: {} }), tasks),
    ...memberOf(encodeMessage(GET_STATE, { get_executors: {} }), executors),
    ...memberOf(encodeMessage(GET_STATE, { get_frameworks: {} }), frameworks),
    ...memberOf(encodeMessage(GET_STATE, { get_agents: {} }), agents),
  ]);
}

/** A message is what its parts are one behind the other: a list may be written in slices. */
function* encoded<Item>(
  into: Uint8Array[],
  items: readonly Item[] | undefined,
  encode: (slice: readonly Item[]) => Uint8Array,
): Generator<Uint8Array> {
  for (const [, slice] of slicesOf(items)) {
    into.push(encode(slice));
    yield NOTHING;
  }
}

/** `holder` ends with the member's tag and a length of 0, which becomes that of `parts`. */
export function memberOf(holder: Uint8Array, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const writer = new ByteWriter();
  writer.uint32(parts.reduce((sum, part) => sum + part.length, 0));
  return [holder.subarray(0, -1), writer.finish(), ...parts];
}

function* slicesOf<Item>(
  items: readonly Item[] | undefined = [],
): Generator<readonly [at: number, slice: readonly Item[]]> {
  for (let at = 0; at < items.length; at += PER_PIECE) yield [at, items.slice(at, at + PER_PIECE)];
}
