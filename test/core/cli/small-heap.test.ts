import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const MODULE = new URL('../../../core/cli/small-heap.ts', import.meta.url).href;
const ROOF = new URL('../../../orrery.ts', import.meta.url).href;
const MIB = 1024 ** 2;

/** Size of the space for new objects of a process that has made 100 MB of them and kept every tenth. */
function newSpaceBytes(before: string): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { keepHeapSmall, letHeapGrowOnce } from '${MODULE}';
    ${before}
    const kept = [];
    for (let at = 0; at < 1_000_000; at += 1) {
      const value = { at, text: 'x' + at };
      if (at % 10 === 0) kept.push(value);
      // As in a daemon, whose inputs are turns of their own.
      if (at % 1_000 === 0) await new Promise(setImmediate);
    }
    const space = getHeapSpaceStatistics().find((each) => each.space_name === 'new_space');
    console.log(space.space_size, kept.length);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return Number(stdout.trimEnd().split('\n').at(-1)?.split(' ')[0]);
}

test('the space for new objects does not grow in a process that keeps its heap small', () => {
  assert.ok(newSpaceBytes('keepHeapSmall();') <= 4 * MIB);
  assert.ok(newSpaceBytes('') > 4 * MIB, 'it grows in others');
});

test('it grows once, to four megabytes, in a process that has work', () => {
  const bytes = newSpaceBytes('keepHeapSmall(); letHeapGrowOnce();');
  assert.ok(bytes > 3 * MIB && bytes <= 9 * MIB, `${bytes} bytes`);
});

test('it grows to no more in a DNS server, which answers nobody while it is emptied', () => {
  const bytes = newSpaceBytes(`await (await import('${ROOF}')).main(['dns', '-version']);`);
  assert.ok(bytes <= 9 * MIB, `${bytes} bytes`);
});
