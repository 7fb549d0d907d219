/** Flags of the election, the server set and where the state is kept (spec aurora-scheduler, section 11). */
import { hours, minutes, seconds } from '../../core/base/duration.ts';
import { type FlagValues, flag, optionalFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { parseZooKeeperUrl } from '../../core/net/zookeeper/url.ts';
import type { ZooKeeperStateOptions } from '../kit/zookeeper-state.ts';
import type { LeadingOptions } from './leading.ts';
import type { ServerSetOptions } from './server-set.ts';

export const ELECTION_FLAGS = {
  native_log_file_path: optionalFlag('path', {
    help: 'Where the state is kept, without -native_log_zk_group_path.',
  }),
  native_log_zk_group_path: optionalFlag('string', {
    help: 'Path in ZooKeeper where all schedulers of a cluster keep their state.',
  }),
  native_log_quorum_size: flag('int', 1, {
    help: 'Accepted: the quorum is that of ZooKeeper. (default: 1)',
  }),
  zk_in_proc: flag('bool', false, { help: 'Runs without ZooKeeper, alone. (default: false)' }),
  zk_endpoints: optionalFlag('string', { help: 'ZooKeeper servers: host:port, with commas.' }),
  zk_chroot_path: flag('string', '', { help: 'Path in front of all paths in ZooKeeper.' }),
  zk_digest_credentials: optionalFlag('string', { help: 'user:password for ZooKeeper.' }),
  zk_session_timeout: flag('duration', seconds(15), { help: 'Of its session. (default: 15secs)' }),
  serverset_path: optionalFlag('string', {
    help: 'Path in ZooKeeper where schedulers meet and the leader is announced.',
  }),
  serverset_endpoint_name: flag('string', 'http', {
    help: 'Name of the announced endpoint. (default: http)',
  }),
  max_registration_delay: flag('duration', minutes(1), {
    help: 'How long a new leader waits for the master. (default: 1mins)',
  }),
  max_leading_duration: flag('duration', hours(24), {
    help: 'After which a peer takes over. (default: 1days)',
  }),
} as const;

/** All schedulers of a cluster meet here. */
export interface ElectionOptions {
  readonly zooKeeper: ZooKeeperStateOptions;
  readonly serverSet: ServerSetOptions;
  /** Else the state is in the work directory of this process alone. */
  readonly sharesState: boolean;
}

export interface ElectionSettings {
  readonly election: ElectionOptions | undefined;
  readonly leading: LeadingOptions;
  /** Empty when the state is shared. */
  readonly workDirectory: string;
}

export function compileElection(
  flags: FlagValues<typeof ELECTION_FLAGS>,
): Result<ElectionSettings> {
  const election = electionOf(flags);
  if (!election.ok) return election;
  const shared = flags.native_log_zk_group_path;
  if (shared !== undefined && election.value === undefined) {
    return err(`Flag 'native_log_zk_group_path' needs '-zk_endpoints' and '-serverset_path'`);
  }
  const workDirectory = flags.native_log_file_path;
  if (workDirectory === undefined && shared === undefined) {
    return err(`Flag 'native_log_file_path' is required, but it was not provided`);
  }
  return ok({
    election: election.value,
    leading: {
      maxRegistrationDelayMs: flags.max_registration_delay,
      maxLeadingMs: flags.max_leading_duration,
    },
    workDirectory: workDirectory ?? '',
  });
}

function electionOf(flags: FlagValues<typeof ELECTION_FLAGS>): Result<ElectionOptions | undefined> {
  const { zk_endpoints: endpoints, serverset_path: path } = flags;
  if (flags.zk_in_proc || (endpoints === undefined && path === undefined)) return ok(undefined);
  if (endpoints === undefined) return err(`Flag 'serverset_path' needs '-zk_endpoints'`);
  if (path === undefined) return err(`Flag 'zk_endpoints' needs '-serverset_path'`);
  const url = parseZooKeeperUrl(`zk://${endpoints}${flags.zk_chroot_path}${path}`);
  if (!url.ok) return err(`Flag 'zk_endpoints' or 'serverset_path': ${url.error}`);
  const credentials = flags.zk_digest_credentials;
  if (credentials !== undefined && !/^[^:]+:.+$/.test(credentials)) {
    return err(`Flag 'zk_digest_credentials' is not of the form user:password`);
  }
  const { servers, path: latchPath } = url.value;
  return ok({
    zooKeeper: {
      servers: { servers, credentials },
      statePath: `${flags.zk_chroot_path}${flags.native_log_zk_group_path ?? ''}`,
      latchPath,
      sessionTimeoutMs: flags.zk_session_timeout,
    },
    serverSet: { path: latchPath, endpointName: flags.serverset_endpoint_name },
    sharesState: flags.native_log_zk_group_path !== undefined,
  });
}
