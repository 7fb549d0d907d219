/** The form of an app is another view of its definition: what it does not show, stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../core/webui/kit/reading.ts';
import { formOf, withForm } from '../../../schedulers/marathon/ui/app-form.ts';
import {
  HEALTH_CHECKS,
  portsKind,
  type RowKind,
  VOLUMES,
} from '../../../schedulers/marathon/ui/form-rows.ts';

const FULL: Json = {
  id: '/web',
  cmd: 'serve',
  cpus: 0.5,
  mem: 64,
  disk: 0,
  instances: 2,
  user: 'nobody',
  env: { A: 'b', S: { secret: 's' } },
  labels: { tier: 'front' },
  constraints: [
    ['hostname', 'UNIQUE'],
    ['rack', 'LIKE', 'a b.*'],
  ],
  fetch: [{ uri: 'http://a/b', extract: false }],
  portDefinitions: [{ port: 80, name: 'http', protocol: 'tcp', labels: { VIP: 'x' } }],
  healthChecks: [{ protocol: 'HTTP', path: '/ok', portIndex: 0, ignoreHttp1xx: true }],
  container: {
    type: 'MESOS',
    volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 5, type: 'root' } }],
  },
};

test('a form that was not touched changes nothing', () => {
  assert.deepEqual(withForm(FULL, formOf(FULL)), FULL);
  for (const kind of [portsKind(FULL), HEALTH_CHECKS, VOLUMES]) {
    const rows = kind.list(FULL);
    assert.equal(rows.length, 1, kind.title);
    const same = rows.map((row) =>
      kind.fields.reduce((known, field) => field.enter(known, field.read(known)), row),
    );
    assert.deepEqual(kind.put(FULL, same), FULL, kind.title);
  }
});

test('fields that are emptied are left out, lines become lists', () => {
  const form = formOf(FULL);
  const changed = withForm(FULL, {
    ...form,
    user: ' ',
    constraints: 'rack GROUP_BY 3\n\n',
    uris: 'http://a/b\nhttp://c/d',
    mem: 'much',
  });
  assert.equal('user' in changed, false);
  assert.deepEqual(changed['constraints'], [['rack', 'GROUP_BY', '3']]);
  assert.deepEqual(changed['fetch'], [
    { uri: 'http://a/b', extract: false },
    { uri: 'http://c/d' },
  ]);
  assert.equal(changed['mem'], 'much', 'the answer says what is wrong with it');
});

/** The row of the kind after something is entered into one of its fields. */
function entered(kind: RowKind, row: Json, title: string, text: string): Json {
  const field = kind.fields.find((each) => each.title === title);
  assert.ok(field !== undefined, title);
  return field.enter(row, text);
}

test("ports are the app's own on the host, and of its container elsewhere", () => {
  const bridged: Json = { id: '/a', networks: [{ mode: 'container/bridge' }] };
  const kind = portsKind(bridged);
  const row = entered(kind, entered(kind, kind.fresh, 'Container port', '80'), 'Port name', 'web');
  assert.deepEqual(kind.put(bridged, [row]), {
    ...bridged,
    container: {
      type: 'MESOS',
      portMappings: [{ containerPort: 80, protocol: 'tcp', name: 'web' }],
    },
  });
  const old: Json = { container: { docker: { image: 'i', network: 'BRIDGE' } } };
  assert.equal(portsKind(old).fields[1]?.title, 'Container port');
  assert.equal(portsKind({}).fields[1]?.title, 'Port');
});

test('a check by command has no port and no path, one by TCP no path', () => {
  const http = HEALTH_CHECKS.fresh;
  const command = entered(HEALTH_CHECKS, http, 'Check by', 'COMMAND');
  const filled = entered(HEALTH_CHECKS, command, 'Path or command', 'true');
  assert.deepEqual(filled, { protocol: 'COMMAND', command: { value: 'true' } });
  assert.deepEqual(entered(HEALTH_CHECKS, http, 'Check by', 'TCP'), {
    protocol: 'TCP',
    portIndex: 0,
  });
  const slow = entered(HEALTH_CHECKS, http, 'Grace (s)', '600');
  assert.equal(slow['gracePeriodSeconds'], 600);
});

test('a volume is of the host or kept by its size', () => {
  const host = entered(VOLUMES, VOLUMES.fresh, 'Host path', '/mnt');
  assert.deepEqual(host, { containerPath: '', mode: 'RW', hostPath: '/mnt' });
  const kept = entered(VOLUMES, VOLUMES.fresh, 'Size to keep (MiB)', '64');
  assert.deepEqual(kept['persistent'], { size: 64 });
  assert.equal('persistent' in entered(VOLUMES, kept, 'Size to keep (MiB)', ''), false);
});
