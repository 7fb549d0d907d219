/** Two texts as one, with what goes and what comes. */
import type { JSX } from 'preact';
import { type DiffLine, diffLines, hasChanges } from './diff.ts';

const SIGNS: Readonly<Record<DiffLine['kind'], string>> = { same: ' ', removed: '-', added: '+' };

export function DiffView({
  before,
  after,
}: {
  readonly before: string;
  readonly after: string;
}): JSX.Element {
  const lines = diffLines(before, after);
  if (!hasChanges(lines)) return <p class="quiet">No differences.</p>;
  return (
    <pre class="diff">
      {lines.map(({ kind, text }, at) => (
        <span key={`${at}`} class={kind}>
          {SIGNS[kind]} {text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
