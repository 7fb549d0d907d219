/** The example files are accepted as they are. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { World } from './world.ts';

const FOLDER = join(import.meta.dirname, '../../../examples/marathon');

test('every example is accepted and runs', async () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  assert.ok(files.length >= 20);
  for (const file of files) {
    const world = await World.start({}, []);
    world.master.addAgent('a1', { rack: 'rack-1', os: 'linux' }, { begin: 31_950 });
    const body = readFileSync(join(FOLDER, file), 'utf8');
    const kind = /-(group|pod)\.json$/.exec(file)?.[1] ?? 'app';
    const url = `/v2/${kind}s`;
    const answer = await world.call('POST', url, body);
    assert.equal(answer.status, 201, `${file}: ${answer.text}`);
    await world.advance(10_000);
    assert.ok(world.master.running().length > 0, file);
    await world.stop();
  }
});
