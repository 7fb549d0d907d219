/**
 * What Thermos runs: the data that the scheduler hands through, with every default and every run-time reference
 * filled in (spec aurora, section 4.4; spec thermos, section 5.1).
 */
import { AssertionFailed } from '../../../core/base/assert.ts';
import { describeError } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import {
  isSet,
  listAt,
  mapAt,
  mapsAt,
  numberAt,
  optionalMap,
  optionalText,
  textAt,
  textsAt,
} from './fields.ts';
import { BUDGET, Budget } from './interpreter/budget.ts';
import { fromJson } from './interpreter/json-values.ts';
import { ConfigError } from './interpreter/source.ts';
import { textOf } from './interpreter/text-of.ts';
import { type Calls, PyDict, PyList, raised, type Value } from './interpreter/values.ts';
import { namedPorts } from './ports.ts';
import { interpolate } from './pystachio/interpolate.ts';
import { StructObject } from './pystachio/objects.ts';
import { type Data, type DataMap, isDataMap } from './pystachio/plain.ts';
import type { SchemaType } from './pystachio/schema-type.ts';
import { ListType, StructType } from './pystachio/types.ts';
import { JOB } from './schema/structs.ts';
import { taskProblem } from './task-checks.ts';

export interface ThermosLogger {
  readonly destination: string;
  readonly mode: string;
  readonly rotate: { readonly logSizeBytes: number; readonly backups: number } | undefined;
}

export interface ThermosProcess {
  readonly name: string;
  readonly cmdline: string;
  /** 0 is as often as the runner allows. */
  readonly maxFailures: number;
  readonly isDaemon: boolean;
  readonly isEphemeral: boolean;
  readonly minDurationSecs: number;
  readonly isFinal: boolean;
  readonly logger: ThermosLogger | undefined;
}

export interface ThermosTask {
  readonly name: string;
  readonly processes: readonly ThermosProcess[];
  /** Names of processes, each after the one before it. */
  readonly orders: readonly (readonly string[])[];
  readonly resources:
    | {
        readonly cpus: number;
        readonly ramBytes: number;
        readonly diskBytes: number;
        readonly gpus: number;
      }
    | undefined;
  readonly maxFailures: number;
  readonly maxConcurrency: number;
  readonly finalizationWaitSecs: number;
  readonly user: string | undefined;
}

export interface HealthCheck {
  readonly http:
    | {
        readonly endpoint: string;
        readonly expectedResponse: string;
        readonly expectedResponseCode: number;
      }
    | undefined;
  /** Wins when it is set. */
  readonly shellCommand: string | undefined;
  readonly initialIntervalSecs: number;
  readonly intervalSecs: number;
  readonly maxConsecutiveFailures: number;
  readonly minConsecutiveSuccesses: number;
  readonly timeoutSecs: number;
}

export interface HttpLifecycle {
  readonly port: string;
  readonly gracefulShutdownEndpoint: string;
  readonly shutdownEndpoint: string;
  readonly gracefulShutdownWaitSecs: number;
  readonly shutdownWaitSecs: number;
}

export interface Announcement {
  readonly primaryPort: string;
  readonly portmap: ReadonlyMap<string, string>;
  readonly zkPath: string | undefined;
}

export interface TaskInstance {
  readonly task: ThermosTask;
  readonly instance: number;
  readonly role: string;
  readonly environment: string;
  readonly name: string;
  readonly healthCheck: HealthCheck;
  readonly lifecycle: HttpLifecycle | undefined;
  readonly announce: Announcement | undefined;
  /** The assigned ports with the aliases of the announcer's map. */
  readonly ports: ReadonlyMap<string, number>;
  /** The task as JSON data, for the checkpoint and the observer. */
  readonly data: DataMap;
}

export interface RunTime {
  readonly instance: number;
  readonly hostname: string;
  readonly taskId: string;
  readonly ports: ReadonlyMap<string, number>;
  /** Of the job at the scheduler: clients other than Aurora's own need not repeat it in the data. */
  readonly job?: { readonly role: string; readonly environment: string; readonly name: string };
}

/** `json` is the data of the task's `ExecutorConfig`. */
export function readTaskInstance(json: string, runTime: RunTime): Result<TaskInstance> {
  const budget = new Budget(BUDGET);
  const calls: Calls = {
    budget,
    call: () => {
      throw raised('TypeError', 'nothing can be called in the data of a task');
    },
    text: (value) => textOf(value, calls),
  };
  try {
    const given = withoutUnknown(fromJson(json, calls), JOB);
    const job = JOB.accept(withKey(given, runTime), calls);
    if (!job.ok) return job;
    if (!(job.value instanceof StructObject)) return err('the data of the task is no job');
    return instanceOf(job.value, runTime, calls);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return err(thrown.message);
    throw thrown;
  }
}

/** A task as `TaskInstance.data` has it, written as JSON: nothing in it is resolved any more. */
export function taskFromJson(json: string): Result<ThermosTask> {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch (thrown) {
    return err(`the task is no JSON: ${describeError(thrown)}`);
  }
  const data = dataOf(given);
  if (!isDataMap(data)) return err('the task is no object');
  try {
    const problem = taskProblem(data);
    return problem === undefined ? ok(taskOf(data)) : err(problem);
  } catch (thrown) {
    if (thrown instanceof AssertionFailed) return err(thrown.message);
    throw thrown;
  }
}

function dataOf(given: unknown): Data {
  if (Array.isArray(given)) return given.map(dataOf);
  if (typeof given === 'object' && given !== null) {
    return new Map(Object.entries(given).map(([key, value]) => [key, dataOf(value)]));
  }
  return typeof given === 'number' || typeof given === 'boolean' ? given : String(given);
}

function instanceOf(job: StructObject, runTime: RunTime, calls: Calls): Result<TaskInstance> {
  const before = interpolate(job, [], calls).data;
  const announced = isDataMap(before) ? optionalMap(before, 'announce') : undefined;
  const portmap =
    announced === undefined ? new Map<string, string>() : textsAt(announced, 'portmap');
  const ports = namedPorts(runTime.ports, portmap);
  if (!ports.ok) return ports;
  const names = new Map<string, Value>([
    [
      'mesos',
      PyDict.from([
        ['instance', BigInt(runTime.instance)],
        ['hostname', runTime.hostname],
      ]),
    ],
    ['thermos', thermosNames(runTime.taskId, ports.value)],
  ]);
  const bound = job.withScopes([...job.scopes, { kind: 'bound', names }]);
  const { data, problems } = interpolate(bound, [], calls);
  if (problems.length > 0) return err(problems.join(', '));
  if (!isDataMap(data)) return err('the data of the task is no job');
  const task = mapAt(data, 'task');
  // Any other reference is text: the client refuses what nothing answers, and `{{&x}}` has become `{{x}}` by now.
  const unbound = interpolate(bound.field('task') ?? bound, [], calls).unbound;
  const open = new Set(unbound.filter((each) => each.startsWith('thermos.ports[')));
  if (open.size > 0) return err(`Task contains unbound variables: ${[...open].join(' ')}`);
  const problem = taskProblem(task);
  if (problem !== undefined) return err(problem);
  return ok({
    task: taskOf(task),
    instance: runTime.instance,
    role: textAt(data, 'role'),
    environment: textAt(data, 'environment'),
    name: textAt(data, 'name'),
    healthCheck: healthCheckOf(mapAt(data, 'health_check_config')),
    lifecycle: lifecycleOf(optionalMap(mapAt(data, 'lifecycle'), 'http')),
    announce: announcementOf(optionalMap(data, 'announce')),
    ports: ports.value,
    data: task,
  });
}

function thermosNames(taskId: string, ports: ReadonlyMap<string, number>): PyDict {
  const numbers = [...ports].map(([name, port]): [Value, Value] => [name, BigInt(port)]);
  return PyDict.from([
    ['task_id', taskId],
    ['ports', PyDict.from(numbers)],
    ['user', '{{role}}'],
  ]);
}

/** What the data of a job leaves out of its key; which cluster it is matters to clients alone. */
function withKey(given: Value, { job }: RunTime): Value {
  if (job === undefined || !(given instanceof PyDict)) return given;
  const { role, environment, name } = job;
  const key: [Value, Value][] = Object.entries({ role, environment, name, cluster: '' });
  return PyDict.from([...key, ...given.entries.values()]);
}

/** Attributes that this schema has not are left out: another version may have written the data. */
function withoutUnknown(value: Value, type: SchemaType): Value {
  if (type instanceof StructType && value instanceof PyDict) {
    const kept = [...value.entries.values()].flatMap(([key, each]): [Value, Value][] => {
      const attribute = type.attributes.get(String(key));
      if (attribute === undefined || each === null) return [];
      return [[key, withoutUnknown(each, attribute.type)]];
    });
    return PyDict.from(kept);
  }
  if (type instanceof ListType && value instanceof PyList) {
    return new PyList(value.items.map((each) => withoutUnknown(each, type.element)));
  }
  return value;
}

function taskOf(task: DataMap): ThermosTask {
  const resources = optionalMap(task, 'resources');
  return {
    name: textAt(task, 'name'),
    processes: mapsAt(task, 'processes').map(processOf),
    orders: mapsAt(task, 'constraints').map((each) => listAt(each, 'order').map(String)),
    resources:
      resources === undefined
        ? undefined
        : {
            cpus: numberAt(resources, 'cpu'),
            ramBytes: numberAt(resources, 'ram'),
            diskBytes: numberAt(resources, 'disk'),
            gpus: numberAt(resources, 'gpu'),
          },
    maxFailures: numberAt(task, 'max_failures'),
    maxConcurrency: numberAt(task, 'max_concurrency'),
    finalizationWaitSecs: numberAt(task, 'finalization_wait'),
    user: optionalText(task, 'user'),
  };
}

function processOf(process: DataMap): ThermosProcess {
  return {
    name: textAt(process, 'name'),
    cmdline: textAt(process, 'cmdline'),
    maxFailures: numberAt(process, 'max_failures'),
    isDaemon: isSet(process, 'daemon'),
    isEphemeral: isSet(process, 'ephemeral'),
    minDurationSecs: numberAt(process, 'min_duration'),
    isFinal: isSet(process, 'final'),
    logger: loggerOf(optionalMap(process, 'logger')),
  };
}

function loggerOf(logger: DataMap | undefined): ThermosLogger | undefined {
  if (logger === undefined) return undefined;
  const rotate = optionalMap(logger, 'rotate');
  return {
    destination: textAt(logger, 'destination'),
    mode: textAt(logger, 'mode'),
    rotate:
      rotate === undefined
        ? undefined
        : { logSizeBytes: numberAt(rotate, 'log_size'), backups: numberAt(rotate, 'backups') },
  };
}

function healthCheckOf(config: DataMap): HealthCheck {
  const checker = mapAt(config, 'health_checker');
  const http = optionalMap(checker, 'http');
  const shell = optionalMap(checker, 'shell');
  return {
    http:
      http === undefined
        ? undefined
        : {
            endpoint: textAt(http, 'endpoint'),
            expectedResponse: textAt(http, 'expected_response'),
            expectedResponseCode: numberAt(http, 'expected_response_code'),
          },
    shellCommand: shell === undefined ? undefined : textAt(shell, 'shell_command'),
    initialIntervalSecs: numberAt(config, 'initial_interval_secs'),
    intervalSecs: numberAt(config, 'interval_secs'),
    maxConsecutiveFailures: numberAt(config, 'max_consecutive_failures'),
    minConsecutiveSuccesses: numberAt(config, 'min_consecutive_successes'),
    timeoutSecs: numberAt(config, 'timeout_secs'),
  };
}

function lifecycleOf(http: DataMap | undefined): HttpLifecycle | undefined {
  if (http === undefined) return undefined;
  return {
    port: textAt(http, 'port'),
    gracefulShutdownEndpoint: textAt(http, 'graceful_shutdown_endpoint'),
    shutdownEndpoint: textAt(http, 'shutdown_endpoint'),
    gracefulShutdownWaitSecs: numberAt(http, 'graceful_shutdown_wait_secs'),
    shutdownWaitSecs: numberAt(http, 'shutdown_wait_secs'),
  };
}

function announcementOf(announce: DataMap | undefined): Announcement | undefined {
  if (announce === undefined) return undefined;
  return {
    primaryPort: textAt(announce, 'primary_port'),
    portmap: textsAt(announce, 'portmap'),
    zkPath: optionalText(announce, 'zk_path'),
  };
}
