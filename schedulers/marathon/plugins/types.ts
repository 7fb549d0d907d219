/**
 * PUBLIC. What a plugin of Marathon is (spec marathon-behaviour, section 11). The original loads
 * Java classes; here a plugin is made by an exported function of an ES module, which is called once
 * with the descriptor's `configuration`. Everything but authentication and HTTP handlers is called
 * while offers are matched and definitions checked: it must be quick, and it must not wait.
 */
import type {
  ExecutorInfo,
  Offer,
  TaskGroupInfo,
  TaskInfo,
} from '../../../core/wire/types/mesos.v1.ts';
import type { Group } from '../model/root.ts';
import type { RunSpec } from '../model/run-spec.ts';

export interface PluginRequest {
  readonly method: string;
  /** Without the query; of a handler behind the plugin's id. */
  readonly path: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly remoteAddress: string;
  readonly body: Uint8Array;
}

export interface PluginAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Whoever an authenticator says has sent a request. */
export type Identity = object;

type Verb = 'Create' | 'Update' | 'Delete' | 'View';

export type Action = `${Verb}RunSpec` | `${Verb}Group` | `${Verb}Resource`;

export type SystemResource =
  | 'Leader'
  | 'Events'
  | 'SystemMetrics'
  | 'SystemConfig'
  | 'Artifacts'
  | 'Plugins';

export type Resource =
  | { readonly kind: 'run-spec'; readonly id: string; readonly spec: RunSpec }
  | { readonly kind: 'group'; readonly id: string; readonly group: Group }
  | { readonly kind: 'system'; readonly name: SystemResource };

export interface Authenticator {
  /** Undefined refuses the request. */
  authenticate(request: PluginRequest): Promise<Identity | undefined> | Identity | undefined;
  handleNotAuthenticated(request: PluginRequest): PluginAnswer;
}

export interface Authorizer {
  isAuthorized(identity: Identity | undefined, action: Action, resource: Resource): boolean;
  handleNotAuthorized(identity: Identity | undefined): PluginAnswer;
}

/** Changes tasks before they are launched; what it returns is sent. One that throws keeps the task from being launched. */
export interface RunSpecTaskProcessor {
  taskInfo?(spec: RunSpec, task: TaskInfo): TaskInfo;
  taskGroup?(
    spec: RunSpec,
    executor: ExecutorInfo,
    group: TaskGroupInfo,
  ): { readonly executor: ExecutorInfo; readonly group: TaskGroupInfo };
}

export interface RunSpecValidator {
  /** What is wrong with a new or changed definition; empty when nothing is. */
  validate(spec: RunSpec): readonly { readonly path: string; readonly message: string }[];
}

export interface SchedulerPlugin {
  /** Whether the offer may be used. */
  isAccepted(offer: Offer, spec: RunSpec): boolean;
}

export interface HttpRequestHandler {
  serve(request: PluginRequest): Promise<PluginAnswer> | PluginAnswer;
}

/** By the last word of the original's interface. */
export interface PluginKinds {
  readonly Authenticator: Authenticator;
  readonly Authorizer: Authorizer;
  readonly RunSpecTaskProcessor: RunSpecTaskProcessor;
  readonly RunSpecValidator: RunSpecValidator;
  readonly SchedulerPlugin: SchedulerPlugin;
  readonly HttpRequestHandler: HttpRequestHandler;
}

export type PluginKind = keyof PluginKinds;
