/** The environment of a task (spec marathon-behaviour, section 4.6). */
import { type Random, randomInteger } from '../../../core/base/random.ts';
import { type App, usesHostNetworking } from '../model/app.ts';

export interface EnvironmentContext {
  readonly taskId: string;
  readonly host: string;
  /** Per declared port: the host port, or undefined when none is taken on the host. */
  readonly hostPorts: readonly (number | undefined)[];
  readonly enforcesGroupRole: boolean;
  readonly prefix: string;
  readonly random: Random;
}

/** Values of one name: ports and host win over the context, the app's own over both; no secrets. */
export function environmentOf(app: App, context: EnvironmentContext): Map<string, string> {
  const variables = new Map<string, string>([
    ['MESOS_TASK_ID', context.taskId],
    ['MARATHON_APP_ID', app.id],
    ['MARATHON_APP_VERSION', app.version],
    ['MARATHON_APP_RESOURCE_CPUS', doubleText(app.cpus)],
    ['MARATHON_APP_RESOURCE_MEM', doubleText(app.mem)],
    ['MARATHON_APP_RESOURCE_DISK', doubleText(app.disk)],
    ['MARATHON_APP_RESOURCE_GPUS', String(app.gpus)],
    ['MARATHON_APP_ENFORCE_GROUP_ROLE', context.enforcesGroupRole ? 'TRUE' : 'FALSE'],
    ...labelVariables(app.labels),
  ]);
  if (app.container?.type === 'DOCKER' && app.container.docker !== undefined) {
    variables.set('MARATHON_APP_DOCKER_IMAGE', app.container.docker.image);
  }
  variables.set(`${context.prefix}HOST`, context.host);
  for (const [name, value] of portVariables(app, context)) {
    variables.set(context.prefix + name, value);
  }
  for (const [name, value] of Object.entries(app.env)) {
    if (typeof value === 'string') variables.set(name, value);
    else variables.delete(name);
  }
  return variables;
}

export function doubleText(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** Keys and values of labels above these lengths make no variable. */
const LABEL_KEY_MAX = 493;
const LABEL_VALUE_MAX = 512;

export function labelVariables(
  labels: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] {
  const usable = Object.entries(labels).filter(
    ([name, value]) => name.length < LABEL_KEY_MAX && value.length < LABEL_VALUE_MAX,
  );
  const escaped = usable.map(([name, value]) => [escapeName(name), value] as const);
  return [
    ['MARATHON_APP_LABELS', escaped.map(([name]) => name).join(' ')],
    ...escaped.map(([name, value]) => [`MARATHON_APP_LABEL_${name}`, value] as const),
  ];
}

export function escapeName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]+/g, '_').toUpperCase();
}

interface DeclaredPort {
  readonly declared: number;
  readonly name: string | undefined;
}

function declaredPorts(app: App): readonly DeclaredPort[] {
  if (usesHostNetworking(app)) {
    return (app.portDefinitions ?? []).map(({ port, name }) => ({ declared: port, name }));
  }
  return (app.container?.portMappings ?? []).map(({ containerPort, name }) => ({
    declared: containerPort,
    name,
  }));
}

function portVariables(
  app: App,
  context: EnvironmentContext,
): readonly (readonly [string, string])[] {
  const declared = declaredPorts(app);
  if (declared.length === 0) return [];
  const assigned = assignedPorts(declared, context);
  const variables: (readonly [string, string])[] = [];
  declared.forEach((port, index) => {
    const number = assigned[index] ?? 0;
    variables.push([`PORT${index}`, String(number)]);
    variables.push([`PORT_${port.declared === 0 ? number : port.declared}`, String(number)]);
    if (port.name !== undefined)
      variables.push([`PORT_${port.name.toUpperCase()}`, String(number)]);
  });
  const isMade = (index: number): boolean => knownPort(declared, context, index) === 0;
  const listed = [
    ...assigned.filter((_, index) => !isMade(index)),
    ...assigned.filter((_, index) => isMade(index)),
  ];
  variables.push(['PORT', String(listed[0])], ['PORTS', listed.join(',')]);
  return variables;
}

/** The host port, else the container port; 0 when neither says a number. */
function knownPort(
  declared: readonly DeclaredPort[],
  { hostPorts }: EnvironmentContext,
  index: number,
): number {
  return hostPorts[index] ?? declared[index]?.declared ?? 0;
}

/** What is known, else an unused number, for software that needs one. */
function assignedPorts(
  declared: readonly DeclaredPort[],
  context: EnvironmentContext,
): readonly number[] {
  const { random } = context;
  const known = declared.map((_, index) => knownPort(declared, context, index));
  const used = new Set(known);
  return known.map((port) => {
    if (port !== 0) return port;
    for (;;) {
      const made = 1025 + randomInteger(random, 64_511);
      if (used.has(made)) continue;
      used.add(made);
      return made;
    }
  });
}
