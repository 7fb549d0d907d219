/**
 * `mesos-execute`: runs one task, or one group of tasks, prints what becomes of it, and ends with 0
 * when all of it has ended, also when it failed (spec cli-and-webui, section 2.2).
 */
import { userInfo } from 'node:os';
import { background } from '../base/background.ts';
import { describeError } from '../base/errors.ts';
import { isTerminal } from '../base/terminal-states.ts';
import { MESOS_VERSION } from '../base/version.ts';
import { contains } from '../resources/arithmetic.ts';
import { parseResources } from '../resources/parse-flag.ts';
import { unallocate, unreserved } from '../resources/select.ts';
import {
  createScheduler,
  type FrameworkInfo,
  type Offer,
  type Scheduler,
  type SchedulerPorts,
  systemPorts,
  type TaskInfo,
  type TaskStatus,
} from '../scheduler/index.ts';
import type { OfferOperation } from '../wire/types/mesos.v1.ts';
import { readDaemonFlags, usageError } from './daemon-flags.ts';
import {
  compileExecuteOptions,
  EXECUTE_FLAGS,
  type ExecuteOptions,
  GROUP_EXECUTOR_RESOURCES,
} from './execute-flags.ts';

const PROGRAM = 'mesos-execute';

/** Resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const version = `mesos ${MESOS_VERSION}`;
  const flags = readDaemonFlags({
    ...{ program: PROGRAM, table: EXECUTE_FLAGS, version, argv },
    ...{ env: {}, envPrefix: undefined, style: 'equals' },
  });
  if (flags.kind === 'exit') return flags.code;
  const options = compileExecuteOptions(flags.values);
  if (!options.ok) {
    process.stderr.write(usageError(PROGRAM, options.error));
    return 1;
  }
  const ports = systemPorts(PROGRAM);
  const execution = new Execution(options.value, ports, {
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    return await execution.run();
  } finally {
    await ports.http.close();
  }
}

export interface ExecutionOutput {
  print(line: string): void;
  complain(line: string): void;
}

export class Execution {
  private readonly options: ExecuteOptions;
  private readonly ports: SchedulerPorts;
  private readonly output: ExecutionOutput;
  private readonly scheduler: Scheduler;
  private readonly ended = Promise.withResolvers<number>();
  private readonly tasks: readonly TaskInfo[];
  private readonly terminated = new Set<string>();
  private isLaunched = false;

  constructor(options: ExecuteOptions, ports: SchedulerPorts, output: ExecutionOutput) {
    this.options = options;
    this.ports = ports;
    this.output = output;
    this.tasks = options.work.kind === 'task' ? [options.work.task] : options.work.tasks;
    this.scheduler = createScheduler(
      {
        master: options.master,
        framework: frameworkOf(options),
        encoding: options.encoding,
        credential: options.credential,
      },
      {
        subscribed: ({ frameworkId, isResubscription }) => {
          if (!isResubscription) output.print(`Subscribed with ID ${frameworkId}`);
        },
        offers: (offers) => this.considerOffers(offers),
        update: (status) => this.update(status),
        error: (message) => this.fail(message),
      },
      ports,
    );
  }

  /** Resolves with the exit code when the work has ended. */
  async run(): Promise<number> {
    await this.scheduler.start();
    const code = await this.ended.promise;
    await this.scheduler.stop({ teardown: true });
    return code;
  }

  private considerOffers(offers: readonly Offer[]): void {
    for (const offer of offers) {
      const free = unreserved(unallocate(offer.resources ?? []));
      if (!this.isLaunched && contains(free, this.options.needs)) {
        this.isLaunched = true;
        this.call(this.launch(offer), 'launch');
      } else {
        this.call(this.scheduler.decline([offer.id]), 'decline an offer');
      }
    }
  }

  private async launch(offer: Offer): Promise<void> {
    const agentId = offer.agent_id.value;
    const tasks = this.tasks.map((task) => ({ ...task, agent_id: offer.agent_id }));
    await this.scheduler.accept([offer.id], [this.operationOf(tasks)]);
    const names = tasks.map((task) => task.task_id.value);
    if (this.options.work.kind === 'task') {
      this.output.print(`Submitted task '${names[0]}' to agent '${agentId}'`);
      return;
    }
    const list = names.join(', ');
    this.output.print(`Submitted task group with tasks [ ${list} ] to agent '${agentId}'`);
  }

  private operationOf(tasks: readonly TaskInfo[]): OfferOperation {
    const { work } = this.options;
    if (work.kind === 'task') return { type: 'LAUNCH', launch: { task_infos: tasks } };
    const resources = parseResources(GROUP_EXECUTOR_RESOURCES);
    const executor = {
      type: 'DEFAULT',
      executor_id: { value: 'default-executor' },
      framework_id: { value: this.scheduler.frameworkId ?? '' },
      resources: resources.ok ? resources.value : [],
      ...(work.container !== undefined && { container: work.container }),
    } as const;
    return { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } };
  }

  private update(status: TaskStatus): void {
    const taskId = status.task_id.value;
    this.output.print(describeStatus(status));
    if (status.state === 'TASK_RUNNING') this.killLater(status);
    if (isTerminal(status.state)) this.terminated.add(taskId);
    if (this.terminated.size === this.tasks.length) this.ended.resolve(0);
  }

  private killLater(status: TaskStatus): void {
    const { killAfterMs } = this.options;
    if (killAfterMs === undefined) return;
    const { value: taskId } = status.task_id;
    this.ports.clock.setTimer(killAfterMs, () => {
      if (this.terminated.has(taskId)) return;
      const agent = status.agent_id?.value ?? '';
      this.output.print(`Asked to kill task '${taskId}' on agent '${agent}'`);
      this.call(this.scheduler.kill(status.task_id, status.agent_id), 'kill the task');
    });
  }

  private call(promise: Promise<void>, what: string): void {
    background(
      this.ports.log,
      promise.catch((thrown: unknown) => {
        // A decline that comes too late changes nothing; a launch that fails is the end.
        if (what === 'launch') this.fail(describeError(thrown));
        else this.ports.log.warn({ error: describeError(thrown) }, `cannot ${what}`);
      }),
      what,
    );
  }

  private fail(message: string): void {
    this.output.complain(`Received an ERROR event: ${message}`);
    this.ended.resolve(1);
  }
}

function frameworkOf(options: ExecuteOptions): FrameworkInfo {
  return {
    user: userInfo().username,
    name: 'mesos-execute instance',
    role: options.role,
    checkpoint: options.checkpoint,
    principal: options.principal,
    capabilities: options.capabilities.map((type) => ({ type })),
  };
}

/** The lines about one update, in the order of the original. */
function describeStatus(status: TaskStatus): string {
  const lines = [`Received status update ${status.state} for task '${status.task_id.value}'`];
  if (status.message !== undefined) lines.push(`  message: '${status.message}'`);
  if (status.source !== undefined) lines.push(`  source: ${status.source}`);
  if (status.reason !== undefined) lines.push(`  reason: ${status.reason}`);
  if (status.healthy !== undefined) lines.push(`  healthy?: ${status.healthy ? 1 : 0}`);
  if (status.check_status !== undefined) {
    lines.push(`  check status: ${JSON.stringify(status.check_status)}`);
  }
  if (status.limitation !== undefined) {
    lines.push(`  resource limit violation: ${JSON.stringify(status.limitation)}`);
  }
  return lines.join('\n');
}
