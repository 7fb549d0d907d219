/** Options of Chronos with every default in place (spec chronos, sections 9 and 11.1). */
import type { DurationMs } from '../../core/base/duration.ts';
import { minutes, seconds } from '../../core/base/duration.ts';
import type { FrameworkInfo } from '../../core/wire/types/mesos.v1.ts';
import type { HttpsOptions } from '../kit/https-flags.ts';
import type { ZooKeeperStateOptions } from '../kit/zookeeper-state.ts';
import type { GraphiteOptions } from './graphite.ts';
import type { JobDefaults } from './job.ts';
import type { MailOptions } from './mail.ts';
import type { SentryTarget } from './sentry.ts';

export interface NotificationOptions {
  /** In front of subjects, in brackets. */
  readonly clusterName: string | undefined;
  readonly slackUrl: string | undefined;
  readonly mattermostUrl: string | undefined;
  readonly httpUrl: string | undefined;
  readonly mail: MailOptions | undefined;
  readonly sentry: SentryTarget | undefined;
  /** Letters to one recipient by one channel in a minute; more are joined to one. */
  readonly ratePerMinute: number;
  /** All letters are gathered for so long; 0 for not at all. */
  readonly gatherMs: DurationMs;
  /** `user:password` for `httpUrl`. */
  readonly httpCredentials: string | undefined;
}

export interface CompiledChronosOptions {
  readonly master: string;
  /** Where records are kept; opened by `main`. */
  readonly workDirectory: string;
  /** Where records are kept and leaders elected instead. */
  readonly zooKeeper?: ZooKeeperStateOptions | undefined;
  readonly httpAddress: string;
  /** 0 takes a free one. */
  readonly httpPort: number;
  readonly https: HttpsOptions | undefined;
  readonly servesHttp: boolean;
  readonly compresses: boolean;
  readonly hostname: string;
  /** `user:password` asked of clients. */
  readonly httpCredentials: string | undefined;
  readonly httpRealm: string;
  readonly frameworkName: string;
  readonly user: string;
  readonly role: string;
  readonly checkpoint: boolean;
  readonly failoverTimeoutMs: DurationMs;
  readonly webuiUrl: string | undefined;
  readonly principal: string | undefined;
  readonly credential: { readonly principal: string; readonly secret: string } | undefined;
  readonly jobDefaults: JobDefaults;
  readonly failureRetryMs: DurationMs;
  /** 0 never disables. */
  readonly disableAfterFailures: number;
  readonly reconciliationIntervalMs: DurationMs;
  readonly minReviveIntervalMs: DurationMs;
  readonly declineOfferMs: DurationMs | undefined;
  readonly jobHistoryLimit: number;
  readonly runHistoryLimit: number;
  readonly runHistoryAgeMs: DurationMs;
  readonly ignoresEpsilon: boolean;
  /** Where metrics are reported to. */
  readonly graphite?: GraphiteOptions | undefined;
  readonly notifications: NotificationOptions;
}

/** Everything but what only the caller can know. */
export const CHRONOS_DEFAULTS: Omit<CompiledChronosOptions, 'master' | 'workDirectory'> = {
  httpAddress: '0.0.0.0',
  httpPort: 8080,
  https: undefined,
  servesHttp: true,
  compresses: true,
  hostname: 'localhost',
  httpCredentials: undefined,
  httpRealm: 'Mesosphere',
  frameworkName: 'chronos',
  user: 'root',
  role: '*',
  checkpoint: true,
  failoverTimeoutMs: seconds(604_800),
  webuiUrl: undefined,
  principal: undefined,
  credential: undefined,
  jobDefaults: { cpus: 0.1, mem: 128, disk: 256, user: 'root' },
  failureRetryMs: minutes(1),
  disableAfterFailures: 0,
  reconciliationIntervalMs: minutes(10),
  minReviveIntervalMs: seconds(5),
  declineOfferMs: undefined,
  jobHistoryLimit: 5,
  runHistoryLimit: 100,
  runHistoryAgeMs: seconds(30 * 86_400),
  ignoresEpsilon: false,
  notifications: {
    clusterName: undefined,
    slackUrl: undefined,
    mattermostUrl: undefined,
    httpUrl: undefined,
    sentry: undefined,
    httpCredentials: undefined,
    mail: undefined,
    ratePerMinute: 30,
    gatherMs: 0,
  },
};

/** No PARTITION_AWARE: a lost agent must give TASK_LOST, which counts as a failure here. */
export function frameworkInfo(options: CompiledChronosOptions): FrameworkInfo {
  return {
    user: options.user,
    name: options.frameworkName,
    role: options.role,
    checkpoint: options.checkpoint,
    failover_timeout: options.failoverTimeoutMs / 1_000,
    hostname: options.hostname,
    webui_url: options.webuiUrl ?? ownUrl(options),
    ...(options.principal === undefined ? {} : { principal: options.principal }),
  };
}

/** Of the plain port where there is one. */
function ownUrl({ hostname, httpPort, servesHttp, https }: CompiledChronosOptions): string {
  if (servesHttp || https === undefined) return `http://${hostname}:${httpPort}`;
  return `https://${hostname}:${https.port}`;
}
