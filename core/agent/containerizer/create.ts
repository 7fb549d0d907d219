/** The containerizers that `--containerizers` names, over real processes and a real engine. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AgentFiles } from '../files-port.ts';
import { LauncherClient } from '../launcher/client.ts';
import type { ContainerizerChoice } from './choice.ts';
import { ComposingContainerizer } from './composing.ts';
import { DOCKER_LAUNCHER, DockerContainerizer } from './docker/docker.ts';
import { DockerEngine } from './docker/engine.ts';
import type { DockerOptions } from './docker/options.ts';
import { ExternalContainerizer } from './external/external.ts';
import { externalProgram } from './external/program.ts';
import type { Containerizer } from './port.ts';

export interface ContainerizerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: AgentFiles;
  readonly workDir: string;
  readonly launcherDir: string;
  /** Shows metrics whose names come with use. */
  readonly show: (read: () => ReadonlyMap<string, number>) => void;
  /** Made only when it is chosen. */
  readonly mesos: () => Containerizer;
  /** Called when another agent has taken a launcher that was made here. */
  readonly replaced: () => void;
}

/** The Mesos containerizer alone where nothing is chosen. */
export function createContainerizer(
  choice: ContainerizerChoice | undefined,
  ports: ContainerizerPorts,
): Containerizer {
  const { mesos } = ports;
  if (choice === undefined) return mesos();
  const { external } = choice;
  if (external !== undefined) {
    return new ExternalContainerizer(external, {
      ...ports,
      program: externalProgram(external.path),
    });
  }
  const parts = choice.names.map((name) =>
    name === 'docker' ? createDocker(choice.docker, ports) : mesos(),
  );
  const [only, second] = parts;
  return only !== undefined && second === undefined ? only : new ComposingContainerizer(parts);
}

function createDocker(options: DockerOptions, ports: ContainerizerPorts): Containerizer {
  const { clock, log, files, workDir, replaced } = ports;
  const launcher = new LauncherClient(workDir, { clock, log, replaced }, DOCKER_LAUNCHER);
  const engine = new DockerEngine({ docker: options.docker, host: options.host });
  const docker = new DockerContainerizer(options, {
    launcher,
    engine,
    clock,
    log,
    files,
    workDir,
  });
  ports.show(() => docker.metrics());
  return docker;
}
