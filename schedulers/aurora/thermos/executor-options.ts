/** Flags of the executor (spec thermos, section 5.7), with the original's names. */
import { type FlagValues, flag, optionalFlag } from '../../../core/base/flags.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { parseZooKeeperUrl, type ZooKeeperUrl } from '../../../core/net/zookeeper/url.ts';
import { readJsonFlag } from '../flag-values.ts';
import {
  DESTINATIONS,
  LOG_MODES,
  type LogSettings,
  ROTATE_BACKUPS,
  ROTATE_BYTES,
} from './process-log.ts';
import { oneOf } from './runner-options.ts';

const MIB = 1024 ** 2;

export interface AnnouncerOptions {
  readonly ensemble: Pick<ZooKeeperUrl, 'servers' | 'credentials'>;
  readonly root: string;
  readonly allowsOwnPath: boolean;
  readonly hostname: string | undefined;
}

/** For tasks with a filesystem image. */
export interface ImageOptions {
  readonly containerizer: string;
  /** Of the sandbox, in the image; tasks with an image are refused without one. */
  readonly mountPoint: string | undefined;
  /** The user of the task is made in the image. */
  readonly createsUser: boolean;
}

export interface ThermosExecutorOptions {
  readonly announcer: AnnouncerOptions | undefined;
  readonly executeAsUser: string | undefined;
  readonly setsUser: boolean;
  readonly setsUserForHealthChecks: boolean;
  readonly log: LogSettings;
  readonly keepsEnvironment: boolean;
  readonly image: ImageOptions;
  readonly stopTimeoutMs: number;
}

const CONTAINERIZER = '/usr/libexec/mesos/mesos-containerizer';

export const EXECUTOR_FLAGS = {
  'announcer-ensemble': optionalFlag('string', { help: 'ZooKeeper servers that announce tasks.' }),
  'announcer-serverset-path': flag('string', '/aurora', { help: 'Node above the server sets.' }),
  'announcer-allow-custom-serverset-path': flag('bool', false, { help: 'Jobs may name a path.' }),
  'announcer-hostname': optionalFlag('string', { help: 'Announced in place of the host.' }),
  'announcer-zookeeper-auth-config': optionalFlag('path', { help: 'File with credentials.' }),
  'mesos-containerizer-path': flag('path', CONTAINERIZER, {
    help: 'Runs processes in a filesystem image.',
  }),
  'no-create-user': flag('bool', false, { help: 'Images have the users of tasks already.' }),
  'sandbox-mount-point': optionalFlag('path', { help: 'The sandbox inside a filesystem image.' }),
  'execute-as-user': optionalFlag('string', { help: 'User of the processes, not the role.' }),
  nosetuid: flag('bool', false, { help: 'Processes run as the user of the executor.' }),
  'nosetuid-health-checks': flag('bool', false, { help: 'Shell health checks do so.' }),
  'runner-logger-destination': flag('string', 'file', {
    help: `Where output goes: ${DESTINATIONS.join(', ')}.`,
    validate: oneOf('runner-logger-destination', DESTINATIONS),
  }),
  'runner-logger-mode': flag('string', 'standard', {
    help: `How files are written: ${LOG_MODES.join(', ')}.`,
    validate: oneOf('runner-logger-mode', LOG_MODES),
  }),
  'runner-rotate-log-size-mb': flag('int', ROTATE_BYTES / MIB, { help: 'Rotated at this size.' }),
  'runner-rotate-log-backups': flag('int', ROTATE_BACKUPS, { help: 'Rotated files kept.' }),
  preserve_env: flag('bool', false, { help: 'Processes have the environment of the executor.' }),
  stop_timeout_in_secs: flag('int', 120, { help: 'Seconds until a killed task is given up.' }),
} as const;

export function compileExecutorOptions(
  flags: FlagValues<typeof EXECUTOR_FLAGS>,
): Result<ThermosExecutorOptions> {
  const announcer = announcerOptions(flags);
  if (!announcer.ok) return announcer;
  return ok({
    announcer: announcer.value,
    executeAsUser: flags['execute-as-user'],
    setsUser: !flags.nosetuid,
    setsUserForHealthChecks: !flags['nosetuid-health-checks'],
    log: {
      destination:
        DESTINATIONS.find((each) => each === flags['runner-logger-destination']) ?? 'file',
      mode: LOG_MODES.find((each) => each === flags['runner-logger-mode']) ?? 'standard',
      rotateBytes: flags['runner-rotate-log-size-mb'] * MIB,
      backups: flags['runner-rotate-log-backups'],
    },
    keepsEnvironment: flags.preserve_env,
    image: {
      containerizer: flags['mesos-containerizer-path'],
      mountPoint: flags['sandbox-mount-point'],
      createsUser: !flags['no-create-user'],
    },
    stopTimeoutMs: flags.stop_timeout_in_secs * 1_000,
  });
}

function announcerOptions(
  flags: FlagValues<typeof EXECUTOR_FLAGS>,
): Result<AnnouncerOptions | undefined> {
  const servers = flags['announcer-ensemble'];
  if (servers === undefined) return ok(undefined);
  const url = parseZooKeeperUrl(`zk://${servers}/ensemble`);
  if (!url.ok) return err(`Flag 'announcer-ensemble': ${url.error}`);
  const credentials = readCredentials(flags['announcer-zookeeper-auth-config']);
  if (!credentials.ok) return credentials;
  return ok({
    ensemble: { servers: url.value.servers, credentials: credentials.value },
    root: flags['announcer-serverset-path'],
    allowsOwnPath: flags['announcer-allow-custom-serverset-path'],
    hostname: flags['announcer-hostname'],
  });
}

function readCredentials(path: string | undefined): Result<string | undefined> {
  if (path === undefined) return ok(undefined);
  return readJsonFlag('announcer-zookeeper-auth-config', path, credentialsOf);
}

/** One `digest` credential; its owner may do everything, and everybody may read. */
export function credentialsOf(config: unknown): Result<string | undefined> {
  const auth = entriesOf(config, 'auth');
  const acl = entriesOf(config, 'acl');
  const [first, ...more] = auth;
  if (first === undefined) return refused('it names no credential');
  if (more.length > 0) return refused('more than one credential is not supported');
  const others = [first, ...acl].filter((each) => textAt(each, 'scheme') !== 'digest');
  if (others.length > 0) return refused('a scheme other than digest is not supported');
  const credential = textAt(first, 'credential');
  const isOwn = acl.every((each) => textAt(each, 'credential') === credential);
  if (!isOwn) return refused('rights of somebody else are not supported');
  return credential === undefined ? refused('it names no credential') : ok(credential);
}

function entriesOf(config: unknown, name: string): readonly unknown[] {
  const found: unknown =
    typeof config === 'object' && config !== null ? Reflect.get(config, name) : [];
  return Array.isArray(found) ? found : [];
}

function textAt(entry: unknown, name: string): string | undefined {
  const found: unknown =
    typeof entry === 'object' && entry !== null ? Reflect.get(entry, name) : undefined;
  return typeof found === 'string' ? found : undefined;
}

function refused(why: string): Result<never> {
  return err(`Flag 'announcer-zookeeper-auth-config': ${why}`);
}
