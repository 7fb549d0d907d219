/** One app against one offer: every reason to refuse, ports, containers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../../../core/base/random.ts';
import type { Offer, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../../schedulers/kit/offer-resources.ts';
import type { App } from '../../../schedulers/marathon/model/app.ts';
import { readRawApp } from '../../../schedulers/marathon/model/app-schema.ts';
import { buildApp } from '../../../schedulers/marathon/model/app-updates.ts';
import { resolvePathId } from '../../../schedulers/marathon/model/path-id.ts';
import { emptyRoot } from '../../../schedulers/marathon/model/root.ts';
import { containerInfo } from '../../../schedulers/marathon/offers/container-info.ts';
import { matchOffer, usablePart } from '../../../schedulers/marathon/offers/match.ts';
import { requiredHostPorts } from '../../../schedulers/marathon/offers/ports.ts';
import { optionsWith } from './world.ts';

const OPTIONS = optionsWith({ enable_features: 'gpu_resources', default_network_name: 'net' });
const T0 = '2020-01-01T00:00:00.000Z';

function appOf(body: object): App {
  const raw = readRawApp(
    { id: '/a', cmd: 'sleep 1', cpus: 1, mem: 100, ...body },
    { requireId: true },
  );
  assert.ok(raw.ok, JSON.stringify(raw));
  const context = { settings: OPTIONS.machine.model, version: T0 };
  const app = buildApp(raw.value, resolvePathId('/a'), emptyRoot(T0), context);
  assert.ok(app.ok, JSON.stringify(app));
  return app.value;
}

function scalar(name: string, value: number, role?: string): Resource {
  const reservations =
    role === undefined ? {} : { reservations: [{ role, type: 'STATIC' as const }] };
  return { name, type: 'SCALAR', scalar: { value }, ...reservations };
}

function offerOf(more: Partial<Offer> = {}): Offer {
  const range = [{ begin: 31_000, end: 31_009 }];
  return {
    id: { value: 'O' },
    framework_id: { value: 'F' },
    agent_id: { value: 'S' },
    hostname: 'h1',
    allocation_info: { role: '*' },
    resources: [
      scalar('cpus', 4),
      scalar('mem', 1_000),
      scalar('disk', 1_000),
      { name: 'ports', type: 'RANGES', ranges: { range } },
    ],
    ...more,
  };
}

function match(app: App, offer: Offer): ReturnType<typeof matchOffer> {
  const pool = usablePart(app, new OfferResources(offer), OPTIONS.machine);
  return matchOffer(app, pool, {
    settings: OPTIONS.machine,
    random: new SeededRandom(1),
    now: 1_000_000,
    masterRegion: 'here',
    placed: [],
    role: '*',
  });
}

function domain(region: string): Offer['domain'] {
  return { fault_domain: { region: { name: region }, zone: { name: 'z' } } };
}

test('each reason to refuse an offer is told', () => {
  const nanoseconds = 1_000_000 * 1e6;
  const reserved = [scalar('cpus', 4, 'dev'), scalar('mem', 1_000, 'dev')];
  const rows: readonly (readonly [object, Partial<Offer>, readonly string[]])[] = [
    [{}, {}, []],
    [{}, { allocation_info: { role: 'dev' } }, ['UnfulfilledRole']],
    [{ constraints: [['hostname', 'CLUSTER', 'h2']] }, {}, ['UnfulfilledConstraint']],
    [{}, { domain: domain('far') }, ['UnfulfilledConstraint']],
    [{}, { domain: domain('here') }, []],
    [{ constraints: [['@region', 'IS', 'far']] }, { domain: domain('far') }, []],
    [{}, { unavailability: { start: { nanoseconds: nanoseconds - 1e9 } } }, ['AgentMaintenance']],
    [{}, { unavailability: { start: { nanoseconds: nanoseconds + 1e12 } } }, []],
    [{ cpus: 5 }, {}, ['InsufficientCpus']],
    [
      { cpus: 5, mem: 5_000, disk: 5_000 },
      {},
      ['InsufficientCpus', 'InsufficientMemory', 'InsufficientDisk'],
    ],
    [{ gpus: 1 }, {}, ['InsufficientGpus']],
    [
      {},
      { resources: [...(offerOf().resources ?? []), scalar('gpus', 1)] },
      ['DeclinedScarceResources'],
    ],
    [{ ports: [80], requirePorts: true }, {}, ['InsufficientPorts']],
    [{ ports: [31_005], requirePorts: true }, {}, []],
    [{ ports: Array(11).fill(0) }, {}, ['InsufficientPorts']],
    [{ ports: Array(10).fill(0) }, {}, []],
    [{ ports: [] }, { resources: reserved }, ['InsufficientCpus', 'InsufficientMemory']],
  ];
  for (const [body, offer, reasons] of rows) {
    const result = match(appOf(body), offerOf(offer));
    assert.deepEqual(result.ok ? [] : result.error, reasons, JSON.stringify([body, offer]));
  }
});

test('dynamic ports are offered, different, and as many as declared', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 }), (count) => {
      const result = match(appOf({ ports: Array(count).fill(0) }), offerOf());
      assert.ok(result.ok);
      const ports = result.value.tasks[0]?.hostPorts ?? [];
      assert.equal(new Set(ports).size, count);
      assert.ok(ports.every((port) => port !== undefined && port >= 31_000 && port <= 31_009));
    }),
  );
});

test('ports that apps insist on are given to others only when no other is left', () => {
  const three = appOf({ ports: [0, 0, 0] });
  const offer = offerOf();
  const chosen = (
    known: readonly number[],
    awaited: readonly number[] = [],
  ): readonly (number | undefined)[] | undefined => {
    const found = matchOffer(three, new OfferResources(offer), {
      settings: OPTIONS.machine,
      random: new SeededRandom(5),
      now: 0,
      masterRegion: undefined,
      placed: [],
      role: '*',
      requiredPorts: { known: new Set(known), awaited: new Set(awaited) },
    });
    return found.ok ? found.value.tasks[0]?.hostPorts : undefined;
  };
  const sevenOfTen = [31_001, 31_002, 31_003, 31_004, 31_005, 31_006, 31_009];
  assert.deepEqual([...(chosen(sevenOfTen) ?? [])].sort(), [31_000, 31_007, 31_008]);
  assert.equal(chosen([...sevenOfTen, 31_000])?.length, 3);
  assert.equal(chosen([], [...sevenOfTen, 31_000]), undefined, 'an app waits for these');
  const fixed = appOf({ requirePorts: true, ports: [9_000] });
  assert.deepEqual([three, fixed].flatMap(requiredHostPorts), [9_000]);
});

test('containers become what the agent understands', () => {
  assert.equal(containerInfo(appOf({}), [1], 't', 'bridge'), undefined);
  const docker = appOf({
    container: {
      type: 'DOCKER',
      docker: { image: 'nginx', forcePullImage: true, parameters: [{ key: 'a', value: 'b' }] },
      volumes: [{ containerPath: '/c', hostPath: '/h', mode: 'RO' }],
      portMappings: [{ containerPort: 80, hostPort: 0, protocol: 'udp,tcp' }],
    },
    networks: [{ mode: 'container/bridge' }],
  });
  assert.deepEqual(containerInfo(docker, [31_001], 't.1', 'bridge'), {
    type: 'DOCKER',
    volumes: [{ mode: 'RO', container_path: '/c', host_path: '/h' }],
    docker: {
      image: 'nginx',
      network: 'BRIDGE',
      port_mappings: [
        { host_port: 31_001, container_port: 80, protocol: 'udp' },
        { host_port: 31_001, container_port: 80, protocol: 'tcp' },
      ],
      privileged: false,
      force_pull_image: true,
      parameters: [
        { key: 'a', value: 'b' },
        { key: 'label', value: 'MESOS_TASK_ID=t.1' },
      ],
    },
  });
  const image = appOf({ container: { type: 'MESOS', docker: { image: 'busybox' } } });
  assert.deepEqual(containerInfo(image, [1], 't', 'bridge')?.mesos, {
    image: { type: 'DOCKER', docker: { name: 'busybox' }, cached: true },
  });
  const network = appOf({ networks: [{ mode: 'container' }] });
  assert.equal(containerInfo(network, [undefined], 't', 'bridge')?.network_infos?.[0]?.name, 'net');
});
