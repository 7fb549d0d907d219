import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FileDisk } from '../../../../core/agent/launcher/file-disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'orrery-file-disk-'));
after(() => rmSync(folder, { recursive: true }));

test('the last record of each container is loaded', () => {
  const disk = new FileDisk(join(folder, 'a'));
  disk.save('one/1', { n: 1 });
  disk.save('one/1', { n: 2 });
  disk.save('two', { n: 3 });
  disk.save('gone', { n: 4 });
  disk.remove('gone');
  const loaded = new FileDisk(join(folder, 'a')).load();
  assert.deepEqual(loaded.values, [{ n: 2 }, { n: 3 }]);
  assert.equal(loaded.damaged, 0);
});

test('a torn last line is ignored and not appended to', () => {
  const place = join(folder, 'b');
  new FileDisk(place).save('c', { n: 1 });
  appendFileSync(join(place, 'c.json'), '{"n":2');
  const disk = new FileDisk(place);
  assert.deepEqual(disk.load().values, [{ n: 1 }]);
  disk.save('c', { n: 3 });
  assert.equal(readFileSync(join(place, 'c.json'), 'utf8'), '{"n":3}\n');
});

test('a file without one whole record is put aside', () => {
  const place = join(folder, 'd');
  const disk = new FileDisk(place);
  appendFileSync(join(place, 'c.json'), '{"n":');
  assert.deepEqual(disk.load(), { values: [], damaged: 1 });
  assert.deepEqual(readdirSync(place), ['c.json.damaged']);
});

test('files do not grow for ever and are not readable by others', () => {
  const place = join(folder, 'e');
  const disk = new FileDisk(place);
  for (let at = 0; at < 2_000; at += 1) disk.save('c', { at, text: 'x'.repeat(200) });
  const { size, mode } = statSync(join(place, 'c.json'));
  assert.ok(size < 70_000, `${size} bytes`);
  assert.equal(mode & 0o077, 0);
  assert.equal(new FileDisk(place).load().values.length, 1);
});

test('of many containers no more than some files stay open, and each has its last record', () => {
  const place = join(folder, 'f');
  const disk = new FileDisk(place);
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 300; at += 1) disk.save(`c${at}`, { at, round });
  }
  assert.ok(readdirSync('/proc/self/fd').length - before <= 130);
  for (let at = 10; at < 300; at += 1) disk.remove(`c${at}`);
  const { values } = new FileDisk(place).load();
  const expected = Array.from({ length: 10 }, (_, at) => ({ at, round: 1 }));
  assert.deepEqual(values, expected);
  for (let at = 0; at < 10; at += 1) disk.remove(`c${at}`);
  assert.ok(readdirSync('/proc/self/fd').length - before <= 1);
});
