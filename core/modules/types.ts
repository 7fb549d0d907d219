/**
 * What libraries of modules export (spec ha-and-security, sections 11 and 12). Public: written by
 * others. Messages are the v1 ones, as everywhere; all are read-only.
 */

import type { Isolator } from '../agent/containerizer/isolator.ts';
import type { Allocator, AllocatorOptions } from '../allocator/types.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { ClientEnd, ServerEnd } from '../auth/crammd5.ts';
import type { Credential } from '../auth/credentials.ts';
import type { HttpAuthenticator } from '../auth/http-authenticator.ts';
import type { Random } from '../base/random.ts';
import type {
  AgentInfo,
  Attribute,
  ContainerStatus,
  Environment,
  ExecutorInfo,
  FrameworkInfo,
  Labels,
  Resource,
  TaskInfo,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';

export interface ModuleParameter {
  readonly key: string;
  readonly value: string;
}

export type { Isolator };

/** Everything has been done by `create`: these only live. */
export interface Anonymous {
  /** Called when the daemon stops. */
  stop?(): void | Promise<void>;
}

/** Replaces the hierarchical allocator; `--allocator` names it. */
export interface AllocatorFactory {
  createAllocator(options: Partial<AllocatorOptions>, random: Random): Allocator;
}

/** `--http_authenticators` and `--http_framework_authenticators` name it, among others. */
export interface HttpAuthenticatorFactory {
  /** The authenticator gets the `Authorization` header, and must not wait. */
  createHttpAuthenticator(realm: string): HttpAuthenticator;
}

/** `--authenticators` of the master: how classic drivers and agents prove who they are. */
export interface AuthenticatorFactory {
  /** The master's end of one exchange. */
  createSession(): ServerEnd;
}

/** `--authenticatee` of the agent: how it proves who it is. */
export interface AuthenticateeFactory {
  /** The agent's end of one exchange; `credential` is that of `--credential`. */
  createClient(credential: Credential): ClientEnd;
}

/** Every method may be left out; the value `undefined` changes nothing. */
export interface Hook {
  /** The labels replace those of the task. */
  masterLaunchTaskLabelDecorator?(
    task: TaskInfo,
    framework: FrameworkInfo,
    agent: AgentInfo,
  ): Labels | undefined;
  /** The resources replace those of the task; they must still be within what was offered. */
  masterLaunchTaskResourceDecorator?(
    task: TaskInfo,
    agentResources: readonly Resource[],
  ): readonly Resource[] | undefined;
  masterSlaveLostHook?(agent: AgentInfo): void;
  /** The labels replace those of the task. */
  slaveRunTaskLabelDecorator?(
    task: TaskInfo,
    executor: ExecutorInfo,
    framework: FrameworkInfo,
    agent: AgentInfo,
  ): Labels | undefined;
  /** The variables replace those of the executor's command. */
  slaveExecutorEnvironmentDecorator?(executor: ExecutorInfo): Environment | undefined;
  slavePostFetchHook?(containerId: string, directory: string): void;
  slaveRemoveExecutorHook?(framework: FrameworkInfo, executor: ExecutorInfo): void;
  /** What it gives replaces that part of the status. */
  slaveTaskStatusDecorator?(
    frameworkId: string,
    status: TaskStatus,
  ): { readonly labels?: Labels; readonly container_status?: ContainerStatus } | undefined;
  /** Replaces what the agent offers; called at its start. */
  slaveResourcesDecorator?(agent: AgentInfo): readonly Resource[] | undefined;
  /** Replaces the agent's attributes; called at its start. */
  slaveAttributesDecorator?(agent: AgentInfo): readonly Attribute[] | undefined;
}

/** The kinds there are here, with what `create` gives. */
export interface ModuleKinds {
  readonly Anonymous: Anonymous;
  readonly Allocator: AllocatorFactory;
  readonly Hook: Hook;
  readonly HttpAuthenticator: HttpAuthenticatorFactory;
  /** Asked instead of `--acls`. */
  readonly Authorizer: Authorizer;
  readonly Authenticator: AuthenticatorFactory;
  readonly Authenticatee: AuthenticateeFactory;
  /** `--isolation` names it, and its place there says when it plans. */
  readonly Isolator: Isolator;
}

export type ModuleKind = keyof ModuleKinds;

/** One export of a library, under the module's name. */
export interface Module<Kind extends ModuleKind = ModuleKind> {
  readonly kind: Kind;
  /** Always `2`. */
  readonly apiVersion: string;
  /** The version of Mesos it was written for, as in `1.12.0`. */
  readonly mesosVersion: string;
  readonly authorName?: string;
  readonly authorEmail?: string;
  readonly description?: string;
  /** Whether it goes with this version, which is newer than its own. */
  compatible?(): boolean;
  create(parameters: readonly ModuleParameter[]): ModuleKinds[Kind] | Promise<ModuleKinds[Kind]>;
}
