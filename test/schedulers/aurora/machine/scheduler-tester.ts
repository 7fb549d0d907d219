/** Aurora's machine with virtual time: calls, offers and statuses go in, what the cluster is told comes out. */
import assert from 'node:assert/strict';
import { SeededRandom } from '../../../../core/base/random.ts';
import type { Offer, TaskState } from '../../../../core/wire/types/mesos.v1.ts';
import { AuroraMachine } from '../../../../schedulers/aurora/machine/aurora-machine.ts';
import type { MachineCall } from '../../../../schedulers/aurora/machine/calls.ts';
import type { AuroraEffect } from '../../../../schedulers/aurora/machine/effects.ts';
import type { MachineSettings } from '../../../../schedulers/aurora/machine/settings.ts';
import type { StoredState } from '../../../../schedulers/aurora/machine/state.ts';
import { idOf } from '../../../../schedulers/aurora/machine/task-table.ts';
import { BUILT_IN_TIERS } from '../../../../schedulers/aurora/machine/tiers.ts';
import { UpdateTable } from '../../../../schedulers/aurora/machine/update-table.ts';
import { snapshotOf, storedOf } from '../../../../schedulers/aurora/store/snapshot.ts';
import type {
  JobConfiguration,
  JobKey,
  JobUpdateSettings,
  Response,
  ScheduledTask,
  TaskConfig,
} from '../../../../schedulers/aurora/thrift/types.ts';

export const WEB: JobKey = { role: 'www', environment: 'prod', name: 'web' };

export const SETTINGS: MachineSettings = {
  clusterName: 'devcluster',
  hostname: 'scheduler.example',
  mesosRole: '*',
  tiers: BUILT_IN_TIERS,
  configuration: {
    environments: /^(prod|devel|test|staging\d*)$/,
    containerTypes: new Set(['MESOS']),
    allowsContainerVolumes: false,
    allowsDockerParameters: false,
    allowsGpus: false,
    allowsFetcher: false,
    requiresExecutorForDocker: true,
    defaultDockerParameters: [],
    executorNames: new Set(['AuroraExecutor']),
    slaInstancesMin: 20,
    slaDurationMaxSecs: 7_200,
    slaHoldsForAllTiers: false,
  },
  executors: new Map([
    [
      'AuroraExecutor',
      {
        ...{ cpus: 0.25, ramMb: 128, command: { value: './thermos_executor.pex' } },
        ...{ idPrefix: 'thermos-', volumes: [] },
      },
    ],
  ]),
  tasksPerJobMax: 4_000,
  instanceFailuresMax: 20_000,
  flapping: { thresholdMs: 300_000, initialMs: 30_000, maxMs: 300_000 },
  transientTimeoutMs: 300_000,
  killRetryMs: 15_000,
  pruneAfterMs: 172_800_000,
  pruneNotBeforeMs: 3_600_000,
  historyPerJobMax: 100,
  scheduling: {
    firstDelayMs: 1,
    penaltyMs: 1_000,
    penaltyMaxMs: 60_000,
    startupDelayMaxMs: 30_000,
    attemptsPerSecond: 40,
    tasksPerAttemptMax: 5,
  },
  slaKills: {
    checksNonProduction: false,
    retryMinMs: 60_000,
    retryMaxMs: 300_000,
    maintenancePollMs: 60_000,
  },
  updateHistory: { intervalMs: 900_000, keptMs: 2_592_000_000, perJobMax: 10 },
  updateAffinityMs: undefined,
  preemption: {
    isEnabled: true,
    delayMs: 180_000,
    initialDelayMs: 180_000,
    searchIntervalMs: 60_000,
    slotHoldMs: 300_000,
    batchMax: 5,
    reservationMs: 180_000,
  },
  offers: {
    holdMs: 300_000,
    holdJitterMs: 60_000,
    holdsForever: false,
    returnsUnused: false,
    refuseSeconds: 5,
    order: ['RANDOM'],
  },
  cron: { zone: 'GMT', startBackoffMs: 5_000, startBackoffMaxMs: 60_000 },
  unavailabilityThresholdMs: 360_000,
  populatesDiscovery: false,
  tellsChanges: false,
  usesRevocableCpus: true,
  usesRevocableRam: false,
};

export function config(changes: Partial<TaskConfig> = {}): TaskConfig {
  return {
    job: WEB,
    owner: { user: 'www' },
    isService: true,
    priority: 0,
    maxTaskFailures: 1,
    resources: [{ numCpus: 1 }, { ramMb: 128 }, { diskMb: 64 }],
    constraints: [],
    executorConfig: { name: 'AuroraExecutor', data: '{}' },
    ...changes,
  };
}

export function job(
  instanceCount: number,
  changes: Partial<TaskConfig> = {},
  rest: Partial<JobConfiguration> = {},
): JobConfiguration {
  const taskConfig = config(changes);
  const cronCollisionPolicy = 'KILL_EXISTING' as const;
  return {
    key: taskConfig.job,
    owner: taskConfig.owner,
    taskConfig,
    instanceCount,
    cronCollisionPolicy,
    ...rest,
  };
}

export const UPDATE_SETTINGS: JobUpdateSettings = {
  updateGroupSize: 1,
  maxPerInstanceFailures: 0,
  maxFailedInstances: 0,
  minWaitInInstanceRunningMs: 10_000,
  rollbackOnFailure: true,
  updateOnlyTheseInstances: [],
  waitForBatchCompletion: false,
};

function nothing(): StoredState {
  return {
    tasks: [],
    cronJobs: new Map(),
    quotas: new Map(),
    hosts: [],
    maintenance: [],
    updates: new UpdateTable(),
  };
}

export class SchedulerTester {
  readonly machine: AuroraMachine;
  now = 1_000_000;
  /** Everything that was to be done since the last `take`. */
  private effects: AuroraEffect[] = [];
  private wakeAt: number | undefined;
  private offerCount = 0;

  constructor(settings: Partial<MachineSettings> = {}, before?: SchedulerTester) {
    this.machine = new AuroraMachine({ ...SETTINGS, ...settings }, new SeededRandom(1));
    this.now = before?.now ?? this.now;
    this.did(this.machine.recovered(before?.stored ?? nothing(), this.now));
    this.did(this.machine.subscribed(this.now));
  }

  /** What a successor finds. */
  get stored(): StoredState {
    return storedOf(snapshotOf(this.machine.state, 'f1', this.now));
  }

  call(call: MachineCall, user = 'alice'): Response {
    const { result, effects } = this.machine.call(call, { user }, this.now);
    this.did(effects);
    return result;
  }

  create(description: JobConfiguration): void {
    assert.deepEqual(said(this.call({ method: 'createJob', args: { description } })), 'OK');
  }

  /** An offer of everything a host has; the host is its own attribute. */
  offer(host: string, changes: Partial<Offer> & { cpus?: number; ramMb?: number } = {}): string {
    const { cpus = 8, ramMb = 8_192, ...rest } = changes;
    this.offerCount += 1;
    const id = `o${this.offerCount}`;
    const scalar = (name: string, value: number) => ({
      name,
      type: 'SCALAR' as const,
      scalar: { value },
    });
    const offer: Offer = {
      id: { value: id },
      framework_id: { value: 'f1' },
      agent_id: { value: `agent-${host}` },
      hostname: host,
      resources: [
        scalar('cpus', cpus),
        scalar('mem', ramMb),
        scalar('disk', 8_192),
        { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
      ],
      attributes: [{ name: 'host', type: 'TEXT', text: { value: host } }],
      ...rest,
    };
    this.did(this.machine.offersArrived([offer], this.now));
    return id;
  }

  /** The cluster wants a host back, so many ms from now. */
  inverseOffer(host: string | undefined, inMs: number): void {
    const nanoseconds = (this.now + inMs) * 1e6;
    const offer = {
      id: { value: `i-${host}` },
      framework_id: { value: 'f1' },
      url: { scheme: 'http', address: { hostname: host, port: 5051 } },
      unavailability: { start: { nanoseconds } },
    };
    this.did(this.machine.inverseOffersArrived([offer], this.now));
  }

  status(taskId: string, state: TaskState, rest: { message?: string } = {}): void {
    const status = { task_id: { value: taskId }, state, uuid: new Uint8Array([1]), ...rest };
    this.did(this.machine.statusArrived(status, this.now));
  }

  /** A coordinator answers about a task. */
  answer(taskId: string, isPermitted: boolean): void {
    this.did(this.machine.coordinatorAnswered(taskId, isPermitted, this.now));
  }

  /** Lets time pass with every wake at its time. */
  advance(ms: number): void {
    const end = this.now + ms;
    while (this.wakeAt !== undefined && this.wakeAt <= end) {
      this.now = Math.max(this.now, this.wakeAt);
      this.wakeAt = undefined;
      this.did(this.machine.woke(this.now));
    }
    this.now = end;
  }

  /** The tasks of the instance, oldest first. */
  tasks(instance?: number, key: JobKey = WEB): readonly ScheduledTask[] {
    const text = `${key.role}/${key.environment}/${key.name}`;
    return this.machine.state.tasks
      .ofJob(text)
      .filter((task) => instance === undefined || task.assignedTask.instanceId === instance);
  }

  /** The newest task of an instance. */
  task(instance: number, key: JobKey = WEB): ScheduledTask {
    const task = this.tasks(instance, key).at(-1);
    assert.ok(task !== undefined, `instance ${instance} has no task`);
    return task;
  }

  id(instance: number, key: JobKey = WEB): string {
    return idOf(this.task(instance, key));
  }

  statuses(key: JobKey = WEB): readonly string[] {
    return this.tasks(undefined, key).map(
      (task) => `${task.assignedTask.instanceId} ${task.status}`,
    );
  }

  /** Places what is pending and reports it RUNNING. */
  run(host = 'h1', key: JobKey = WEB): void {
    for (let round = 0; round < 100; round += 1) {
      const pending = this.tasks(undefined, key).filter(({ status }) => status === 'PENDING');
      if (pending.length === 0) break;
      this.offer(host, { cpus: 100, ramMb: 100_000 });
      this.advance(2_000);
    }
    for (const task of this.tasks(undefined, key)) {
      if (task.status === 'ASSIGNED') this.status(idOf(task), 'TASK_RUNNING');
    }
  }

  /** What the cluster was told since the last time, as text. */
  take(): readonly string[] {
    const told = this.effects.flatMap((effect): readonly string[] => {
      switch (effect.kind) {
        case 'launch':
          return [`launch ${effect.launches.length} on ${effect.offer.hostname}`];
        case 'decline':
          return [`decline ${effect.offer.id.value}`];
        case 'kill':
          return [`kill ${effect.taskId}`];
        case 'accept-inverse-offers':
          return [`agree to ${effect.offerIds.join()}`];
        case 'want-offers':
          return [effect.isWanted ? 'revive' : 'suppress'];
        case 'acknowledge':
          return [`acknowledge ${effect.status.state}`];
        default:
          return [];
      }
    });
    this.effects = [];
    return told;
  }

  /** The effects themselves since the last time. */
  takeEffects(): readonly AuroraEffect[] {
    const taken = this.effects;
    this.effects = [];
    return taken;
  }

  private did(effects: readonly AuroraEffect[]): void {
    for (const effect of effects) {
      if (effect.kind !== 'wake') this.effects.push(effect);
      else this.wakeAt = Math.min(this.wakeAt ?? Infinity, effect.at);
    }
  }
}

/** `OK`, or the code and the messages. */
export function said({ responseCode, details }: Response): string {
  return [responseCode, ...details.map(({ message }) => message)].join(' ');
}

/** A scheduler with something of everything: running tasks, a quota, a cron job, an update. */
export function busyScheduler(): SchedulerTester {
  const it = new SchedulerTester();
  it.create(job(3, { resources: [...config().resources, { namedPort: 'http' }] }));
  it.run();
  const quota = { resources: [{ numCpus: 1 }, { ramMb: 1 }, { diskMb: 1 }] };
  it.call({ method: 'setQuota', args: { ownerRole: 'www', quota } });
  const nightly = { ...WEB, name: 'nightly' };
  const description = job(1, { isService: false, job: nightly }, { cronSchedule: '0 0 * * *' });
  assert.equal(said(it.call({ method: 'scheduleCronJob', args: { description } })), 'OK');
  const request = { taskConfig: config(), instanceCount: 2, settings: UPDATE_SETTINGS };
  assert.equal(said(it.call({ method: 'startJobUpdate', args: { request } })), 'OK');
  return it;
}
