/** Flags of the runner (spec thermos, section 4). The executor writes them, the runner reads them. */
import { flag, optionalFlag, parseFlags, requiredFlag } from '../../../core/base/flags.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { ImageLaunch } from './filesystem-image.ts';
import {
  DEFAULT_LOG,
  DESTINATIONS,
  LOG_MODES,
  type LogSettings,
  ROTATE_BACKUPS,
  ROTATE_BYTES,
} from './process-log.ts';

export const RUNNER = 'thermos-runner';
const MIB = 1024 ** 2;

export interface RunnerOptions {
  /** A file that holds the task. */
  readonly thermosJson: string;
  readonly sandbox: string;
  readonly checkpointRoot: string;
  readonly taskId: string;
  readonly setuid: string | undefined;
  readonly isChrooted: boolean;
  readonly keepsEnvironment: boolean;
  /** Of a task with a filesystem image. */
  readonly image: ImageLaunch | undefined;
  readonly ports: ReadonlyMap<string, number>;
  readonly hostname: string;
  readonly log: LogSettings;
}

export const RUNNER_FLAGS = {
  thermos_json: requiredFlag('path', { help: 'File with the task as JSON.' }),
  sandbox: requiredFlag('path', { help: 'Where the processes run.' }),
  checkpoint_root: requiredFlag('path', { help: 'Where the checkpoint streams are.' }),
  task_id: requiredFlag('string', { help: 'Id of the task.' }),
  setuid: optionalFlag('string', { help: 'User that the processes run as.' }),
  enable_chroot: flag('bool', false, { help: 'The sandbox is the root of the processes.' }),
  preserve_env: flag('bool', false, { help: 'Processes have the environment of the runner.' }),
  hostname: flag('string', '', { help: 'Name of this host, for the checkpoint.' }),
  process_logger_destination: flag('string', 'file', {
    help: `Where output goes: ${DESTINATIONS.join(', ')}.`,
    validate: oneOf('process_logger_destination', DESTINATIONS),
  }),
  process_logger_mode: flag('string', 'standard', {
    help: `How files are written: ${LOG_MODES.join(', ')}.`,
    validate: oneOf('process_logger_mode', LOG_MODES),
  }),
  rotate_log_size_mb: flag('int', ROTATE_BYTES / MIB, { help: 'Size at which a file is rotated.' }),
  rotate_log_backups: flag('int', ROTATE_BACKUPS, { help: 'Rotated files that are kept.' }),
  container_sandbox: optionalFlag('path', { help: 'The sandbox inside the filesystem image.' }),
  mesos_containerizer_path: optionalFlag('path', { help: 'Runs processes in a filesystem image.' }),
} as const;

export function oneOf(
  name: string,
  known: readonly string[],
): (value: string) => string | undefined {
  return (value) =>
    known.includes(value)
      ? undefined
      : `Flag '${name}' has no value '${value}': ${known.join(', ')}`;
}

export function readRunnerOptions(argv: readonly string[]): Result<RunnerOptions> {
  const { ports, rest } = withoutPorts(argv);
  if (!ports.ok) return ports;
  const parsed = parseFlags(RUNNER_FLAGS, {
    ...{ argv: rest, env: {}, envPrefix: undefined, style: 'spaced' },
  });
  if (!parsed.ok) return parsed;
  const flags = parsed.value;
  return ok({
    thermosJson: flags.thermos_json,
    sandbox: flags.sandbox,
    checkpointRoot: flags.checkpoint_root,
    taskId: flags.task_id,
    setuid: flags.setuid,
    isChrooted: flags.enable_chroot,
    keepsEnvironment: flags.preserve_env,
    image: imageOf(flags.mesos_containerizer_path, flags.container_sandbox),
    ports: ports.value,
    hostname: flags.hostname,
    log: {
      destination:
        DESTINATIONS.find((each) => each === flags.process_logger_destination) ??
        DEFAULT_LOG.destination,
      mode: LOG_MODES.find((each) => each === flags.process_logger_mode) ?? DEFAULT_LOG.mode,
      rotateBytes: flags.rotate_log_size_mb * MIB,
      backups: flags.rotate_log_backups,
    },
  });
}

function imageOf(
  containerizer: string | undefined,
  sandbox: string | undefined,
): ImageLaunch | undefined {
  if (containerizer === undefined || sandbox === undefined) return undefined;
  return { containerizer, sandbox };
}

/** The words that make `readRunnerOptions` give these options. */
export function runnerArguments(options: RunnerOptions): readonly string[] {
  const { log, image } = options;
  return [
    RUNNER,
    `--thermos_json=${options.thermosJson}`,
    `--sandbox=${options.sandbox}`,
    `--checkpoint_root=${options.checkpointRoot}`,
    `--task_id=${options.taskId}`,
    `--hostname=${options.hostname}`,
    ...(options.setuid === undefined ? [] : [`--setuid=${options.setuid}`]),
    ...(options.isChrooted ? ['--enable_chroot'] : []),
    ...(options.keepsEnvironment ? ['--preserve_env'] : []),
    ...(image === undefined
      ? []
      : [
          `--mesos_containerizer_path=${image.containerizer}`,
          `--container_sandbox=${image.sandbox}`,
        ]),
    ...[...options.ports].map(([name, port]) => `--port=${name}:${port}`),
    `--process_logger_destination=${log.destination}`,
    `--process_logger_mode=${log.mode}`,
    `--rotate_log_size_mb=${log.rotateBytes / MIB}`,
    `--rotate_log_backups=${log.backups}`,
  ];
}

/** `--port NAME:PORT` may be given many times. */
function withoutPorts(argv: readonly string[]): {
  readonly ports: Result<ReadonlyMap<string, number>>;
  readonly rest: readonly string[];
} {
  const ports = new Map<string, number>();
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const given = word === '--port' ? argv[++at] : /^--port=(.*)$/.exec(word)?.[1];
    if (given === undefined) {
      rest.push(word);
      continue;
    }
    const [, name, port] = /^([^:]+):(\d{1,5})$/.exec(given) ?? [];
    if (name === undefined) return { ports: err(`Flag 'port' is not NAME:PORT: '${given}'`), rest };
    ports.set(name, Number(port));
  }
  return { ports: ok(ports), rest };
}
