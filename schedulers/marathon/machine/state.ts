/** Everything the machine knows, in one object. What must survive a crash is named in `Snapshot`. */
import type { Instant } from '../../../core/base/clock.ts';
import type { TaskState } from '../../../core/wire/types/mesos.v1.ts';
import { LaunchDelays } from '../../kit/launch-delay.ts';
import { LaunchTokens } from '../../kit/launch-tokens.ts';
import type { Change } from '../model/change.ts';
import type { DeploymentAction, DeploymentPlan } from '../model/deployment-plan.ts';
import type { EndedRun } from '../model/end-cause.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { PortUse } from '../model/port-use.ts';
import type { Orphan } from '../model/reservation.ts';
import { emptyRoot, type Group, type Root } from '../model/root.ts';
import { isPod, type RunSpec } from '../model/run-spec.ts';
import { SpecMap, specChanges } from '../model/spec-map.ts';
import { formatTimestamp, type Version } from '../model/timestamp.ts';
import { declaredServicePorts } from '../model/versioning.ts';
import { type RequiredPorts, requiredHostPorts } from '../offers/ports.ts';
import { DeploymentTable } from './deployment-table.ts';
import type { RootDelta } from './effects.ts';
import { HealthBook } from './health-book.ts';
import { InstanceTable } from './instance-table.ts';
import { OfferStatistics } from './offer-statistics.ts';
import { RunHistory } from './run-history.ts';
import type { MachineSettings } from './settings.ts';

export interface TaskFailure {
  readonly appId: PathId;
  readonly host: string;
  readonly message: string;
  readonly state: TaskState;
  readonly taskId: string;
  readonly timestamp: Version;
  readonly version: Version;
  readonly slaveId: string | undefined;
}

/** A deployment under way. */
export interface RunningDeployment {
  readonly plan: DeploymentPlan;
  /** Apps and pods it works on; nothing else may change them meanwhile. */
  readonly specs: ReadonlySet<PathId>;
  /** Index into the plan's steps of the one being done; -1 before the first. */
  step: number;
  /** What each restart of the current step saw when it began. */
  readonly restarts: Map<PathId, RestartBaseline>;
  /** Actions of the current step that are not done, by app or pod. */
  readonly open: Map<PathId, DeploymentAction>;
}

/** Numbers of a rolling upgrade that are fixed when it begins. */
export interface RestartBaseline {
  readonly killNow: number;
  readonly maxCapacity: number;
  readonly oldCount: number;
  readonly readyCount: number;
}

/** A kill that has been asked for and is not confirmed yet. */
export interface PendingKill {
  readonly instanceId: InstanceId;
  /** Absent while waiting for one of the limited places. */
  readonly sentAt?: Instant | undefined;
  readonly attempts: number;
}

/** What is read from storage at start. */
export interface Snapshot {
  readonly specs: readonly RunSpec[];
  readonly current: ReadonlyMap<PathId, Version>;
  readonly groups: readonly Group[];
  readonly deltas: readonly RootDelta[];
  readonly instances: readonly Instance[];
  readonly deployments: readonly DeploymentPlan[];
  readonly failures: readonly TaskFailure[];
  readonly runs: readonly EndedRun[];
  readonly orphans: readonly Orphan[];
}

export class MarathonState {
  /** What ports it names is kept in step: `replaceRoot`. */
  private tree: Root;
  readonly servicePorts = new PortUse(declaredServicePorts);
  private readonly hostPorts = new PortUse(requiredHostPorts);
  /** Every stored version of every app and pod. */
  readonly versions = new Map<PathId, Map<Version, RunSpec>>();
  /** Newest last. */
  deltas: RootDelta[] = [];
  readonly instances = new InstanceTable();
  readonly deployments = new DeploymentTable();
  readonly delays = new LaunchDelays();
  readonly failures = new Map<PathId, TaskFailure>();
  readonly history = new RunHistory();
  readonly health = new HealthBook();
  readonly kills = new Map<InstanceId, PendingKill>();
  /** By reservation. */
  readonly orphans = new Map<string, Orphan>();
  readonly offers = new OfferStatistics();
  /** Apps and pods with changes that have not been looked at yet, and when each was looked at last. */
  readonly dirty = new Set<PathId>();
  readonly settledAt = new Map<PathId, Instant>();
  private readonly revisions = new Map<PathId, number>();
  private changeCount = 0;
  /** Roles for which offers are wanted, as last told. */
  readonly wantedRoles = new Set<string>();
  /** What waited for nothing but an offer when the last turn ended. */
  readySpecs: ReadonlySet<PathId> = new Set();
  isSubscribed = false;
  /** Region of the master, for placement without fault-domain constraints. */
  masterRegion: string | undefined;

  readonly tokens: LaunchTokens;

  constructor(now: Instant, settings: MachineSettings) {
    this.tokens = new LaunchTokens(settings.launchTokens, settings.launchTokenRefreshMs, now);
    this.tree = emptyRoot(formatTimestamp(now));
  }

  /** Differs after each turn that changed something about any app or pod. */
  get revision(): number {
    return this.changeCount;
  }

  /** Differs after each turn that changed something about the app or pod, its instances, their health or deployments. */
  revisionOf(id: PathId): number {
    return this.revisions.get(id) ?? 0;
  }

  changed(id: PathId): void {
    this.changeCount += 1;
    this.revisions.set(id, this.changeCount);
  }

  /** Nothing is left of it. */
  forget(id: PathId): void {
    this.settledAt.delete(id);
    this.revisions.delete(id);
  }

  get root(): Root {
    return this.tree;
  }

  /** `changes` is what differs in apps and pods. */
  replaceRoot(root: Root, changes: readonly Change<RunSpec>[]): void {
    this.tree = root;
    this.servicePorts.apply(changes);
    this.hostPorts.apply(changes);
  }

  spec(id: PathId): RunSpec | undefined {
    return this.root.specs.get(id);
  }

  /** Host ports that apps and pods of the tree insist on, and those that wait for an offer. */
  requiredPorts(): RequiredPorts {
    const known = this.hostPorts;
    if (known.size === 0) return { known, awaited: known };
    const waiting = this.instances.specsWaiting().flatMap((id) => this.root.specs.get(id) ?? []);
    return { known, awaited: new PortUse(requiredHostPorts, waiting) };
  }

  rememberVersion(spec: RunSpec): void {
    const versions = this.versions.get(spec.id);
    if (versions === undefined) this.versions.set(spec.id, new Map([[spec.version, spec]]));
    else versions.set(spec.version, spec);
  }

  load(snapshot: Snapshot): void {
    for (const spec of snapshot.specs) this.rememberVersion(spec);
    const specs = new Map<PathId, RunSpec>();
    for (const [id, version] of snapshot.current) {
      const spec = this.versions.get(id)?.get(version);
      if (spec !== undefined) specs.set(id, spec);
    }
    const groups = new Map(this.root.groups);
    for (const group of snapshot.groups) groups.set(group.id, group);
    this.deltas = [...snapshot.deltas];
    const version = this.deltas.at(-1)?.version ?? this.root.version;
    const root = { version, specs: SpecMap.of(specs), groups };
    this.replaceRoot(root, specChanges(this.root.specs, specs));
    for (const instance of snapshot.instances) this.instances.put(instance);
    this.history.load(snapshot.runs);
    for (const failure of snapshot.failures) this.failures.set(failure.appId, failure);
    for (const orphan of snapshot.orphans) this.orphans.set(orphan.reservationId, orphan);
  }

  describe(): string {
    const lines = [`root ${this.root.version}`];
    for (const spec of this.root.specs.values()) {
      const noun = isPod(spec) ? 'pod' : 'app';
      lines.push(`  ${noun} ${spec.id} x${spec.instances} ${spec.version}`);
    }
    for (const { id, goal, condition, spec, incarnation } of this.instances.all()) {
      lines.push(`  instance ${id} ${goal} ${condition} #${incarnation} of ${spec.version}`);
    }
    for (const { reservationId, role } of this.orphans.values()) {
      lines.push(`  orphan ${reservationId} of role ${role}`);
    }
    for (const { plan, step } of this.deployments.values()) {
      lines.push(`  deployment ${plan.id} step ${step + 1}/${plan.steps.length}`);
    }
    return lines.join('\n');
  }
}
