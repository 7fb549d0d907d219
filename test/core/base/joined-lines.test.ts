import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JoinedLines } from '../../../core/base/joined-lines.ts';
import { createLog, joinedDestination } from '../../../core/base/log.ts';

test('lines of one turn are written together, in order, at its end', () => {
  const it = joinedLines();
  it.lines.write('a\n');
  it.lines.write('b\n');
  assert.deepEqual(it.written, []);
  it.endTurn();
  assert.deepEqual(it.written, ['a\nb\n']);
  it.lines.write('c\n');
  it.endTurn();
  assert.deepEqual(it.written, ['a\nb\n', 'c\n']);
});

test('a line that must be out now takes those before it along', () => {
  const it = joinedLines();
  it.lines.write('a\n');
  it.lines.writeNow('b\n');
  assert.deepEqual(it.written, ['a\nb\n']);
  it.endTurn();
  assert.deepEqual(it.written, ['a\nb\n']);
});

test('the end of the process hands over what waits', () => {
  const it = joinedLines();
  it.lines.write('a\n');
  it.exit();
  assert.deepEqual(it.written, ['a\n']);
});

test('64 KiB are written without waiting for the end of the turn', () => {
  const it = joinedLines();
  const line = `${'x'.repeat(16 * 1024 - 1)}\n`;
  for (let at = 0; at < 4; at += 1) it.lines.write(line);
  assert.deepEqual(it.written, [line.repeat(4)]);
});

test('lines of errors are out when the call returns, with the lines before them', () => {
  const written: string[] = [];
  const destination = joinedDestination({ write: (text) => written.push(text) });
  const log = createLog({ name: 'test', level: 'info', destination });
  log.info({}, 'first');
  log.warn({}, 'second');
  assert.equal(written.length, 0);
  log.error({}, 'third');
  assert.deepEqual(written.join('').match(/first|second|third/g), ['first', 'second', 'third']);
});

function joinedLines() {
  const written: string[] = [];
  const due: (() => void)[] = [];
  const atExit: (() => void)[] = [];
  const lines = new JoinedLines(
    { write: (text) => written.push(text) },
    { afterTurn: (flush) => due.push(flush), atExit: (flush) => atExit.push(flush) },
  );
  return {
    lines,
    written,
    endTurn: () => {
      for (const flush of due.splice(0)) flush();
    },
    exit: () => {
      for (const flush of atExit) flush();
    },
  };
}
