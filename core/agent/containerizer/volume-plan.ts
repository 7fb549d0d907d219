/**
 * The volumes of Docker's volume drivers that one container has, as data: made by the agent, mounted and
 * unmounted by the launcher through `dvdcli` (spec agent-runtime, section 8.3).
 */
export interface DockerVolumesPlan {
  /** `root` or `root.nested`. */
  readonly containerId: string;
  /** Has a directory for each container, in which its volumes are written down. */
  readonly root: string;
  /** The client of the drivers, an absolute path. */
  readonly program: string;
  readonly volumes: readonly PlannedVolume[];
}

export interface VolumeName {
  readonly driver: string;
  readonly name: string;
}

export interface PlannedVolume extends VolumeName {
  readonly options: readonly (readonly [key: string, value: string])[];
  /** Of the lines that mount it: has the path that the driver tells. */
  readonly variable: string;
}
