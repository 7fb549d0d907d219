/** The texts of all agents for `/state`, kept as bytes until something they show is replaced. */
import { APPROVES_ALL, type Approvers } from '../../auth/authorizer.ts';
import { addPiece, ByteBlocks } from '../../base/byte-blocks.ts';
import { writeJson } from '../../wire/json-text.ts';
import type { Agent } from '../records.ts';
import type { MasterState } from '../state.ts';
import { agentTree, hidesSome, isStillShown, shownMembers } from './agents.ts';

/** Neighbours whose texts are looked at together, before others have their turn. */
const GROUP_SIZE = 32;

interface AgentText {
  readonly agent: Agent;
  readonly seen: readonly unknown[];
  /** With a comma before it. */
  readonly bytes: Buffer;
  readonly blocks: ByteBlocks;
}

interface Group {
  readonly texts: readonly AgentText[];
  readonly pieces: readonly Buffer[];
}

class AgentTexts {
  private readonly byAgent = new WeakMap<Agent, AgentText>();
  private groups: Group[] = [];
  private blocks = new ByteBlocks();

  *render(state: MasterState, agents: readonly Agent[]): Generator<Buffer> {
    const { groups } = this;
    let neededBytes = 0;
    for (let from = 0; from < agents.length; from += GROUP_SIZE) {
      const number = from / GROUP_SIZE;
      const members = agents.slice(from, from + GROUP_SIZE);
      const known = groups[number];
      const group =
        known !== undefined && this.isCurrent(known, members) ? known : this.make(state, members);
      groups[number] = group;
      for (const piece of group.pieces) {
        yield neededBytes === 0 ? piece.subarray(1) : piece;
        neededBytes += piece.length;
      }
    }
    groups.length = Math.ceil(agents.length / GROUP_SIZE);
    // What is still needed moves to new blocks the next time.
    if (!this.blocks.isSparse(neededBytes)) return;
    this.blocks.giveUp();
    this.blocks = new ByteBlocks();
  }

  /** For somebody who may not see everything: agents that hide something are written anew. */
  *renderVisible(
    state: MasterState,
    agents: readonly Agent[],
    approvers: Approvers,
  ): Generator<Buffer> {
    for (const [at, agent] of agents.entries()) {
      const bytes = hidesSome(approvers, agent)
        ? Buffer.from(`,${writeJson(agentTree(state, agent, approvers))}`)
        : this.textOf(state, agent).bytes;
      yield at === 0 ? bytes.subarray(1) : bytes;
    }
  }

  private isCurrent({ texts }: Group, members: readonly Agent[]): boolean {
    if (texts.length !== members.length) return false;
    for (let at = 0; at < members.length; at += 1) {
      const [text, agent] = [texts[at], members[at]];
      if (text === undefined || agent === undefined || text.agent !== agent) return false;
      if (text.blocks !== this.blocks || !isStillShown(agent, text.seen)) return false;
    }
    return true;
  }

  private make(state: MasterState, members: readonly Agent[]): Group {
    const pieces: Buffer[] = [];
    const made = members.map((agent) => this.textOf(state, agent));
    for (const { bytes } of made) addPiece(pieces, bytes);
    return { texts: made, pieces };
  }

  private textOf(state: MasterState, agent: Agent): AgentText {
    const { blocks } = this;
    const known = this.byAgent.get(agent);
    let text: AgentText;
    if (known === undefined || !isStillShown(agent, known.seen)) {
      const bytes = blocks.write(`,${writeJson(agentTree(state, agent))}`);
      text = { agent, seen: shownMembers(agent), bytes, blocks };
    } else if (known.blocks !== blocks) {
      text = { ...known, bytes: blocks.join([known.bytes]), blocks };
    } else {
      return known;
    }
    this.byAgent.set(agent, text);
    return text;
  }
}

const texts = new WeakMap<MasterState, AgentTexts>();

/** The elements of the list `slaves` as far as they may be seen, with commas between them. */
export function agentPieces(
  state: MasterState,
  agents: readonly Agent[],
  approvers: Approvers,
): Iterable<Buffer> {
  const known = texts.get(state) ?? new AgentTexts();
  texts.set(state, known);
  if (approvers === APPROVES_ALL) return known.render(state, agents);
  return known.renderVisible(state, agents, approvers);
}
