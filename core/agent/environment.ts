/** The environment of an executor (spec executor-api, section 6). */
import { formatDuration } from '../base/duration.ts';
import { formatUpid } from '../wire/upid.ts';
import { millisecondsOf, variablesOf } from './command-info.ts';
import type { AgentContext } from './context.ts';
import type { AgentExecutor } from './state.ts';

/** What the launcher of the original gives when nothing else does. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What of the agent the environment tells. */
export type EnvironmentSource = Pick<AgentContext, 'options' | 'self' | 'agentId'>;

export function executorEnvironment(
  context: EnvironmentSource,
  executor: AgentExecutor,
): Record<string, string> {
  const { options, self } = context;
  const graceMs = shutdownGraceMs(context, executor);
  return {
    PATH: DEFAULT_PATH,
    ...(options.ip === '0.0.0.0' ? {} : { LIBPROCESS_IP: options.ip }),
    ...options.executorEnvironment,
    LIBPROCESS_PORT: '0',
    MESOS_FRAMEWORK_ID: executor.frameworkId,
    MESOS_EXECUTOR_ID: executor.id,
    MESOS_DIRECTORY: executor.directory,
    MESOS_SLAVE_ID: context.agentId,
    MESOS_SLAVE_PID: formatUpid(self),
    MESOS_AGENT_ENDPOINT: `${self.ip}:${self.port}`,
    MESOS_CHECKPOINT: executor.checkpoint ? '1' : '0',
    MESOS_HTTP_COMMAND_EXECUTOR: options.httpCommandExecutor ? '1' : '0',
    ...socketOf(context, executor),
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: formatDuration(graceMs),
    ...(executor.checkpoint
      ? {
          MESOS_RECOVERY_TIMEOUT: formatDuration(options.recoveryTimeoutMs),
          MESOS_SUBSCRIPTION_BACKOFF_MAX: formatDuration(options.executorReregistrationTimeoutMs),
        }
      : {}),
    MESOS_SANDBOX: executor.directory,
    ...variablesOf(executor.info.command),
  };
}

/** Those that do not see the host's files do not see the socket, and connect over TCP. */
function socketOf({ options }: EnvironmentSource, executor: AgentExecutor): Record<string, string> {
  const { domainSocket, hasDefaultContainer } = options;
  const { container } = executor.info;
  const hasOwnFiles =
    container === undefined
      ? hasDefaultContainer
      : container.type === 'DOCKER' || container.mesos?.image !== undefined;
  return domainSocket === undefined || hasOwnFiles ? {} : { MESOS_DOMAIN_SOCKET: domainSocket };
}

export function shutdownGraceMs(context: EnvironmentSource, executor: AgentExecutor): number {
  const own = millisecondsOf(executor.info.shutdown_grace_period);
  return own ?? context.options.executorShutdownGraceMs;
}
