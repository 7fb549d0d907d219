/**
 * Label selectors: comma separated `name`, `name==v`, `name!=v`, `name in (a,b)`, `name notin (a)`;
 * all of them must hold and all need the label to be there (spec marathon-rest, section 2).
 */
import { err, ok, type Result } from '../../../core/base/result.ts';

type Labels = Readonly<Record<string, string>>;

export type LabelSelector = (labels: Labels) => boolean;

export function parseLabelSelector(text: string): Result<LabelSelector> {
  const reader = new SelectorReader(text);
  try {
    const terms = reader.selectors();
    return ok((labels) => terms.every((term) => term(labels)));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return err(`Can not parse label selector ${text}. Reason: ${reason}`);
  }
}

class SelectorReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  selectors(): LabelSelector[] {
    const terms = [this.selector()];
    while (this.take(',')) terms.push(this.selector());
    this.blanks();
    if (this.at < this.text.length) this.fail('end of input');
    return terms;
  }

  private selector(): LabelSelector {
    const name = this.term();
    if (this.take('==')) return equals(name, [this.term()], true);
    if (this.take('!=')) return equals(name, [this.term()], false);
    if (this.takeWord('in')) return equals(name, this.set(), true);
    if (this.takeWord('notin')) return equals(name, this.set(), false);
    return (labels) => labels[name] !== undefined;
  }

  private set(): string[] {
    if (!this.take('(')) this.fail("'('");
    const values = [this.term()];
    while (this.take(',')) values.push(this.term());
    if (!this.take(')')) this.fail("')'");
    return values;
  }

  private term(): string {
    this.blanks();
    const match = /^(?:[-A-Za-z0-9_.]|\\.)+/.exec(this.text.slice(this.at));
    if (match === null) return this.fail('a label or value');
    this.at += match[0].length;
    return match[0].replaceAll(/\\(.)/g, '$1');
  }

  private blanks(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  private take(token: string): boolean {
    this.blanks();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private takeWord(word: string): boolean {
    this.blanks();
    const rest = this.text.slice(this.at);
    if (!new RegExp(`^${word}[\\s(]`).test(rest)) return false;
    this.at += word.length;
    return true;
  }

  private fail(expected: string): never {
    throw new Error(`${expected} expected but '${this.text.slice(this.at)}' found`);
  }
}

function equals(name: string, values: readonly string[], isIn: boolean): LabelSelector {
  return (labels) => {
    const value = labels[name];
    return value !== undefined && values.includes(value) === isIn;
  };
}
