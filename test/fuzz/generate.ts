/** Random messages made from what the schema says, as JSON trees: most of them are valid. */
import { readFileSync } from 'node:fs';
import { encodeMessage } from '../../core/wire/codec.ts';
import { fromJson } from '../../core/wire/json.ts';
import {
  type FieldPlan,
  isMessageName,
  type MessageName,
  type MessagePlan,
  planOf,
} from '../../core/wire/schema.ts';
import type { Dice } from './dice.ts';
import { NASTY_TEXTS } from './mutate-json.ts';

const INTERNAL_PROTO = new URL('../../core/wire/proto/mesos.internal.proto', import.meta.url);
/** Members of one generated message, nested ones included; required ones come on top. */
const MEMBERS_MAX = 150;
const DEPTH_MAX = 6;
const NUMBERS = [0, 1, 2, 3, 0.5, 10, 100, 1_000, -1, 31_000, 2 ** 31 - 1, 1e9] as const;

/** Every message that daemons send to each other. */
export function internalMessageNames(): readonly MessageName[] {
  const text = readFileSync(INTERNAL_PROTO, 'utf8');
  const names = [...text.matchAll(/^message (\w+)/gm)].map((match) => `mesos.internal.${match[1]}`);
  return names.filter((name) => isMessageName(name));
}

/** `words` are ids and names that mean something to who gets the message. */
export function generateTree(dice: Dice, name: string, words: readonly string[]): unknown {
  return new Generator(dice, words).message(planOf(name), 0);
}

/** The bytes of a generated message; undefined when chance made one that the schema refuses. */
export function generateBytes(
  dice: Dice,
  name: MessageName,
  words: readonly string[],
): Buffer | undefined {
  const message = fromJson(name, generateTree(dice, name, words));
  return message.ok ? Buffer.from(encodeMessage(name, message.value)) : undefined;
}

class Generator {
  private readonly dice: Dice;
  private readonly words: readonly string[];
  private left = MEMBERS_MAX;

  constructor(dice: Dice, words: readonly string[]) {
    this.dice = dice;
    this.words = words;
  }

  message(plan: MessagePlan, depth: number): Record<string, unknown> {
    const { dice } = this;
    const tree: Record<string, unknown> = {};
    for (const field of plan.fields) {
      const isLeftOut = depth >= DEPTH_MAX || this.left <= 0 || !dice.once(depth < 2 ? 2 : 4);
      if (!field.required && isLeftOut) continue;
      const value = (): unknown => this.value(field, depth);
      if (field.isMap) tree[field.name] = { [dice.pickAny(this.words) ?? 'x']: value() };
      else if (field.repeated) tree[field.name] = Array.from({ length: dice.below(3) }, value);
      else tree[field.name] = value();
    }
    return tree;
  }

  private value(field: FieldPlan, depth: number): unknown {
    const { dice } = this;
    this.left -= 1;
    switch (field.kind) {
      case 'message':
        return this.message(field.message(), depth + 1);
      case 'enum':
        return dice.pickAny([...(field.enumeration?.nameOf.values() ?? [])]);
      case 'string':
        return dice.once(10) ? dice.pick(NASTY_TEXTS) : (dice.pickAny(this.words) ?? '');
      case 'bytes':
        return dice.once(4)
          ? dice.bytes(dice.below(20)).toString('base64')
          : Buffer.from(dice.uuid().replaceAll('-', ''), 'hex').toString('base64');
      case 'bool':
        return dice.once(2);
      case 'double':
      case 'float':
        return dice.pickAny(NUMBERS);
      default:
        return Math.trunc(Math.abs(dice.pickAny(NUMBERS) ?? 0));
    }
  }
}
