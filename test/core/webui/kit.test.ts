/** The pure parts of the pages' kit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffLines, hasChanges } from '../../../core/webui/kit/diff.ts';
import {
  durationText,
  fileTime,
  isoTime,
  relativeTime,
  shortId,
  sizeText,
} from '../../../core/webui/kit/format.ts';
import { hashOf, matchRoute, parseRoute } from '../../../core/webui/kit/route.ts';
import { filterRows, pageOf, sortRows } from '../../../core/webui/kit/rows.ts';
import {
  appendPiece,
  nextRead,
  openTail,
  prependPiece,
  previousRead,
  type TailView,
} from '../../../core/webui/kit/tail.ts';

test('sizes have no decimals up to MB and one above', () => {
  assert.equal(sizeText(0), '0 B');
  assert.equal(sizeText(1_536), '2 KB');
  assert.equal(sizeText(64 * 1024 ** 2), '64 MB');
  assert.equal(sizeText(1.5 * 1024 ** 3), '1.5 GB');
  assert.equal(sizeText(2 ** 60), '1024.0 PB');
});

test('times are told in their largest unit, past and to come', () => {
  assert.equal(durationText(999), 'less than a second');
  assert.equal(durationText(59_999), '59 seconds');
  assert.equal(relativeTime(0, 60_000), '1 minute ago');
  assert.equal(relativeTime(7_200_000, 0), 'in 2 hours');
  assert.equal(relativeTime(5, 0), 'just now');
  assert.equal(isoTime(0), '1970-01-01T00:00:00Z');
  assert.equal(fileTime(Date.UTC(2026, 10, 5, 7, 8), Date.UTC(2026, 11, 1)), 'Nov 05 07:08');
  assert.equal(fileTime(Date.UTC(2025, 10, 5), Date.UTC(2026, 11, 1)), 'Nov 05 2025');
});

test('ids are shortened to what is behind the fourth dash', () => {
  assert.equal(shortId('0f3d3c65-1b2c-4d5e-8f90-a1b2c3d4e5f6-S12'), '…a1b2c3d4e5f6-S12');
  assert.equal(shortId('task-1'), 'task-1');
});

test('a filter wants every word in one of the values', () => {
  const rows = [
    ['web', 'RUNNING', 'node-1'],
    ['db', 'FAILED', 'node-2'],
  ];
  const found = (text: string) => filterRows(rows, text, (row) => row).map(([name]) => name);
  assert.deepEqual(found('NODE'), ['web', 'db']);
  assert.deepEqual(found('node fail'), ['db']);
  assert.deepEqual(found('x'), []);
});

test('absent values are last in both directions; numbers in texts count', () => {
  const rows = ['task-10', undefined, 'task-9'];
  assert.deepEqual(
    sortRows(rows, (row) => row, 'up'),
    ['task-9', 'task-10', undefined],
  );
  assert.deepEqual(
    sortRows(rows, (row) => row, 'down'),
    ['task-10', 'task-9', undefined],
  );
});

test('a page is within what there is, with at most five links around it', () => {
  const rows = Array.from({ length: 501 }, (_, at) => at);
  assert.deepEqual(pageOf(rows, 6, 50).links, [4, 5, 6, 7, 8]);
  assert.deepEqual(pageOf(rows, 99, 50).rows, [500]);
  assert.deepEqual(pageOf(rows, 99, 50).links, [7, 8, 9, 10, 11]);
  assert.deepEqual(pageOf([], 3, 50), { rows: [], number: 1, count: 1, links: [1] });
});

test('a difference has both texts in it, whatever they are', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '')).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const side = (kind: string) =>
        lines
          .filter((line) => line.kind === 'same' || line.kind === kind)
          .map((line) => line.text)
          .join('\n');
      assert.equal(side('removed'), before);
      assert.equal(side('added'), after);
      assert.equal(hasChanges(lines), before !== after);
    }),
  );
});

test('a change of one line is one line out and one in', () => {
  assert.deepEqual(
    diffLines('{\n "a": 1\n}', '{\n "a": 2\n}').map(({ kind, text }) => `${kind} ${text}`),
    ['same {', 'removed  "a": 1', 'added  "a": 2', 'same }'],
  );
});

test('routes carry any text in their segments and queries', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (segment, value) => {
      const route = parseRoute(hashOf(['agents', segment], { path: value }));
      assert.deepEqual(matchRoute('agents/:id', route), { id: segment });
      assert.equal(route.query.get('path'), value);
    }),
  );
  assert.equal(matchRoute('agents/:id', parseRoute('#/agents')), undefined);
  assert.deepEqual(parseRoute('#/a/%E0%A4').segments, ['a', '%E0%A4']);
});

/** A file read piece by piece, forwards from the tail and then back to its start. */
test('what is shown of a file is what stands there', () => {
  const line = fc.stringMatching(/^[a-zäß€ ]{0,40}$/);
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1 }),
      fc.integer({ min: 1, max: 500 }),
      (lines, times) => {
        const file = Buffer.from(`${lines.join('\n')}\n`.repeat(times));
        const read = ({
          offset,
          length,
        }: {
          readonly offset: number;
          readonly length: number;
        }) => ({
          data: file.subarray(offset, offset + length).toString('utf8'),
          offset,
        });
        let view: TailView = openTail(file.length);
        view = appendPiece(view, read(nextRead(view)));
        assert.equal(view.end, file.length);
        const shown = Buffer.from(view.text);
        assert.deepEqual(shown, file.subarray(view.start));
        const before = previousRead(view);
        if (before === undefined) return;
        const paged = prependPiece(view, read(before));
        assert.ok(paged.start < view.start);
        assert.deepEqual(Buffer.from(paged.text), file.subarray(paged.start));
      },
    ),
    { numRuns: 100 },
  );
});
