/** The messages and things of the small master, as far as the tests read them. */
import type { ResourceTree } from './fake-resources.ts';

export interface FakeTask {
  readonly id: string;
  readonly agentId: string;
  readonly info: TaskTree;
  state: string;
  /** As last reported. */
  healthy?: boolean;
  /** The status that waits for its acknowledgement. */
  pending: string | undefined;
}

export interface TaskTree {
  readonly name: string;
  readonly task_id: { readonly value: string };
  readonly agent_id: { readonly value: string };
  readonly resources: readonly ResourceTree[];
  readonly command?: {
    readonly value?: string;
    readonly shell?: boolean;
    readonly environment?: {
      readonly variables: readonly { readonly name: string; readonly value: string }[];
    };
  };
  readonly discovery?: {
    readonly name: string;
    readonly ports: { readonly ports?: readonly object[] };
  };
  readonly health_check?: Readonly<Record<string, unknown>>;
}

/** The executor of a task group; its resources are taken while a task of it lives. */
export interface ExecutorTree {
  readonly type: string;
  readonly executor_id: { readonly value: string };
  readonly framework_id: { readonly value: string };
  readonly resources: readonly ResourceTree[];
  readonly container?: Readonly<Record<string, unknown>>;
  readonly labels?: unknown;
}

export interface FakeAgent {
  readonly id: string;
  readonly host: string;
  readonly attributes: readonly object[];
  cpus: number;
  mem: number;
  /** What is reserved and in no task's hands. */
  reserved: ResourceTree[];
  /** Disks with a source. */
  disks: ResourceTree[];
  isGone: boolean;
  readonly ports: Set<number>;
  offerId: string | undefined;
  /** Of the present offer. */
  role: string;
  /** Roles that have declined. */
  readonly declined: Set<string>;
}

export interface RoleList {
  readonly roles?: readonly string[];
}

export interface Call {
  readonly type: string;
  readonly subscribe?: { readonly framework_info: { readonly roles?: readonly string[] } };
  readonly framework_id?: { readonly value: string };
  readonly accept?: {
    readonly offer_ids: readonly { readonly value: string }[];
    readonly operations: readonly {
      readonly type: string;
      readonly reserve?: { readonly resources: readonly ResourceTree[] };
      readonly unreserve?: { readonly resources: readonly ResourceTree[] };
      readonly create?: { readonly volumes: readonly ResourceTree[] };
      readonly destroy?: { readonly volumes: readonly ResourceTree[] };
      readonly launch?: { readonly task_infos: readonly TaskTree[] };
      readonly launch_group?: {
        readonly executor: ExecutorTree;
        readonly task_group: { readonly tasks: readonly TaskTree[] };
      };
    }[];
  };
  readonly revive?: RoleList;
  readonly suppress?: RoleList;
  readonly decline?: { readonly offer_ids: readonly { readonly value: string }[] };
  readonly kill?: { readonly task_id: { readonly value: string } };
  readonly acknowledge?: { readonly task_id: { readonly value: string }; readonly uuid: string };
  readonly reconcile?: {
    readonly tasks?: readonly {
      readonly task_id: { readonly value: string };
      readonly agent_id?: { readonly value: string };
    }[];
  };
}
