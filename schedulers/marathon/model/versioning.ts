/**
 * What an update means for versions and service ports of the apps and pods it touches (spec
 * marathon-behaviour, section 1; marathon-app-model, section 5).
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { type App, servicePortsOf, usesHostNetworking } from './app.ts';
import type { Change } from './change.ts';
import { sameValue } from './equality.ts';
import type { PathId } from './path-id.ts';
import type { PortUse } from './port-use.ts';
import type { Root } from './root.ts';
import { isPod, type RunSpec } from './run-spec.ts';
import { SpecMap, specChanges } from './spec-map.ts';
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
  /** Service ports of the original tree. */
  readonly usedPorts: PortUse;
  /** Apps and pods whose tasks are to be replaced though nothing else changes. */
  readonly restarts?: ReadonlySet<PathId>;
}

export interface VersionedTree {
  readonly root: Root;
  readonly changes: readonly Change<RunSpec>[];
}

/** Service ports that an app or pod names; 0 = any. */
export function declaredServicePorts(spec: RunSpec): readonly number[] {
  return isPod(spec) ? [] : servicePortsOf(spec);
}

/** Gives what has changed its version and service ports; what is equal keeps the old object. */
export function assignVersions(
  original: Root,
  target: Root,
  options: VersioningOptions,
): Result<VersionedTree> {
  const settledSpecs: [PathId, RunSpec][] = [];
  const changes: Change<RunSpec>[] = [];
  for (const { id, from, to } of wantedChanges(original, target, options.restarts)) {
    const settled = to === undefined ? undefined : versioned(from, to, options);
    if (settled !== undefined && settled !== to) settledSpecs.push([id, settled]);
    if (settled !== from) changes.push({ id, from, to: settled });
  }
  const assigned = withServicePorts(changes, options);
  if (!assigned.ok) return assigned;
  for (const { id, to } of assigned.value) if (to !== undefined) settledSpecs.push([id, to]);
  const specs = SpecMap.of(target.specs).with(settledSpecs);
  return ok({ root: { ...target, specs }, changes: assigned.value });
}

/** What is restarted is among them, though it is the same. */
function wantedChanges(
  original: Root,
  target: Root,
  restarts: ReadonlySet<PathId> = new Set(),
): readonly Change<RunSpec>[] {
  const changes = specChanges(original.specs, target.specs);
  for (const id of restarts) {
    const from = original.specs.get(id);
    if (from !== undefined && target.specs.get(id) === from) changes.push({ id, from, to: from });
  }
  return changes;
}

function withServicePorts(
  changes: readonly Change<RunSpec>[],
  { usedPorts, ports }: VersioningOptions,
): Result<readonly Change<RunSpec>[]> {
  const wants = ({ to }: Change<RunSpec>): boolean =>
    to !== undefined && declaredServicePorts(to).includes(0);
  if (!changes.some(wants)) return ok(changes);
  const pool = new PortPool(usedPorts.countAfter(changes), ports);
  for (const { from, to } of changes) if (to !== undefined && !isPod(to)) pool.keep(to, from);
  const assigned: Change<RunSpec>[] = [];
  for (const { id, from, to } of changes) {
    const next = to === undefined || isPod(to) ? ok(to) : pool.assign(to, from);
    if (!next.ok) return next;
    assigned.push({ id, from, to: next.value });
  }
  return ok(assigned);
}

function versioned(
  previous: RunSpec | undefined,
  spec: RunSpec,
  options: VersioningOptions,
): RunSpec {
  const version = options.version;
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

/** Gives out service ports that nobody in the cluster uses. */
class PortPool {
  private readonly countOf: (port: number) => number;
  private readonly given = new Set<number>();
  private readonly range: PortRange;
  private next: number;

  constructor(countOf: (port: number) => number, range: PortRange) {
    this.countOf = countOf;
    this.range = range;
    this.next = range.min;
  }

  /** Numbers that the app will have again are for no other, whichever is assigned first. */
  keep(app: App, previous: RunSpec | undefined): void {
    for (const port of this.portsAgain(app, previous)) this.given.add(port);
  }

  /** Fills in every 0: first numbers the app had before, then the lowest free ones. */
  assign(app: App, previous: RunSpec | undefined): Result<App> {
    const wanted = servicePortsOf(app);
    if (!wanted.includes(0)) return ok(app);
    const again = [...this.portsAgain(app, previous)];
    const ports: number[] = [];
    for (const port of wanted) {
      const given = port !== 0 ? port : (again.shift() ?? this.lowestFree());
      if (given === undefined) {
        const { min, max } = this.range;
        return err(`All ports in the range [${min}-${max}) are already in use`);
      }
      this.given.add(given);
      ports.push(given);
    }
    return ok(replacePorts(app, ports));
  }

  /** Of the numbers it had before as many as it leaves open now. */
  private portsAgain(app: App, previous: RunSpec | undefined): readonly number[] {
    const wanted = servicePortsOf(app);
    const before = previous === undefined || isPod(previous) ? [] : servicePortsOf(previous);
    return before
      .filter((port) => port !== 0 && !wanted.includes(port) && this.isInRange(port))
      .slice(0, wanted.filter((port) => port === 0).length);
  }

  private isUsed(port: number): boolean {
    return this.given.has(port) || this.countOf(port) > 0;
  }

  private isInRange(port: number): boolean {
    return port >= this.range.min && port < this.range.max;
  }

  private lowestFree(): number | undefined {
    while (this.next < this.range.max && this.isUsed(this.next)) this.next += 1;
    return this.next < this.range.max ? this.next : undefined;
  }
}
