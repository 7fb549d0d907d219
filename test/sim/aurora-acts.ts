/** What happens to Aurora in a simulation: calls of its users, faults of the scheduler and of agents. */
import { strict as assert } from 'node:assert';
import { minutes, seconds } from '../../core/base/duration.ts';
import { type Random, randomInteger } from '../../core/base/random.ts';
import type { SimulatedClock } from '../../core/testing/clock.ts';
import type { MachineCall } from '../../schedulers/aurora/machine/calls.ts';
import type {
  JobKey,
  JobUpdateSettings,
  JobUpdateStrategy,
  TaskConfig,
} from '../../schedulers/aurora/thrift/types.ts';
import { job, UPDATE_SETTINGS } from '../schedulers/aurora/machine/scheduler-tester.ts';
import type { AuroraCluster } from './aurora-cluster.ts';
import type { AuroraLife } from './aurora-life.ts';
import { type AuroraRecord, instancesOf } from './aurora-record.ts';

export const ROLE = 'www';
export const WEB: JobKey = { role: ROLE, environment: 'prod', name: 'web' };
export const CHEAP: JobKey = { role: ROLE, environment: 'devel', name: 'cheap' };
export const CRON: JobKey = { role: ROLE, environment: 'prod', name: 'tenth' };
export const COUNT_MAX = 12;

const BAD = [{ key: 'bad', value: 'yes' }];
const PULSE_MS = minutes(2);

export interface ActsParts {
  readonly life: AuroraLife;
  readonly cluster: AuroraCluster;
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly record: AuroraRecord;
  readonly isAware: boolean;
  readonly say: (text: string) => void;
}

export class AuroraActs {
  private readonly parts: ActsParts;
  private lastPriority = 0;

  constructor(parts: ActsParts) {
    this.parts = parts;
  }

  setQuota(cpus: number): void {
    const { life, record } = this.parts;
    const quota = { resources: [{ numCpus: cpus }, { ramMb: 20_000 }, { diskMb: 20_000 }] };
    record.quotaAsked(cpus);
    life.call({ method: 'setQuota', args: { ownerRole: ROLE, quota } }, ({ responseCode }) => {
      record.quotaAnswered(cpus, responseCode === 'OK');
      record.count(`setQuota ${responseCode}`);
    });
  }

  create(key: JobKey, count: number, changes: Partial<TaskConfig>): void {
    const description = job(count, { ...this.config(key), ...changes });
    this.call({ method: 'createJob', args: { description } });
  }

  scheduleCron(): void {
    const { life, record } = this.parts;
    const description = job(
      2,
      { ...this.config(CRON), isService: false, tier: 'preemptible', resources: sized(0.1) },
      { cronSchedule: '*/10 * * * *' },
    );
    life.call({ method: 'scheduleCronJob', args: { description } }, ({ responseCode }) => {
      record.isCronThere = responseCode === 'OK';
    });
  }

  /** One of them; those that take a while end by themselves, but for `dies`. */
  one(): 'dies' | 'goes on' {
    const { cluster, random, clock, life, say } = this.parts;
    const agent = this.pick(cluster.agents);
    switch (randomInteger(random, 16)) {
      case 0:
      case 1:
        return 'dies';
      case 2:
        say(`agent ${agent.name} crashes`);
        cluster.crash(agent);
        break;
      case 3:
        say(`agent ${agent.name} is cut off`);
        cluster.cut(agent);
        clock.setTimer(seconds(10 + randomInteger(random, 200)), () => cluster.heal(agent));
        break;
      case 4:
        this.endOne();
        break;
      case 5:
        this.call({ method: 'restartShards', args: { job: WEB, shardIds: [0, 1] } });
        break;
      case 6: {
        const instances = [randomInteger(random, 4)];
        this.call({ method: 'killTasks', args: { job: CHEAP, instances } });
        break;
      }
      case 7:
      case 8:
        this.steer();
        break;
      case 9:
        say('the master is away');
        life.disconnect();
        clock.setTimer(seconds(1 + randomInteger(random, 60)), () => life.connect());
        break;
      case 10:
        this.maintain(agent.name);
        break;
      case 11:
        this.setQuota(10 + randomInteger(random, 7));
        break;
      default:
        this.update();
    }
    return 'goes on';
  }

  call(call: MachineCall): void {
    const { life, record } = this.parts;
    life.call(call, ({ responseCode }) => record.count(`${call.method} ${responseCode}`));
  }

  private config(key: JobKey): Partial<TaskConfig> {
    const partitionPolicy = { reschedule: true, delaySecs: 600 };
    return this.parts.isAware ? { job: key, partitionPolicy } : { job: key };
  }

  private endOne(): void {
    const ids = this.parts.cluster.runningIds();
    if (ids.length > 0) this.parts.cluster.endTask(this.pick(ids), 'TASK_FAILED');
  }

  private maintain(host: string): void {
    const hosts = { hostNames: [host] };
    this.parts.say(`${host} is drained`);
    this.call({ method: 'drainHosts', args: { hosts } });
    this.parts.clock.setTimer(seconds(30 + randomInteger(this.parts.random, 120)), () =>
      this.call({ method: 'endMaintenance', args: { hosts } }),
    );
  }

  /** Up and down in count, good or bad, of either job. */
  private update(): void {
    const { life, record, random, say } = this.parts;
    this.lastPriority += 1;
    const key = randomInteger(random, 3) === 0 ? CHEAP : WEB;
    const isBad = randomInteger(random, 3) === 0;
    const isWeb = key === WEB;
    const taskConfig = job(1, {
      ...this.config(key),
      tier: isWeb ? 'preferred' : 'preemptible',
      resources: sized(isWeb ? 1 : 2),
      priority: this.lastPriority,
      ...(isBad ? { metadata: BAD } : {}),
    }).taskConfig;
    const instanceCount = 1 + randomInteger(random, COUNT_MAX);
    const request = { taskConfig, instanceCount, settings: this.settings() };
    const strategy = Object.keys(request.settings.updateStrategy ?? {}).join();
    say(`update of ${key.name} to ${instanceCount}${isBad ? ', bad' : ''} ${strategy}`);
    const before = life.machine === undefined ? new Map() : instancesOf(life.machine, key);
    life.call({ method: 'startJobUpdate', args: { request } }, ({ responseCode, result }) => {
      record.count(`startJobUpdate ${responseCode}`);
      if (responseCode !== 'OK' || result === undefined) return;
      if (!('startJobUpdateResult' in result)) return;
      const { id } = result.startJobUpdateResult.key;
      if (id !== undefined) record.updates.set(id, before);
    });
  }

  private settings(): JobUpdateSettings {
    const { random } = this.parts;
    const size = (): number => 1 + randomInteger(random, 4);
    const autopauseAfterBatch = randomInteger(random, 4) === 0;
    const strategies: readonly { updateStrategy?: JobUpdateStrategy }[] = [
      {},
      { updateStrategy: { queueStrategy: { groupSize: size() } } },
      { updateStrategy: { batchStrategy: { groupSize: size(), autopauseAfterBatch } } },
      {
        updateStrategy: {
          varBatchStrategy: { groupSizes: [size(), size()], autopauseAfterBatch },
        },
      },
    ];
    return {
      ...UPDATE_SETTINGS,
      minWaitInInstanceRunningMs: seconds(5),
      updateGroupSize: size(),
      maxFailedInstances: randomInteger(random, 2),
      maxPerInstanceFailures: randomInteger(random, 2),
      ...this.pick(strategies),
      ...(randomInteger(random, 5) === 0 ? { blockIfNoPulsesAfterMs: PULSE_MS } : {}),
    };
  }

  private steer(): void {
    const { life, say } = this.parts;
    const active = [...(life.machine?.state.updates.all() ?? [])].filter((each) => each.isActive);
    if (active.length === 0) return;
    const update = this.pick(active);
    const key = { job: update.job, id: update.id };
    const method = this.pick([
      'pauseJobUpdate',
      'resumeJobUpdate',
      'rollbackJobUpdate',
      'pulseJobUpdate',
      'pulseJobUpdate',
    ] as const);
    say(`${method} while ${update.status}`);
    this.call({ method, args: { key } });
  }

  private pick<T>(items: readonly T[]): T {
    const [item] = items.slice(randomInteger(this.parts.random, items.length));
    assert.ok(item !== undefined, 'nothing to pick from');
    return item;
  }
}

export function sized(numCpus: number): TaskConfig['resources'] {
  return [{ numCpus }, { ramMb: 128 }, { diskMb: 64 }];
}
