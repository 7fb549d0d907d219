/** What the Docker launcher is told about one container, besides what every launcher is. Plain JSON. */
import type { NetworkInfo } from '../../../wire/types/mesos.v1.ts';
import type { ContainerSpec } from '../../launcher-port.ts';
import type { DockerPlace } from './engine.ts';

export interface DockerLaunch extends DockerPlace {
  readonly name: string;
  readonly image: string;
  /** Pulled even when the engine has it. */
  readonly forcePull: boolean;
  /** All of the command line behind `-H`; none where `refusal` says why. */
  readonly runArguments: readonly string[];
  readonly refusal?: string;
  /** Of Docker's client. */
  readonly environment: Readonly<Record<string, string>>;
  /** `host`, or that of checks is the container's own. */
  readonly isHostNetwork: boolean;
  readonly networkInfo?: NetworkInfo;
  /** Between SIGTERM and SIGKILL when the container is destroyed. */
  readonly stopTimeoutMs: number;
}

export interface DockerSpec extends ContainerSpec {
  readonly docker: DockerLaunch;
}

/** Only the agent can open the socket and the records are our own; the rest is their promise. */
export function isDockerSpec(spec: ContainerSpec): spec is DockerSpec {
  return 'docker' in spec;
}
