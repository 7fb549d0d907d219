/** The file of `--whitelist`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seconds } from '../../../core/base/duration.ts';
import { silentLog } from '../../../core/base/log.ts';
import { WhitelistWatcher } from '../../../core/master/whitelist.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { MasterScene } from './machine-builder.ts';

async function watching() {
  const clock = new SimulatedClock();
  const told: (readonly string[])[] = [];
  let text: string | undefined;
  const watcher = new WhitelistWatcher('/etc/whitelist', {
    clock,
    log: silentLog,
    readText: async (path) => {
      assert.equal(path, '/etc/whitelist');
      if (text === undefined) throw new Error('ENOENT');
      return text;
    },
    onChange: (hostnames) => told.push(hostnames),
  });
  await watcher.start();
  return {
    watcher,
    told,
    after: async (next: string | undefined): Promise<void> => {
      text = next;
      await clock.advance(seconds(5));
    },
  };
}

test('a file that is not there allows all, and is looked for every 5 s', async () => {
  const it = await watching();
  assert.deepEqual(it.told, []);
  await it.after('h1\nh2\n');
  assert.deepEqual(it.told, [['h1', 'h2']]);
});

test('only changes are told, and a file that went away is none', async () => {
  const it = await watching();
  await it.after('h1\n');
  await it.after('h1\n');
  await it.after(undefined);
  await it.after('h2');
  await it.after('');
  assert.deepEqual(it.told, [['h1'], ['h2'], []]);
});

test('nothing is read after the stop', async () => {
  const it = await watching();
  it.watcher.stop();
  await it.after('h1\n');
  assert.deepEqual(it.told, []);
});

test('only agents whose host names are in the list are offered', () => {
  const it = new MasterScene();
  it.input({ kind: 'whitelist', hostnames: ['a2'] });
  it.agent('a1');
  it.agent('a2');
  it.subscribe('f');
  assert.equal(it.takeOffer('f').hostname, 'a2');
  it.input({ kind: 'whitelist', hostnames: ['a1', 'a2'] });
  assert.equal(it.advance(10).takeOffer('f').hostname, 'a1');
});
