/**
 * What can be authorized: one row per list of the ACLs, with the key of its objects and how they are
 * named (spec ha-and-security, section 6). Everything else about ACLs follows from this table.
 */

/**
 * How objects of a list are named. `any`: the objects cannot be told apart, so entities are NONE or
 * ANY; `role`: `eng/%` means all strict descendants of `eng`; `path`: of an endpoint.
 */
export type ObjectKind = 'user' | 'role' | 'principal' | 'path' | 'any';

export interface ActionRow {
  /** The field of an ACL that names the objects. */
  readonly key: string;
  readonly kind: ObjectKind;
  /** The name of the ACL's message, for errors. */
  readonly message: string;
}

const row = (key: string, kind: ObjectKind, message: string): ActionRow => ({ key, kind, message });

export const ACTIONS = {
  register_frameworks: row('roles', 'role', 'RegisterFramework'),
  run_tasks: row('users', 'user', 'RunTask'),
  teardown_frameworks: row('framework_principals', 'principal', 'TeardownFramework'),
  reserve_resources: row('roles', 'role', 'ReserveResources'),
  unreserve_resources: row('reserver_principals', 'principal', 'UnreserveResources'),
  create_volumes: row('roles', 'role', 'CreateVolume'),
  resize_volumes: row('roles', 'role', 'ResizeVolume'),
  destroy_volumes: row('creator_principals', 'principal', 'DestroyVolume'),
  create_block_disks: row('roles', 'role', 'CreateBlockDisk'),
  destroy_block_disks: row('roles', 'role', 'DestroyBlockDisk'),
  create_mount_disks: row('roles', 'role', 'CreateMountDisk'),
  destroy_mount_disks: row('roles', 'role', 'DestroyMountDisk'),
  destroy_raw_disks: row('roles', 'role', 'DestroyRawDisk'),
  get_quotas: row('roles', 'role', 'GetQuota'),
  update_quotas: row('roles', 'role', 'UpdateQuota'),
  view_roles: row('roles', 'role', 'ViewRole'),
  update_weights: row('roles', 'role', 'UpdateWeight'),
  get_endpoints: row('paths', 'path', 'GetEndpoint'),
  view_frameworks: row('users', 'user', 'ViewFramework'),
  view_tasks: row('users', 'user', 'ViewTask'),
  view_executors: row('users', 'user', 'ViewExecutor'),
  access_sandboxes: row('users', 'user', 'AccessSandbox'),
  access_mesos_logs: row('logs', 'any', 'AccessMesosLog'),
  view_flags: row('flags', 'any', 'ViewFlags'),
  set_log_level: row('level', 'any', 'SetLogLevel'),
  register_agents: row('agents', 'any', 'RegisterAgent'),
  update_maintenance_schedules: row('machines', 'any', 'UpdateMaintenanceSchedule'),
  get_maintenance_schedules: row('machines', 'any', 'GetMaintenanceSchedule'),
  start_maintenances: row('machines', 'any', 'StartMaintenance'),
  stop_maintenances: row('machines', 'any', 'StopMaintenance'),
  get_maintenance_statuses: row('machines', 'any', 'GetMaintenanceStatus'),
  drain_agents: row('agents', 'any', 'DrainAgent'),
  deactivate_agents: row('agents', 'any', 'DeactivateAgent'),
  reactivate_agents: row('agents', 'any', 'ReactivateAgent'),
  mark_agents_gone: row('agents', 'any', 'MarkAgentGone'),
  launch_nested_containers_as_user: row('users', 'user', 'LaunchNestedContainerAsUser'),
  launch_nested_containers_under_parent_with_user: row(
    'users',
    'user',
    'LaunchNestedContainerUnderParentWithUser',
  ),
  launch_nested_container_sessions_as_user: row(
    'users',
    'user',
    'LaunchNestedContainerSessionAsUser',
  ),
  launch_nested_container_sessions_under_parent_with_user: row(
    'users',
    'user',
    'LaunchNestedContainerSessionUnderParentWithUser',
  ),
  attach_containers_input: row('users', 'user', 'AttachContainerInput'),
  attach_containers_output: row('users', 'user', 'AttachContainerOutput'),
  kill_nested_containers: row('users', 'user', 'KillNestedContainer'),
  wait_nested_containers: row('users', 'user', 'WaitNestedContainer'),
  remove_nested_containers: row('users', 'user', 'RemoveNestedContainer'),
  view_containers: row('users', 'user', 'ViewContainer'),
  launch_standalone_containers: row('users', 'any', 'LaunchStandaloneContainer'),
  kill_standalone_containers: row('users', 'any', 'KillStandaloneContainer'),
  wait_standalone_containers: row('users', 'any', 'WaitStandaloneContainer'),
  remove_standalone_containers: row('users', 'any', 'RemoveStandaloneContainer'),
  view_standalone_containers: row('users', 'any', 'ViewStandaloneContainer'),
  modify_resource_provider_configs: row(
    'resource_providers',
    'any',
    'ModifyResourceProviderConfig',
  ),
  mark_resource_providers_gone: row('resource_providers', 'any', 'MarkResourceProvidersGone'),
  view_resource_providers: row('resource_providers', 'any', 'ViewResourceProvider'),
  prune_images: row('images', 'any', 'PruneImages'),
} as const satisfies Readonly<Record<string, ActionRow>>;

/** Named by its list in the ACLs. */
export type Action = keyof typeof ACTIONS;

/** The only paths that `get_endpoints` can speak of. */
export const AUTHORIZABLE_PATHS: readonly string[] = [
  '/containers',
  '/containerizer/debug',
  '/files/debug',
  '/logging/toggle',
  '/metrics/snapshot',
  '/monitor/statistics',
];

/** Old names of lists that configuration files still have. */
export const OLD_LISTS: ReadonlyMap<string, Action> = new Map(
  Object.entries<Action>({
    shutdown_frameworks: 'teardown_frameworks',
    set_quotas: 'update_quotas',
    remove_quotas: 'update_quotas',
    register_slaves: 'register_agents',
  }),
);
