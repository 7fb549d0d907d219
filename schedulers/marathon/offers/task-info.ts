/** The Mesos task of an instance (spec marathon-behaviour, section 4.5). */
import type { Random } from '../../../core/base/random.ts';
import type {
  CommandInfo,
  DiscoveryInfo,
  EnvironmentVariable,
  Offer,
  Port,
  Resource,
  TaskInfo,
  ValueScalar,
} from '../../../core/wire/types/mesos.v1.ts';
import { type App, type Artifact, type ResourceLimits, usesHostNetworking } from '../model/app.ts';
import { hostNameForm } from '../model/path-id.ts';
import { assignedMappings, discoveryPortsOf } from './assigned-ports.ts';
import { containerInfo } from './container-info.ts';
import { environmentOf } from './environment.ts';
import { labelsOf } from './mesos-labels.ts';
import { secretVariables } from './secrets.ts';
import { agentCheck, agentHealthCheck } from './task-checks.ts';

export interface TaskContext {
  readonly app: App;
  readonly taskId: string;
  readonly offer: Offer;
  readonly resources: readonly Resource[];
  readonly executorResources: readonly Resource[];
  /** Per declared port. */
  readonly hostPorts: readonly (number | undefined)[];
  readonly enforcesGroupRole: boolean;
  readonly bridgeName: string;
  readonly envVarsPrefix: string;
  /** `//cmd`, or the path of a custom executor, for apps that name none. */
  readonly executor: string;
  readonly random: Random;
}

export function taskInfo(context: TaskContext): TaskInfo {
  const { app, taskId, offer } = context;
  const name = hostNameForm(app.id);
  const variables = environmentOf(app, {
    taskId,
    host: offer.hostname,
    hostPorts: context.hostPorts,
    enforcesGroupRole: context.enforcesGroupRole,
    prefix: context.envVarsPrefix,
    random: context.random,
  });
  const command = commandInfo(app, variables);
  const container = containerInfo(app, context.hostPorts, taskId, context.bridgeName);
  const executor = app.executor === '' ? context.executor : app.executor;
  const isCommand = executor === '//cmd' || executor === '';
  return {
    name,
    task_id: { value: taskId },
    agent_id: offer.agent_id,
    resources: context.resources,
    ...(isCommand
      ? { command, container }
      : { executor: customExecutor(executor, command, container, context) }),
    health_check: agentHealthCheck(app, context.hostPorts),
    check: agentCheck(app, context.hostPorts),
    kill_policy: killPolicy(app.taskKillGracePeriodSeconds),
    labels: labelsOf(app.labels),
    discovery: discoveryInfo(app, name, context.hostPorts),
    limits: limitsOf(app.resourceLimits),
  };
}

function commandInfo(app: App, variables: ReadonlyMap<string, string>): CommandInfo {
  const environment = {
    variables: [
      ...[...variables].map(([name, value]): EnvironmentVariable => ({ name, value })),
      ...secretVariables(app.secrets, app.env),
    ],
  };
  const uris = urisOf(app.fetch);
  const common = { environment, user: app.user, ...(uris.length > 0 ? { uris } : {}) };
  if (app.args.length > 0) {
    const value = app.container === undefined ? app.args[0] : undefined;
    return { shell: false, value, arguments: app.args, ...common };
  }
  if (app.cmd !== undefined) return { shell: true, value: app.cmd, ...common };
  return { shell: false, ...common };
}

export function urisOf(artifacts: readonly Artifact[]): NonNullable<CommandInfo['uris']> {
  return artifacts.map(({ uri, extract, executable, cache, destPath }) => ({
    value: uri,
    extract,
    executable,
    cache,
    output_file: destPath,
  }));
}

function customExecutor(
  path: string,
  command: CommandInfo,
  container: TaskInfo['container'],
  context: TaskContext,
): NonNullable<TaskInfo['executor']> {
  const plain = context.app.cmd ?? context.app.args.join(' ');
  const value = `chmod ug+rx '${path}' && exec '${path}' ${plain}`;
  return {
    executor_id: { value: `marathon-${context.taskId}` },
    command: { ...command, shell: true, value, arguments: [] },
    // Networks, volumes and image are those of the executor: it runs the task.
    ...(container === undefined ? {} : { container }),
    resources: context.executorResources,
    source: context.taskId,
  };
}

export function killPolicy(graceSeconds: number | undefined): TaskInfo['kill_policy'] {
  if (graceSeconds === undefined) return undefined;
  return { grace_period: { nanoseconds: Math.round(graceSeconds * 1e9) } };
}

export function limitsOf(
  given: ResourceLimits | undefined,
): Readonly<Record<string, ValueScalar>> | undefined {
  const limits = Object.entries(given ?? {}).filter(([, limit]) => limit !== undefined);
  if (limits.length === 0) return undefined;
  return Object.fromEntries(
    limits.map(([name, limit]) => [
      name,
      { value: typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY },
    ]),
  );
}

function discoveryInfo(
  app: App,
  name: string,
  hostPorts: readonly (number | undefined)[],
): DiscoveryInfo {
  const ports = usesHostNetworking(app)
    ? hostDiscovery(app, hostPorts)
    : discoveryPortsOf(
        app.networks,
        assignedMappings(app.container?.portMappings ?? [], hostPorts),
      );
  return { visibility: 'FRAMEWORK', name, ports: { ports } };
}

function protocolsOf(protocol: string): readonly string[] {
  return protocol.split(',');
}

function hostDiscovery(app: App, hostPorts: readonly (number | undefined)[]): readonly Port[] {
  return (app.portDefinitions ?? []).flatMap((definition, index) =>
    protocolsOf(definition.protocol).map((protocol) => ({
      number: hostPorts[index] ?? definition.port,
      name: definition.name,
      protocol,
      labels: labelsOf(definition.labels ?? {}),
    })),
  );
}
