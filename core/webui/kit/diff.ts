/** Which lines differ between two texts (longest common subsequence). Pure. */

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Beyond this many compared pairs everything in the middle counts as replaced. */
const PAIRS_MAX = 4_000_000;

export function diffLines(before: string, after: string): readonly DiffLine[] {
  const left = before.split('\n');
  const right = after.split('\n');
  const head = commonLength(left, right);
  const tail = commonLength(left.slice(head).reverse(), right.slice(head).reverse());
  const middle = diffMiddle(
    left.slice(head, left.length - tail),
    right.slice(head, right.length - tail),
  );
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  return [...left.slice(0, head).map(same), ...middle, ...left.slice(left.length - tail).map(same)];
}

export function hasChanges(lines: readonly DiffLine[]): boolean {
  return lines.some(({ kind }) => kind !== 'same');
}

function commonLength(left: readonly string[], right: readonly string[]): number {
  let at = 0;
  while (at < left.length && at < right.length && left[at] === right[at]) at += 1;
  return at;
}

function diffMiddle(left: readonly string[], right: readonly string[]): readonly DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text });
  const added = (text: string): DiffLine => ({ kind: 'added', text });
  if (left.length * right.length > PAIRS_MAX) return [...left.map(removed), ...right.map(added)];
  const lengths = commonLengths(left, right);
  const lengthAt = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const text = left[i];
    const other = right[j];
    if (text !== undefined && text === other) {
      lines.push({ kind: 'same', text });
      i += 1;
      j += 1;
    } else if (
      text !== undefined &&
      (other === undefined || lengthAt(i + 1, j) >= lengthAt(i, j + 1))
    ) {
      lines.push(removed(text));
      i += 1;
    } else {
      lines.push(added(other ?? ''));
      j += 1;
    }
  }
  return lines;
}

/** `[i][j]`: lines that the rests from i and from j have in common. */
function commonLengths(left: readonly string[], right: readonly string[]): readonly Uint32Array[] {
  const table = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const row = table[i];
      const next = table[i + 1];
      if (row === undefined || next === undefined) continue;
      row[j] =
        left[i] === right[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}
