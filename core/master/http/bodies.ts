/** Bodies of the legacy endpoints: forms and JSON (spec operator-api, sections 4.7 to 4.11). */
import { err, ok, type Result } from '../../base/result.ts';
import type { MessageName } from '../../wire/codec.ts';
import { fromJson, parseJson } from '../../wire/json.ts';
import type { MessageTypes } from '../../wire/types/messages.ts';

const UNEXPECTED = 'Unexpected JSON type parsed';

/** Whether the text was JSON of the right kind decides between two refusals. */
export interface ListRefusal {
  readonly isJson: boolean;
  readonly text: string;
}

/** A JSON array of messages. */
export function messagesIn<N extends MessageName>(
  name: N,
  body: string,
): Result<readonly MessageTypes[N][], ListRefusal> {
  const tree = parseJson(body);
  if (!tree.ok) return err({ isJson: false, text: tree.error });
  if (!Array.isArray(tree.value)) return err({ isJson: false, text: UNEXPECTED });
  const messages: MessageTypes[N][] = [];
  for (const each of tree.value) {
    const message = fromJson(name, each);
    if (!message.ok) return err({ isJson: true, text: message.error });
    messages.push(message.value);
  }
  return ok(messages);
}

export function objectIn(body: string): Result<unknown> {
  const tree = parseJson(body);
  if (!tree.ok) return tree;
  const isObject = typeof tree.value === 'object' && tree.value !== null;
  return isObject && !Array.isArray(tree.value) ? tree : err(UNEXPECTED);
}

/** `name=value&...` as the original reads it: a bad escape refuses the whole body. */
export function decodeForm(body: string): Result<ReadonlyMap<string, string>> {
  const fields = new Map<string, string>();
  for (const token of body.split(/[;&]/)) {
    if (token === '') continue;
    const at = token.indexOf('=');
    const name = decode(at === -1 ? token : token.slice(0, at));
    const value = decode(at === -1 ? '' : token.slice(at + 1));
    if (!name.ok) return name;
    if (!value.ok) return value;
    fields.set(name.value, value.value);
  }
  return ok(fields);
}

function decode(text: string): Result<string> {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (bad !== null) {
    return err(`Unable to decode query string: Malformed % escape in '${text}': '${bad[0]}'`);
  }
  const parts = text.replaceAll('+', ' ').split(/(%[0-9a-fA-F]{2})/);
  const bytes = parts.map((part) =>
    part.startsWith('%') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part),
  );
  return ok(Buffer.concat(bytes).toString('utf8'));
}
