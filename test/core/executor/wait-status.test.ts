import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitedWith, signalledWith, waitStatusOf } from '../../../core/executor/wait-status.ts';

test('the mark of a core dump does not change how a process ended', () => {
  assert.equal(waitStatusOf(0x80 | 11), signalledWith('SIGSEGV'));
  assert.equal(waitStatusOf(3 << 8), exitedWith(3));
  assert.equal(waitStatusOf(0), exitedWith(0));
});
