import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TerminalHandlers } from '../../../../core/agent/launcher/ports.ts';
import { Terminals } from '../../../../core/agent/launcher/terminals.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';

class Bench {
  readonly clock = new SimulatedClock();
  readonly log: string[] = [];
  readonly handlers: TerminalHandlers[] = [];
  readonly terminals = new Terminals({
    clock: this.clock,
    emit: (event) => this.log.push(JSON.stringify(event)),
    host: {
      refusal: () => undefined,
      remove: () => {},
      connect: (_id, handlers) => {
        this.handlers.push(handlers);
        return {
          write: (bytes, taken) => {
            this.log.push(`typed ${Buffer.from(bytes)}`);
            taken();
          },
          resize: (rows, columns) => this.log.push(`${rows} by ${columns}`),
          setPaused: (isPaused) => this.log.push(isPaused ? 'paused' : 'on'),
          close: () => this.log.push('closed'),
        };
      },
    },
  });

  type(sequence: number, text: string): void {
    const data = Buffer.from(text).toString('base64');
    this.terminals.handle({ kind: 'plain-input', id: 'a', sequence, data });
  }

  watch(isWatched: boolean): void {
    this.terminals.handle({ kind: 'plain-watch', id: 'a', isWatched });
  }

  take(): readonly string[] {
    return this.log.splice(0);
  }
}

test('what is typed before the terminal is there waits for it, in order', async () => {
  const bench = new Bench();
  bench.type(1, 'one');
  bench.terminals.handle({ kind: 'plain-resize', id: 'a', rows: 4, columns: 8 });
  bench.handlers[0]?.onClose();
  assert.deepEqual([bench.take(), bench.handlers.length], [[], 1]);
  await bench.clock.advance(50);
  bench.handlers[1]?.onOpen();
  assert.deepEqual(bench.take(), [
    'on',
    'typed one',
    '{"kind":"plain-input-taken","id":"a","sequence":1}',
    '4 by 8',
  ]);
});

test('the end of a container is told after the output of its terminal, to whoever reads', async () => {
  const bench = new Bench();
  bench.watch(true);
  bench.handlers[0]?.onOpen();
  bench.terminals.ended('a', () => bench.log.push('over'));
  bench.handlers[0]?.onOutput(Buffer.from('last'));
  bench.handlers[0]?.onClose();
  assert.deepEqual(bench.take(), [
    'on',
    '{"kind":"plain-output","id":"a","stream":"STDOUT","data":"bGFzdA=="}',
    'over',
  ]);
  await bench.clock.advance(10_000);
  assert.deepEqual(bench.take(), [], 'nothing is tried again');
});

test('an end does not wait for a terminal that says nothing, nor for one that nobody attached to', async () => {
  const bench = new Bench();
  bench.terminals.ended('b', () => bench.log.push('b over'));
  bench.watch(true);
  bench.handlers[0]?.onOpen();
  bench.terminals.ended('a', () => bench.log.push('a over'));
  assert.deepEqual(bench.take(), ['b over', 'on']);
  await bench.clock.advance(1_500);
  assert.deepEqual(bench.take(), ['closed', 'a over']);
});

test('an agent that reads too slowly makes the process wait only while it reads', () => {
  const bench = new Bench();
  bench.watch(true);
  bench.handlers[0]?.onOpen();
  bench.terminals.setCongested(true);
  bench.watch(false);
  bench.terminals.setCongested(false);
  bench.handlers[0]?.onOutput(Buffer.from('unseen'));
  assert.deepEqual(bench.take(), ['on', 'paused', 'on', 'on']);
});
