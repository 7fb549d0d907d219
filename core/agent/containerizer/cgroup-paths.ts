/** Where the cgroups of containers lie (spec agent-runtime, sections 8.1 and 8.2). */

export interface CgroupOptions {
  readonly version: 1 | 2;
  /** `--cgroups_hierarchy`; cgroups v2 lie there as a whole. */
  readonly hierarchy: string;
  /** `--cgroups_root`. */
  readonly root: string;
}

/** `root.a.b` lies in `root/mesos/a/mesos/b`. */
export function relativeCgroup(root: string, containerId: string): string {
  return `${root}/${containerId.split('.').join('/mesos/')}`;
}

/** Directory of a container in one hierarchy of version 1. */
export function cgroupV1(options: CgroupOptions, subsystem: string, containerId: string): string {
  return `${options.hierarchy}/${subsystem}/${relativeCgroup(options.root, containerId)}`;
}

export function cgroupV2(options: CgroupOptions, containerId: string): string {
  return `${options.hierarchy}/${relativeCgroup(options.root, containerId)}`;
}

/** Where version 2 keeps the processes of a container. */
export function leafV2(options: CgroupOptions, containerId: string): string {
  return `${cgroupV2(options, containerId)}/leaf`;
}
