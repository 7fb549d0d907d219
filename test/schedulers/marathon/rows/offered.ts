/** Apps as rows send them, without a server: for the rules about offers and tasks. */
import assert from 'node:assert/strict';
import { SeededRandom } from '../../../../core/base/random.ts';
import type { Offer, TaskInfo } from '../../../../core/wire/types/mesos.v1.ts';
import type { App } from '../../../../schedulers/marathon/model/app.ts';
import { readRawApp } from '../../../../schedulers/marathon/model/app-schema.ts';
import { buildApp } from '../../../../schedulers/marathon/model/app-updates.ts';
import { resolvePathId } from '../../../../schedulers/marathon/model/path-id.ts';
import { emptyRoot } from '../../../../schedulers/marathon/model/root.ts';
import { taskInfo } from '../../../../schedulers/marathon/offers/task-info.ts';
import { optionsWith } from '../world.ts';

export const VERSION = '2015-02-03T12:30:00.000Z';

const OPTIONS = optionsWith({ enable_features: 'gpu_resources,secrets,external_volumes' });

/** `cmd` is `sleep 1`, unless the body has its own or `args`. */
export function appOf(body: object): App {
  const command = 'args' in body ? {} : { cmd: 'sleep 1' };
  const read = readRawApp({ id: '/product/app', ...command, ...body }, { requireId: true });
  assert.ok(read.ok, JSON.stringify(read));
  const id = resolvePathId(read.value.id ?? '');
  const context = { settings: OPTIONS.machine.model, version: VERSION };
  const app = buildApp(read.value, id, emptyRoot(VERSION), context);
  assert.ok(app.ok, JSON.stringify(app));
  return app.value;
}

const OFFER: Offer = {
  id: { value: 'O' },
  framework_id: { value: 'F' },
  agent_id: { value: 'S' },
  hostname: 'host.mega.corp',
  resources: [],
};

export interface Made {
  readonly hostPorts?: readonly (number | undefined)[];
  readonly prefix?: string;
  readonly enforcesGroupRole?: boolean;
  readonly executor?: string;
}

export function taskOf(body: object, made: Made = {}): TaskInfo {
  const { hostPorts = [1_000, 1_001], prefix = '', enforcesGroupRole = false } = made;
  return taskInfo({
    app: appOf(body),
    taskId: 'task-123',
    offer: OFFER,
    resources: [],
    executorResources: [],
    hostPorts,
    enforcesGroupRole,
    bridgeName: 'mesos-bridge',
    envVarsPrefix: prefix,
    executor: made.executor ?? '//cmd',
    random: new SeededRandom(1),
  });
}

export function variablesOf(task: TaskInfo): Readonly<Record<string, string | undefined>> {
  const { variables = [] } = task.command?.environment ?? {};
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
