/** Random definitions of apps, resident apps and pods for the simulation of Marathon. */
import { type Random, randomInteger } from '../../core/base/random.ts';
import type { RunSpec } from '../../schedulers/marathon/model/run-spec.ts';

export const APPS = ['/a', '/b', '/g/c', '/g/d', '/g/h/e'];
export const RESIDENTS = ['/r'];
export const PODS = ['/p', '/g/q'];
export const SPECS = [...APPS, ...RESIDENTS, ...PODS];

/** Of what is not there. */
export const GONE = 'gone';

const COMMAND = 'sleep infinity';

export interface Definition {
  readonly body: object;
  /** Tells one definition from another; `formOf` finds it again. */
  readonly form: string;
}

export function formOf(spec: RunSpec | undefined): string {
  return spec === undefined ? GONE : `${spec.instances} of ${spec.labels['form'] ?? 'none'}`;
}

export function definitionOf(random: Random, id: string): Definition {
  if (PODS.includes(id)) return podOf(random, id);
  return RESIDENTS.includes(id) ? residentOf(random, id) : appOf(random, id);
}

function appOf(random: Random, id: string): Definition {
  const instances = randomInteger(random, 6);
  const mem = pick(random, [16, 32, 64]);
  const isChecked = random.float() < 0.5;
  const isProbedForReadiness = random.float() < 0.3;
  const body = {
    id,
    cmd: COMMAND,
    cpus: 0.1,
    mem,
    instances,
    labels: { form: String(mem) },
    backoffSeconds: 1,
    maxLaunchDelaySeconds: 5,
    upgradeStrategy: upgradeOf(random),
    unreachableStrategy: unreachableOf(random),
    killSelection: pick(random, ['YOUNGEST_FIRST', 'OLDEST_FIRST']),
    portDefinitions: [{ port: 0, name: 'http-api', protocol: 'tcp' }],
    // Only on those before it, so that there is no circle.
    dependencies: APPS.slice(0, APPS.indexOf(id)).filter(() => random.float() < 0.3),
    healthChecks: isChecked
      ? [{ protocol: 'HTTP', gracePeriodSeconds: 10, intervalSeconds: 2, timeoutSeconds: 1 }]
      : [],
    readinessChecks: isProbedForReadiness
      ? [
          {
            name: 'warm',
            path: '/ready',
            portName: 'http-api',
            intervalSeconds: 2,
            timeoutSeconds: 1,
          },
        ]
      : [],
  };
  return { body, form: `${instances} of ${mem}` };
}

function residentOf(random: Random, id: string): Definition {
  const instances = randomInteger(random, 4);
  const form = pick(random, ['x', 'y', 'z']);
  const body = {
    id,
    cmd: COMMAND,
    cpus: 0.1,
    mem: 32,
    instances,
    labels: { form },
    backoffSeconds: 1,
    maxLaunchDelaySeconds: 5,
    upgradeStrategy: { minimumHealthCapacity: pick(random, [0, 0.5, 1]), maximumOverCapacity: 0 },
    container: {
      type: 'MESOS',
      volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 64 } }],
    },
  };
  return { body, form: `${instances} of ${form}` };
}

function podOf(random: Random, id: string): Definition {
  const instances = randomInteger(random, 4);
  const form = pick(random, ['x', 'y', 'z']);
  const names = random.float() < 0.5 ? ['main'] : ['main', 'side'];
  const body = {
    id,
    labels: { form },
    containers: names.map((name) => ({
      name,
      exec: { command: { shell: COMMAND } },
      resources: { cpus: 0.1, mem: 32 },
      lifecycle: { killGracePeriodSeconds: 1 },
    })),
    networks: [{ mode: 'host' }],
    scaling: { kind: 'fixed', instances },
    scheduling: {
      backoff: { backoff: 1, maxLaunchDelay: 5 },
      upgrade: upgradeOf(random),
      unreachableStrategy: unreachableOf(random),
    },
  };
  return { body, form: `${instances} of ${form}` };
}

function upgradeOf(random: Random): object {
  return {
    minimumHealthCapacity: pick(random, [0, 0.5, 1]),
    maximumOverCapacity: pick(random, [0, 0.5, 1]),
  };
}

function unreachableOf(random: Random): object | string {
  return pick(random, [
    'disabled',
    { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    { inactiveAfterSeconds: 30, expungeAfterSeconds: 120 },
  ]);
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[randomInteger(random, items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}
