/** The Mesos task of an instance (spec marathon-behaviour, section 4.5). */
import type { Random } from '../../../core/base/random.ts';
import type {
  CommandInfo,
  DiscoveryInfo,
  EnvironmentVariable,
  Labels,
  Offer,
  Port,
  Resource,
  TaskInfo,
  ValueScalar,
} from '../../../core/wire/types/mesos.v1.ts';
import { type App, usesHostNetworking } from '../model/app.ts';
import type { Instance } from '../model/instance.ts';
import { hostNameForm } from '../model/path-id.ts';
import { containerInfo } from './container-info.ts';
import { environmentOf } from './environment.ts';
import { agentCheck, agentHealthCheck } from './task-checks.ts';

export interface TaskContext {
  readonly instance: Instance;
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
  const { instance, taskId, offer } = context;
  const app = instance.app;
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
      : { executor: customExecutor(executor, command, context) }),
    health_check: agentHealthCheck(app, context.hostPorts),
    check: agentCheck(app, context.hostPorts),
    kill_policy: killPolicy(app),
    labels: labelsOf(app.labels),
    discovery: discoveryInfo(app, name, context.hostPorts),
    limits: limitsOf(app),
  };
}

function commandInfo(app: App, variables: ReadonlyMap<string, string>): CommandInfo {
  const environment = {
    variables: [...variables].map(([name, value]): EnvironmentVariable => ({ name, value })),
  };
  const uris = app.fetch.map(({ uri, extract, executable, cache, destPath }) => ({
    value: uri,
    extract,
    executable,
    cache,
    output_file: destPath,
  }));
  const common = { environment, user: app.user, ...(uris.length > 0 ? { uris } : {}) };
  if (app.args.length > 0) {
    const value = app.container === undefined ? app.args[0] : undefined;
    return { shell: false, value, arguments: app.args, ...common };
  }
  if (app.cmd !== undefined) return { shell: true, value: app.cmd, ...common };
  return { shell: false, ...common };
}

function customExecutor(
  path: string,
  command: CommandInfo,
  context: TaskContext,
): NonNullable<TaskInfo['executor']> {
  const plain = context.instance.app.cmd ?? context.instance.app.args.join(' ');
  const value = `chmod ug+rx '${path}' && exec '${path}' ${plain}`;
  return {
    executor_id: { value: `marathon-${context.taskId}` },
    command: { ...command, shell: true, value, arguments: [] },
    resources: context.executorResources,
    source: context.taskId,
  };
}

function killPolicy(app: App): TaskInfo['kill_policy'] {
  const grace = app.taskKillGracePeriodSeconds;
  return grace === undefined ? undefined : { grace_period: { nanoseconds: grace * 1e9 } };
}

export function labelsOf(labels: Readonly<Record<string, string>>): Labels | undefined {
  const entries = Object.entries(labels);
  if (entries.length === 0) return undefined;
  return { labels: entries.map(([key, value]) => ({ key, value })) };
}

function limitsOf(app: App): Readonly<Record<string, ValueScalar>> | undefined {
  const limits = Object.entries(app.resourceLimits ?? {}).filter(
    ([, limit]) => limit !== undefined,
  );
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
    : mappedDiscovery(app, hostPorts);
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

function mappedDiscovery(app: App, hostPorts: readonly (number | undefined)[]): readonly Port[] {
  const networks = app.networks.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return (app.container?.portMappings ?? []).flatMap((mapping, index) => {
    const hostPort = hostPorts[index];
    const { name } = mapping;
    return protocolsOf(mapping.protocol).flatMap((protocol): readonly Port[] => {
      if (hostPort !== undefined) {
        const labels = labelsOf({ ...mapping.labels, 'network-scope': 'host' });
        return [{ number: hostPort, name, protocol, labels }];
      }
      const named = mapping.networkNames ?? [];
      return (named.length > 0 ? named : networks).map((network) => ({
        number: mapping.containerPort,
        name,
        protocol,
        labels: labelsOf({
          ...mapping.labels,
          'network-scope': 'container',
          'network-name': network,
        }),
      }));
    });
  });
}
