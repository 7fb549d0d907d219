/**
 * What an update means for versions and service ports of the apps and pods it touches (spec
 * marathon-behaviour, section 1; marathon-app-model, section 5).
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { type App, servicePortsOf, usesHostNetworking } from './app.ts';
import { sameValue } from './equality.ts';
import type { PathId } from './path-id.ts';
import type { Root } from './root.ts';
import { isPod, type RunSpec } from './run-spec.ts';
import type { Version } from './timestamp.ts';

export type SpecDifference = 'none' | 'scale' | 'config';

/** How `next` differs from the stored `previous`, versions aside. */
export function differenceOf(previous: RunSpec, next: RunSpec): SpecDifference {
  if (previous === next) return 'none';
  if (!sameValue(definitionOf(previous), definitionOf(next))) return 'config';
  return previous.instances === next.instances ? 'none' : 'scale';
}

function definitionOf(spec: RunSpec): object {
  const { instances, version, versionInfo, executorResources, ...definition } = spec;
  // Everything about a pod is made anew with its executor.
  return isPod(spec) ? { ...definition, executorResources } : definition;
}

export interface PortRange {
  readonly min: number;
  /** Exclusive. */
  readonly max: number;
}

export interface VersioningOptions {
  readonly version: Version;
  readonly ports: PortRange;
  /** Apps and pods whose tasks are to be replaced though nothing else changes. */
  readonly restarts?: ReadonlySet<PathId>;
}

/** Gives what has changed its version and service ports; what is equal keeps the old object. */
export function assignVersions(
  original: Root,
  target: Root,
  options: VersioningOptions,
): Result<Root> {
  const specs = new Map<PathId, RunSpec>();
  const changed: App[] = [];
  for (const [id, spec] of target.specs) {
    const before = original.specs.get(id);
    const settled = versioned(before, spec, options);
    specs.set(id, settled);
    if (settled !== before && !isPod(settled)) changed.push(settled);
  }
  if (changed.length === 0) return ok({ ...target, specs });
  const pool = new PortPool(specs.values(), options.ports);
  for (const app of changed) {
    const assigned = pool.assign(app, original.specs.get(app.id));
    if (!assigned.ok) return assigned;
    specs.set(app.id, assigned.value);
  }
  return ok({ ...target, specs });
}

function versioned(
  previous: RunSpec | undefined,
  spec: RunSpec,
  options: VersioningOptions,
): RunSpec {
  const version = options.version;
  // Most of a big tree: a change replaces only what it is about.
  if (previous === spec && options.restarts?.has(spec.id) !== true) return previous;
  const allNow = { lastScalingAt: version, lastConfigChangeAt: version };
  if (previous === undefined) return { ...spec, version, versionInfo: allNow };
  const before = previous.versionInfo;
  const fresh = keepServicePorts(spec, previous);
  switch (differenceOf(previous, fresh)) {
    case 'config':
      return { ...spec, version, versionInfo: allNow };
    case 'scale':
      return { ...fresh, version, versionInfo: { ...before, lastScalingAt: version } };
    case 'none':
      if (options.restarts?.has(spec.id) !== true) return previous;
      return { ...previous, version, versionInfo: { ...before, lastConfigChangeAt: version } };
  }
}

/** A definition sent again with `port: 0` means the port it was given before. */
function keepServicePorts(app: RunSpec, previous: RunSpec): RunSpec {
  if (isPod(app) || isPod(previous)) return app;
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

  constructor(specs: Iterable<RunSpec>, range: PortRange) {
    this.range = range;
    this.next = range.min;
    for (const spec of specs) {
      for (const port of isPod(spec) ? [] : servicePortsOf(spec)) this.used.add(port);
    }
  }

  /** Fills in every 0: first numbers the app had before, then the lowest free ones. */
  assign(app: App, previous: RunSpec | undefined): Result<App> {
    const wanted = servicePortsOf(app);
    if (!wanted.includes(0)) return ok(app);
    const before = previous === undefined || isPod(previous) ? [] : servicePortsOf(previous);
    const again = before.filter(
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
