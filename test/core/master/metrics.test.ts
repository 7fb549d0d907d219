/** The master shows the metrics an original shows, under the same names. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FRAMEWORK_COUNTERS, MASTER_COUNTERS } from '../../../core/master/metrics.ts';
import { startMaster } from './master-builder.ts';

const FILE = new URL('../../wire/golden/master-metric-names.json', import.meta.url);
const RECORDED: readonly string[] = JSON.parse(readFileSync(FILE, 'utf8'));

/** Made by the operator endpoints, or of timers, which have no samples yet. */
const ELSEWHERE =
  /^(system\/|master\/operations\/|master\/operator_event_stream|allocator\/event_queue|allocator\/mesos\/(event_queue|allocation_run_)|registrar\/state_store_ms)/;

test('every recorded metric of a cluster with a framework is there', async () => {
  await using it = await startMaster();
  const seen: unknown[] = [];
  it.master.subscribe(
    {
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: {
          user: 'root',
          name: 'marathon',
          principal: 'marathon-p',
          roles: ['services'],
          capabilities: [{ type: 'MULTI_ROLE' }],
        },
      },
    },
    { send: (event) => seen.push(event), close: () => {} },
  );
  assert.equal(seen.length, 2);
  const prefix = /^master\/frameworks\/marathon\/[^/]+\//;
  const shown = new Set(
    Object.keys(it.master.metrics.snapshot()).map((name) =>
      name.replace(prefix, 'master/frameworks/marathon/ID/'),
    ),
  );
  const missing = RECORDED.filter((name) => !shown.has(name) && !ELSEWHERE.test(name));
  assert.deepEqual(missing, []);
});

/** What `count` and `increment` are called with; `${...}` stands for any word. */
function countedNames(): readonly RegExp[] {
  const folder = new URL('../../../core/master/', import.meta.url);
  const sources = globSync('**/*.ts', { cwd: folder }).map((file) =>
    readFileSync(new URL(file, folder), 'utf8'),
  );
  const calls = sources.flatMap((source) => [
    ...source.matchAll(/(?:count|increment)\(([^;]*?)\)[\];,\n]/gs),
  ]);
  const literals = calls.flatMap(([, given = '']) => [...given.matchAll(/'([^']+)'|`([^`]+)`/g)]);
  return literals.map(([, plain, template = '']) => {
    const words = (plain ?? template).split(/\$\{[^}]*\}/);
    return new RegExp(
      `^${words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('\\w+')}$`,
    );
  });
}

test('every counter is counted somewhere, but those that the README calls constant', () => {
  const counted = countedNames();
  // Counted by `countTerminal` under the name of the state.
  const isState = /^tasks_/;
  const isCounted = (name: string): boolean =>
    isState.test(name) || counted.some((each) => each.test(name));
  const never = [...MASTER_COUNTERS, ...FRAMEWORK_COUNTERS].filter((name) => !isCounted(name));
  assert.deepEqual(never, ['http_cache_hits']);
});
