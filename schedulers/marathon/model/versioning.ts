/**
 * What an update means for versions and service ports of the apps it touches (spec
 * marathon-behaviour, section 1; marathon-app-model, section 5).
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { type App, servicePortsOf, usesHostNetworking } from './app.ts';
import { sameValue } from './equality.ts';
import type { PathId } from './path-id.ts';
import type { Root } from './root.ts';
import type { Version } from './timestamp.ts';

export type AppDifference = 'none' | 'scale' | 'config';

/** How `next` differs from the stored `previous`, versions aside. */
export function differenceOf(previous: App, next: App): AppDifference {
  if (previous === next) return 'none';
  if (!sameValue(definitionOf(previous), definitionOf(next))) return 'config';
  return previous.instances === next.instances ? 'none' : 'scale';
}

function definitionOf(app: App): object {
  const { instances, version, versionInfo, executorResources, ...definition } = app;
  return definition;
}

export interface PortRange {
  readonly min: number;
  /** Exclusive. */
  readonly max: number;
}

export interface VersioningOptions {
  readonly version: Version;
  readonly ports: PortRange;
  /** Apps whose tasks are to be replaced though nothing else changes. */
  readonly restarts?: ReadonlySet<PathId>;
}

/** Gives changed apps their versions and service ports; apps that are equal keep the old object. */
export function assignVersions(
  original: Root,
  target: Root,
  options: VersioningOptions,
): Result<Root> {
  const apps = new Map<PathId, App>();
  const changed: App[] = [];
  for (const [id, app] of target.apps) {
    const settled = versioned(original.apps.get(id), app, options);
    apps.set(id, settled);
    if (settled !== original.apps.get(id)) changed.push(settled);
  }
  if (changed.length === 0) return ok({ ...target, apps });
  const pool = new PortPool(apps.values(), options.ports);
  for (const app of changed) {
    const assigned = pool.assign(app, original.apps.get(app.id));
    if (!assigned.ok) return assigned;
    apps.set(app.id, assigned.value);
  }
  return ok({ ...target, apps });
}

function versioned(previous: App | undefined, app: App, options: VersioningOptions): App {
  const version = options.version;
  const allNow = { lastScalingAt: version, lastConfigChangeAt: version };
  if (previous === undefined) return { ...app, version, versionInfo: allNow };
  const before = previous.versionInfo;
  const fresh = keepServicePorts(app, previous);
  switch (differenceOf(previous, fresh)) {
    case 'config':
      return { ...app, version, versionInfo: allNow };
    case 'scale':
      return { ...fresh, version, versionInfo: { ...before, lastScalingAt: version } };
    case 'none':
      if (options.restarts?.has(app.id) !== true) return previous;
      return { ...previous, version, versionInfo: { ...before, lastConfigChangeAt: version } };
  }
}

/** A definition sent again with `port: 0` means the port it was given before. */
function keepServicePorts(app: App, previous: App): App {
  const before = servicePortsOf(previous);
  const now = servicePortsOf(app);
  if (before.length !== now.length) return app;
  return replacePorts(
    app,
    now.map((port, index) => (port === 0 ? (before[index] ?? 0) : port)),
  );
}

function replacePorts(app: App, ports: readonly number[]): App {
  if (usesHostNetworking(app)) {
    const portDefinitions = app.portDefinitions?.map((definition, index) => ({
      ...definition,
      port: ports[index] ?? definition.port,
    }));
    return { ...app, portDefinitions };
  }
  const container = app.container;
  if (container === undefined) return app;
  const portMappings = container.portMappings?.map((mapping, index) => ({
    ...mapping,
    servicePort: ports[index] ?? mapping.servicePort,
  }));
  return { ...app, container: { ...container, portMappings } };
}

/** Service ports in use across the cluster. */
class PortPool {
  private readonly used = new Set<number>();
  private readonly range: PortRange;
  private next: number;

  constructor(apps: Iterable<App>, range: PortRange) {
    this.range = range;
    this.next = range.min;
    for (const app of apps) for (const port of servicePortsOf(app)) this.used.add(port);
  }

  /** Fills in every 0: first numbers the app had before, then the lowest free ones. */
  assign(app: App, previous: App | undefined): Result<App> {
    const wanted = servicePortsOf(app);
    if (!wanted.includes(0)) return ok(app);
    const again = (previous === undefined ? [] : servicePortsOf(previous)).filter(
      (port) => port !== 0 && !wanted.includes(port) && this.isInRange(port),
    );
    const ports: number[] = [];
    for (const port of wanted) {
      const given = port !== 0 ? port : (again.shift() ?? this.lowestFree());
      if (given === undefined) {
        const { min, max } = this.range;
        return err(`All ports in the range [${min}-${max}) are already in use`);
      }
      this.used.add(given);
      ports.push(given);
    }
    return ok(replacePorts(app, ports));
  }

  private isInRange(port: number): boolean {
    return port >= this.range.min && port < this.range.max;
  }

  private lowestFree(): number | undefined {
    while (this.next < this.range.max && this.used.has(this.next)) this.next += 1;
    return this.next < this.range.max ? this.next : undefined;
  }
}
