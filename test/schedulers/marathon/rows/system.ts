/** One test per call of the system and of older clients, and per metric and flag (spec marathon-rest, 9 to 13; behaviour, 12 and 13). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARATHON_FLAGS } from '../../../../schedulers/marathon/flags.ts';
import { CHAPTERS } from '../../../../schedulers/marathon/http/api-description.ts';
import { type Answer, at, SLEEP, World } from '../world.ts';

type Call = readonly [method: string, url: string, headers?: Record<string, string>];
type Row = readonly [call: Call, status: number, check?: (answer: Answer) => void];

const text =
  (expected: string, type: string) =>
  ({ text: found, headers }: Answer): void => {
    assert.equal(found, expected);
    assert.match(String(headers['content-type']), new RegExp(`^${type}`));
  };
const says =
  (message: string) =>
  ({ body }: Answer): void =>
    assert.equal(at(body, 'message'), message);
const leadsTo =
  (path: string) =>
  ({ headers }: Answer): void =>
    assert.equal(headers['location'], path);
const allows =
  (methods: string) =>
  ({ headers }: Answer): void =>
    assert.equal(headers['allow'], methods);

const accept = (type: string): Record<string, string> => ({ accept: type });
const NOT_RUNNING = ({ text: found }: Answer): void =>
  assert.match(found, /not running.*--event_subscriber http_callback/);

const CALLS: readonly Row[] = [
  [['GET', '/ping'], 200, text('pong', 'text/plain')],
  [['GET', '/ping', accept('*/*')], 200, text('pong', 'text/plain')],
  [['GET', '/ping', accept('text/*')], 200, text('pong', 'text/plain')],
  [['GET', '/ping', accept('text/plain')], 200, text('pong', 'text/plain')],
  [['GET', '/ping', accept('text/html')], 200, text('pong', 'text/html')],
  [['GET', '/ping', accept('application/json')], 200, text('"pong"', 'application/json')],
  [['GET', '/ping', accept('image/png')], 204],
  [['GET', '/'], 302, leadsTo('/ui/')],
  [['GET', '/ui'], 302, leadsTo('/ui/')],
  [['GET', '/help'], 302, leadsTo('/api-console/index.html')],
  [['GET', '/api-console'], 302, leadsTo('/api-console/index.html')],
  [
    ['GET', '/api-console/index.html'],
    200,
    ({ text: page, headers }) => {
      assert.match(String(headers['content-type']), /^text\/html/);
      assert.match(page, /<a href="\.\.\/v2\/apps">\/v2\/apps<\/a>.*Lists apps/);
    },
  ],
  [['GET', '/public/api/api.raml'], 200, ({ text: raml }) => assert.match(raml, /^#%RAML 1\.0\n/)],
  ...['apps', 'tasks', 'groups', 'pods', 'deployments', 'queue', 'info', 'leader', 'events'].map(
    (chapter): Row => [
      ['GET', `/public/api/v2/${chapter}.raml`],
      200,
      ({ text: raml }) => assert.match(raml, new RegExp(`^/v2/${chapter}:\n  get:$`, 'm')),
    ],
  ),
  [['GET', '/public/api/v2/none.raml'], 404, says('URI not found')],
  ...['app', 'appUpdate', 'group', 'pod'].map(
    (name): Row => [
      ['GET', `/v2/schemas/${name}`],
      200,
      ({ body }) => {
        assert.equal(at(body, 'title'), name);
        assert.equal(at(body, 'properties', 'id', 'type'), 'string');
      },
    ],
  ),
  [
    ['GET', '/public/api/v2/types/app.json'],
    200,
    ({ body }) =>
      assert.deepEqual(at(body, 'properties', 'killSelection', 'enum'), [
        'YOUNGEST_FIRST',
        'OLDEST_FIRST',
      ]),
  ],
  [['GET', '/v2/schemas/none'], 404, says('URI not found')],
  [['GET', '/ui/some/directory'], 302, leadsTo('/ui/some/directory/')],
  [['TRACE', '/ui/'], 405],
  [['TRACE', '/v2/events'], 405],
  [['OPTIONS', '/ui/'], 200, allows('GET, HEAD, OPTIONS')],
  [['OPTIONS', '/v2/events'], 200, allows('GET, HEAD, OPTIONS')],
  [['GET', '/v2/events'], 405, says('HTTP method GET is not supported by this URL')],
  [['GET', '/none'], 404, says('URI not found')],
  [['GET', '/v2/none'], 404, says('URI not found')],
  [['PUT', '/v2/info'], 405, says('Method Not Allowed')],
  [['HEAD', '/v2/pods'], 200, ({ text: found }) => assert.equal(found, '')],
  [['GET', '/config'], 200, ({ body }) => assert.equal(at(body, 'hostname'), 'marathon.example')],
  [['GET', '/metrics'], 200, ({ body }) => assert.equal(at(body, 'version'), '5.0.0')],
  [
    ['GET', '/metrics/prometheus'],
    200,
    ({ text: found, headers }) => {
      assert.match(String(headers['content-type']), /^text\/plain/);
      assert.match(found, /^marathon_apps_active_gauge 1$/m);
    },
  ],
  [
    ['GET', '/v2/leader'],
    200,
    ({ body }) => assert.deepEqual(body, { leader: 'marathon.example:8080' }),
  ],
  [['GET', '/v2/plugins'], 200, ({ body }) => assert.deepEqual(body, { plugins: [] })],
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map(
    (method): Row => [[method, '/v2/plugins/x/y'], 404],
  ),
  [['GET', '/v2/eventSubscriptions'], 400, NOT_RUNNING],
  [['POST', '/v2/eventSubscriptions?callbackUrl=http://h/'], 400, NOT_RUNNING],
  [['DELETE', '/v2/eventSubscriptions?callbackUrl=http://h/'], 400, NOT_RUNNING],
  [['GET', '/v2/artifacts/x'], 404],
  [
    ['GET', '/v2/tasks', accept('text/plain')],
    200,
    ({ text: found }) => assert.match(found, /^sleep\t10000\ta\d\.example:31\d{3}\t\n$/),
  ],
  [
    ['GET', '/v2/apps/sleep/tasks', accept('text/plain')],
    200,
    ({ text: found }) => assert.match(found, /^sleep\t10000\ta\d\.example:31\d{3}\t\n$/),
  ],
  [
    ['GET', '/v2/tasks', accept('text/plain, */*')],
    200,
    ({ body }) => assert.ok(at(body, 'tasks')),
  ],
];

let plain: Promise<World> | undefined;

async function start(): Promise<World> {
  const world = await World.start({}, ['a1']);
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  return world;
}

for (const [[method, url, headers = {}], status, check] of CALLS) {
  const wanted = Object.values(headers).join();
  test(`${method} ${url} ${wanted} answers ${status}`, async () => {
    plain ??= start();
    const answer = await (await plain).call(method, url, undefined, headers);
    assert.equal(answer.status, status, answer.text);
    check?.(answer);
  });
}

const CALLBACKS: readonly (readonly [string, string, number, object | RegExp])[] = [
  [
    'POST',
    '?callbackUrl=http://h/a',
    200,
    /"callbackUrl":"http:\/\/h\/a".*"eventType":"subscribe_event"/,
  ],
  ['POST', '?callbackUrl=http://h/a', 200, /"clientIp":"127.0.0.1"/],
  ['GET', '', 200, { callbackUrls: ['http://first/', 'http://h/a'] }],
  ['DELETE', '?callbackUrl=http://h/a', 200, /"eventType":"unsubscribe_event"/],
  ['DELETE', '?callbackUrl=http://unknown/', 200, /"eventType":"unsubscribe_event"/],
  ['GET', '', 200, { callbackUrls: ['http://first/'] }],
  ['POST', '?callbackUrl=nonsense', 422, /nonsense/],
  ['POST', '', 422, /callbackUrl/],
];

test('subscriptions of callbacks are made, listed and ended, each row after the other', async () => {
  const flags = { event_subscriber: 'http_callback', http_endpoints: 'http://first/' };
  const world = await World.start(flags, []);
  for (const [method, query, status, expected] of CALLBACKS) {
    const answer = await world.call(method, `/v2/eventSubscriptions${query}`);
    assert.equal(answer.status, status, `${method} ${query}: ${answer.text}`);
    if (expected instanceof RegExp) assert.match(answer.text, expected);
    else assert.deepEqual(answer.body, expected);
  }
  await world.stop();
});

const GAUGES = [
  'apps.active.gauge',
  'pods.active.gauge',
  'groups.active.gauge',
  'deployments.active.gauge',
  'instances.running.gauge',
  'instances.staged.gauge',
  'instances.launch-overdue.gauge',
  'instances.inflight-kills.gauge',
  'instances.inflight-kill-attempts.gauge',
  'leadership.duration.gauge.seconds',
  'uptime.gauge.seconds',
  'http.event-streams.active.gauge',
  'http.requests.active.gauge',
];
const COUNTERS = [
  'deployments.counter',
  'deployments.dismissed.counter',
  'tasks.launched.counter',
  'mesos.calls.revive.counter',
  'mesos.calls.suppress.counter',
  'mesos.offers.incoming.counter',
  'mesos.offers.used.counter',
  'mesos.offers.declined.counter',
  'mesos.offer-operations.launch.counter',
  'mesos.offer-operations.launch-group.counter',
  'mesos.offer-operations.reserve.counter',
  'mesos.task-updates.task-running.counter',
  'mesos.task-updates.task-failed.counter',
  'mesos.task.oom.memory-limit-exceeded.counter',
  'http.requests.size.counter.bytes',
  'http.responses.size.counter.bytes',
  'http.responses.event-stream.size.counter.bytes',
];
const METERS = ['1xx', '2xx', '3xx', '4xx', '5xx'].map(
  (each) => `http.responses.${each}.rate.meter`,
);
const TIMERS = ['', '.get', '.put', '.post', '.delete'].map(
  (each) => `http.requests${each}.duration.timer.seconds`,
);
const RATES = ['count', 'm15_rate', 'm1_rate', 'm5_rate', 'mean_rate'];
const SAMPLES = ['max', 'mean', 'min', 'p50', 'p75', 'p95', 'p98', 'p99', 'p999', 'stddev'];

const METRICS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['gauges', GAUGES, ['value']],
  ['counters', COUNTERS, ['count']],
  ['meters', METERS, [...RATES, 'units']],
  ['timers', TIMERS, [...RATES, ...SAMPLES, 'duration_units', 'rate_units']],
];

for (const [kind, names, members] of METRICS) {
  for (const name of names) {
    test(`/metrics has ${name} among its ${kind}, and Prometheus too`, async () => {
      plain ??= start();
      const world = await plain;
      const found = at((await world.call('GET', '/metrics')).body, kind, `marathon.${name}`);
      assert.deepEqual(Object.keys(found ?? {}).sort(), [...members].sort());
      const prometheus = (await world.call('GET', '/metrics/prometheus')).text;
      const plainName = `marathon_${name.replaceAll(/[.-]/g, '_')}`;
      assert.match(
        prometheus,
        new RegExp(`^${plainName}(_count|_total)?(\\{.*\\})? [0-9.e+-]+$`, 'm'),
      );
    });
  }
}

/** Toggles are `true` or `false`; undefined = none. */
const FLAGS: Readonly<Record<string, unknown>> = {
  zk: undefined,
  ha: true,
  checkpoint: true,
  failover_timeout: 604_800,
  framework_name: 'marathon',
  hostname: undefined,
  webui_url: undefined,
  http_port: 8_080,
  https_port: 8_443,
  http_credentials: undefined,
  http_realm: 'Mesosphere',
  ssl_keystore_path: undefined,
  ssl_keystore_password: undefined,
  http_compression: true,
  http_max_concurrent_requests: undefined,
  access_control_allow_origin: undefined,
  local_port_min: 10_000,
  local_port_max: 20_000,
  executor: '//cmd',
  mesos_role: '*',
  mesos_user: undefined,
  new_group_enforce_role: 'off',
  accepted_resource_roles_default_behavior: 'any',
  mesos_authentication: false,
  mesos_authentication_principal: undefined,
  mesos_authentication_secret: undefined,
  mesos_authentication_secret_file: undefined,
  mesos_leader_ui_url: undefined,
  env_vars_prefix: undefined,
  task_launch_timeout: 300_000,
  task_launch_confirm_timeout: 300_000,
  task_reservation_timeout: 20_000,
  graceful_shutdown_timeout: 45_000,
  reconciliation_initial_delay: 15_000,
  reconciliation_interval: 600_000,
  scale_apps_initial_delay: 15_000,
  scale_apps_interval: 300_000,
  task_lost_expunge_initial_delay: 300_000,
  task_lost_expunge_interval: 30_000,
  decline_offer_duration: 120_000,
  min_revive_offers_interval: 5_000,
  suppress_offers: true,
  max_instances_per_offer: 5,
  offer_matching_timeout: 3_000,
  launch_tokens: 100,
  launch_token_refresh_interval: 30_000,
  max_running_deployments: 100,
  leader_proxy_connection_timeout: 5_000,
  leader_proxy_read_timeout: 10_000,
  leader_proxy_max_open_connections: 64,
  leader_proxy_ssl_ignore_hostname: false,
  event_stream_max_outstanding_messages: 1_024,
  on_elected_prepare_timeout: 180_000,
  zk_timeout: 10_000,
  zk_session_timeout: 10_000,
  zk_connection_timeout: 10_000,
  zk_max_versions: 50,
  zk_compression: true,
  zk_compression_threshold: 65_536,
  zk_max_node_size: 1_024_000,
  store_cache: true,
  backup_location: undefined,
  storage_compaction_interval: 30,
  group_versions_cache_size: 1_000,
  enable_features: undefined,
  deprecated_features: undefined,
  default_network_name: undefined,
  mesos_bridge_name: 'mesos-bridge',
  gpu_scheduling_behavior: 'restricted',
  maintenance_mode: true,
  draining_seconds: 0,
  max_concurrent_marathon_health_checks: 256,
  plugin_dir: undefined,
  plugin_conf: undefined,
  max_apps: undefined,
  mesos_heartbeat_interval: 15_000,
  mesos_heartbeat_failure_threshold: 5,
  kill_chunk_size: 100,
  kill_retry_timeout: 30_000,
  metrics_name_prefix: 'marathon',
  metrics_statsd: false,
  metrics_datadog: false,
  metrics_prometheus: true,
  event_subscriber: undefined,
  http_endpoints: undefined,
  artifact_store: undefined,
};

for (const [name, fallback] of Object.entries(FLAGS)) {
  test(`--${name} is ${String(fallback)} by default`, () => {
    const found = Object.entries(MARATHON_FLAGS).find(([each]) => each === name)?.[1];
    assert.ok(found !== undefined, `there is no --${name}`);
    assert.equal('default' in found ? found.default : undefined, fallback);
  });
}

for (const { path, calls } of Object.values(CHAPTERS).flat()) {
  // These two are there only where the log's level can be changed, and with a store.
  if (path.includes('{') || ['/logging', '/v2/artifacts'].includes(path)) continue;
  test(`${path} is described, and there for ${Object.keys(calls).join(', ')}`, async () => {
    plain ??= start();
    const answer = await (await plain).call('OPTIONS', path);
    assert.equal(answer.status, 200, answer.text);
    const allowed = String(answer.headers['allow']).toLowerCase().split(', ');
    for (const method of Object.keys(calls)) assert.ok(allowed.includes(method), method);
  });
}
