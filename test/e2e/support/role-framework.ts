/** A real checkpointing framework in a role of its own, which remembers everything it is told. */
import { SystemClock } from '../../../core/base/clock.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SystemRandom } from '../../../core/base/random.ts';
import { createHttpClient } from '../../../core/net/http-client.ts';
import { createScheduler, type Scheduler } from '../../../core/scheduler/index.ts';
import type { Offer, TaskInfo, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { eventually } from './programs.ts';

const OFFER_PATIENCE_MS = 240_000;
const TERMINAL = /^TASK_(FINISHED|FAILED|KILLED|LOST|ERROR|DROPPED|GONE)/;

export interface RoleTask {
  readonly id: string;
  readonly command: string;
  readonly cpus: number;
  readonly memMb: number;
  /** Runs in a terminal (`tty_info`). */
  readonly isTerminal?: boolean;
}

export class RoleFramework {
  readonly statuses: TaskStatus[] = [];
  readonly scheduler: Scheduler;
  private readonly role: string;
  private readonly http = createHttpClient();
  private readonly offers: Offer[] = [];
  onUpdate: (status: TaskStatus) => void = () => {};

  constructor(master: string, role: string) {
    this.role = role;
    this.scheduler = createScheduler(
      {
        master,
        framework: {
          user: 'root',
          name: role,
          roles: [role],
          checkpoint: true,
          capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
        },
      },
      {
        offers: (offers) => this.offers.push(...offers),
        rescinded: ({ value }) => {
          const at = this.offers.findIndex(({ id }) => id.value === value);
          if (at !== -1) this.offers.splice(at, 1);
        },
        update: (status) => {
          this.statuses.push(status);
          this.onUpdate(status);
        },
      },
      { clock: new SystemClock(), random: new SystemRandom(), http: this.http, log: silentLog },
    );
  }

  /** An offer of the agent that was not rescinded. */
  offer(): Promise<Offer> {
    return eventually(
      `an offer for ${this.role}`,
      () => this.offers.shift(),
      () => `${this.statuses.length} statuses`,
      OFFER_PATIENCE_MS,
    );
  }

  async launch(offer: Offer, tasks: readonly RoleTask[]): Promise<void> {
    const infos = tasks.map((task) => this.taskInfo(offer, task));
    await this.scheduler.launch([offer.id], infos, { refuse_seconds: 0 });
  }

  statesOf(id: string): readonly string[] {
    return this.statuses.filter(({ task_id }) => task_id.value === id).map(({ state }) => state);
  }

  /** Each end once, however often it was told. */
  endsOf(id: string): readonly TaskStatus[] {
    const ends = new Map<string, TaskStatus>();
    for (const status of this.statuses) {
      if (status.task_id.value !== id || !TERMINAL.test(status.state)) continue;
      ends.set(status.uuid === undefined ? status.state : String(status.uuid), status);
    }
    return [...ends.values()];
  }

  async stop(): Promise<void> {
    await this.scheduler.stop({ teardown: true });
    await this.http.close();
  }

  private taskInfo(offer: Offer, { id, command, cpus, memMb, isTerminal }: RoleTask): TaskInfo {
    const own = offer.resources?.find(({ name }) => name === 'cpus');
    const reserved = own?.reservations === undefined ? {} : { reservations: own.reservations };
    return {
      name: id,
      task_id: { value: id },
      agent_id: offer.agent_id,
      command: { value: command },
      ...(isTerminal === true ? { container: { type: 'MESOS', tty_info: {} } } : {}),
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: cpus }, ...reserved },
        { name: 'mem', type: 'SCALAR', scalar: { value: memMb }, ...reserved },
      ],
    };
  }
}
