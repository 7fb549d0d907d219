/** What the Docker containerizer is told once, from the agent's flags. */
import type { DurationMs } from '../../../base/duration.ts';
import type { ContainerDNSInfo } from '../../../wire/types/mesos.internal.ts';

export interface DockerOptions {
  /** `--docker`. */
  readonly docker: string;
  /** `--docker_socket` as the value of `-H`. */
  readonly host: string;
  /** How long an ended container is kept. */
  readonly removeDelayMs: DurationMs;
  readonly killOrphans: boolean;
  /** Between SIGTERM and SIGKILL when a container is destroyed. */
  readonly stopTimeoutMs: DurationMs;
  /** Content of `--docker_config`. */
  readonly config: unknown;
  /** `--sandbox_directory`: where a container sees its sandbox. */
  readonly mappedDirectory: string;
  readonly enableCfs: boolean;
  readonly cgroupsHierarchy: string;
  readonly defaultDns: ContainerDNSInfo | undefined;
}

export const DOCKER_DEFAULTS: DockerOptions = {
  docker: 'docker',
  host: 'unix:///var/run/docker.sock',
  removeDelayMs: 6 * 3_600_000,
  killOrphans: true,
  stopTimeoutMs: 0,
  config: undefined,
  mappedDirectory: '/mnt/mesos/sandbox',
  enableCfs: false,
  cgroupsHierarchy: '/sys/fs/cgroup',
  defaultDns: undefined,
};
