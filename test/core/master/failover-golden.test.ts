/**
 * The recorded fail-over: what the first leader shows, what the next one shows while its registry is read,
 * when agent and task are back, and when the framework is; its events. Master, agent and framework are real,
 * time is not. What standbys answer meanwhile is in `standby.test.ts`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { FrameworkInfo } from '../../../core/wire/types/mesos.v1.ts';
import { differences, type Exchange, headerDifferences } from '../operator/recordings.ts';
import { RecordedCluster } from './recorded-cluster.ts';
import { RecordedFramework } from './recorded-framework.ts';

interface Recorded extends Omit<Partial<Exchange>, 'response' | 'label'> {
  readonly label: string;
  readonly port?: number;
  readonly response?: Exchange['response'] & {
    /** Only some of many metrics. */
    readonly json_excerpt?: Readonly<Record<string, number>>;
  };
  readonly headers?: Readonly<Record<string, string>>;
  readonly events?: readonly unknown[];
  readonly event?: unknown;
}

const RECORDED: readonly Recorded[] = JSON.parse(
  readFileSync(new URL('../../wire/golden/ha-failover.json', import.meta.url), 'utf8'),
);
const FIRST = '3cf7577a-33bb-497f-96fc-659599ea5419';
const SECOND = '6d1d63f4-80b3-4178-8d48-ed2ebe5a511c';
const CONTAINER = 'f400134c-64b0-4f7b-b597-ced82ae6752e';
const STREAM = '341653e6-cfe0-4fdc-b28d-d7c95be4bcd7';
const FRAMEWORK = `${FIRST}-0000`;
const INFO: FrameworkInfo = {
  user: 'root',
  name: 'ha',
  failover_timeout: 600,
  checkpoint: true,
  roles: ['ha'],
  capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
};

/** Times, and what is kept by a log of the original's own and by ZooKeeper here. */
const NOT_COMPARED = /^registrar\/(log\/|state_|registry_size_bytes)/;

function recorded(label: string, index = 0): Recorded {
  const found = RECORDED.filter((each) => each.label === label)[index];
  assert.ok(found !== undefined, label);
  return found;
}

class Scene {
  readonly it: RecordedCluster;

  constructor(it: RecordedCluster) {
    this.it = it;
  }

  async replay(label: string): Promise<void> {
    const { request, response } = recorded(label);
    assert.ok(request !== undefined && response !== undefined);
    if (response.json !== '(left out)') await this.it.replay({ request, response });
  }

  async metrics(label: string): Promise<void> {
    const all = await this.it.shown('/metrics/snapshot');
    const excerpt = Object.entries(recorded(label).response?.json_excerpt ?? {});
    assert.ok(excerpt.length > 20);
    const compared = excerpt.filter(([name]) => !NOT_COMPARED.test(name));
    for (const [name, value] of compared) assert.equal(all[name], value, name);
  }
}

test('a fail-over shows the recorded documents, metrics and events', async (t) => {
  await using it = await RecordedCluster.start({
    masterPort: 5_252,
    master: { hostname: 'm1.example', flags: { cluster: 'golden' } },
    agent: { port: 5_255 },
  });
  const scene = new Scene(it);
  it.learn(FIRST, it.master.state.info.id);
  await t.test('the first leader', async () => {
    for (const { label } of RECORDED) {
      // Its registry was recorded before the agent came, too.
      if (/^leader GET (?!.*registry)/.test(label)) await scene.replay(label);
    }
    using framework = await RecordedFramework.subscribe(it, FRAMEWORK, INFO);
    await framework.launch({ name: 't', id: 'ha-task', container: CONTAINER });
    await scene.replay('leader registry before fail-over');
    await scene.metrics('leader metrics (excerpt)');
  });
  it.cluster.crashMaster();
  it.cluster.holdRegistry();
  await it.startMaster(5_253, { hostname: 'm2.example' });
  it.learn(SECOND, it.master.state.info.id);
  await t.test('the next leader, before its registry is read', async () => {
    assert.equal(it.master.isReady, false);
    const { response } = recorded('GET /state on 5253 changed', 1);
    const { flags: _, ...state } = await it.shown('/state?x=1', () => Promise.resolve());
    assert.deepEqual(differences(it.translated(response?.json), state), []);
  });
  it.cluster.releaseRegistry();
  const isBack = (): boolean => it.master.state.agents.size === 1;
  assert.ok(await it.cluster.until(isBack, 60_000), 'the agent comes back');
  for (const what of ['slaves', 'frameworks', 'GET_FRAMEWORKS', 'registry', 'roles', 'redirect']) {
    await t.test(`the next leader: ${what}`, () => scene.replay(`new leader ${what}`));
  }
  await t.test('the metrics of the next leader', () =>
    scene.metrics('new leader metrics (excerpt)'),
  );
  using framework = await RecordedFramework.subscribe(it, FRAMEWORK, INFO);
  const { stream } = framework;
  await t.test('the framework subscribes again', async () => {
    const { headers = {} } = recorded('framework subscribes again');
    assert.deepEqual(headerDifferences(headers, stream.headers), []);
    const { events = [] } = recorded('events after re-subscription');
    for (const [at, event] of events.entries()) it.same(event, stream.records[at] ?? '');
  });
  await t.test('reconciliation', async () => {
    it.learn(STREAM, framework.streamId);
    await scene.replay('reconcile');
    const update = await stream.untilTold('REASON_RECONCILIATION');
    it.same(recorded('update after reconcile').event, update);
    await scene.replay('new leader frameworks after return');
  });
});
