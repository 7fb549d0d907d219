/**
 * `--container_logger` (spec agent-runtime, section 13): where the output of containers goes. Known by
 * the names of the original's modules, which `--modules` may list as ever: the sandbox's files, and
 * the same files kept small by `logrotate`.
 */
import { parseBytes } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { LOGROTATE_LOGGER, SANDBOX_LOGGER } from '../modules/built-in.ts';
import type { ModuleParameter } from '../modules/types.ts';
import type { CommandInfo } from '../wire/types/mesos.v1.ts';

export type OutputStream = 'stdout' | 'stderr';

export interface StreamLog {
  readonly maxBytes: number;
  /** Lines of a `logrotate` configuration. */
  readonly options: string;
}

export interface LogPlan extends Readonly<Record<OutputStream, StreamLog>> {
  readonly logrotatePath: string;
}

/** What the flags say; a container's environment may say otherwise. */
export interface ContainerLogger {
  readonly plan: LogPlan;
  /** In front of the names of variables that change it for one container. */
  readonly environmentPrefix: string;
}

const PAGE_BYTES = 4_096;
const DEFAULT_BYTES = 10 * 1024 ** 2;

/** Undefined leaves output in the sandbox's files, as they grow. */
export function compileContainerLogger(
  name: string | undefined,
  parametersOf: (module: string) => readonly ModuleParameter[],
): Result<ContainerLogger | undefined> {
  if (name === undefined || name === SANDBOX_LOGGER) return ok(undefined);
  if (name !== LOGROTATE_LOGGER) {
    return err(
      `Failed to create container logger: '${name}' is neither ${SANDBOX_LOGGER} nor ${LOGROTATE_LOGGER}`,
    );
  }
  const values = new Map(parametersOf(name).map(({ key, value }) => [key, value]));
  const unknown = [...values.keys()].find((key) => !PARAMETERS.has(key));
  if (unknown !== undefined) return err(`${LOGROTATE_LOGGER} has no parameter '${unknown}'`);
  const stdout = streamOf('stdout', values, undefined);
  if (!stdout.ok) return stdout;
  const stderr = streamOf('stderr', values, undefined);
  if (!stderr.ok) return stderr;
  const logrotatePath = values.get('logrotate_path') ?? 'logrotate';
  return ok({
    plan: { stdout: stdout.value, stderr: stderr.value, logrotatePath },
    environmentPrefix: values.get('environment_variable_prefix') ?? 'CONTAINER_LOGGER_',
  });
}

const PARAMETERS: ReadonlySet<string> = new Set([
  ...['max_stdout_size', 'max_stderr_size', 'logrotate_stdout_options'],
  ...['logrotate_stderr_options', 'environment_variable_prefix', 'launcher_dir'],
  ...['logrotate_path', 'libprocess_num_worker_threads'],
]);

/** The plan of one container, whose command may set `CONTAINER_LOGGER_MAX_STDOUT_SIZE` and the like. */
export function logPlanFor(
  { plan, environmentPrefix }: ContainerLogger,
  command: CommandInfo | undefined,
): Result<LogPlan> {
  const values = new Map<string, string>();
  for (const { name, value } of command?.environment?.variables ?? []) {
    if (!name.startsWith(environmentPrefix) || value === undefined) continue;
    values.set(name.slice(environmentPrefix.length).toLowerCase(), value);
  }
  const stdout = streamOf('stdout', values, plan.stdout);
  if (!stdout.ok) return stdout;
  const stderr = streamOf('stderr', values, plan.stderr);
  return stderr.ok ? ok({ ...plan, stdout: stdout.value, stderr: stderr.value }) : stderr;
}

function streamOf(
  stream: OutputStream,
  values: ReadonlyMap<string, string>,
  defaults: StreamLog | undefined,
): Result<StreamLog> {
  const { maxBytes = DEFAULT_BYTES, options = '' } = defaults ?? {};
  const text = values.get(`max_${stream}_size`);
  const given = text === undefined ? ok(maxBytes) : parseBytes(text);
  if (!given.ok) return err(`Failed to parse 'max_${stream}_size': ${given.error}`);
  if (given.value < PAGE_BYTES) {
    return err(`Expected 'max_${stream}_size' of at least ${PAGE_BYTES} bytes`);
  }
  return ok({
    maxBytes: given.value,
    options: values.get(`logrotate_${stream}_options`) ?? options,
  });
}
