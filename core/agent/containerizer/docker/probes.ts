/**
 * Health checks and checks of Docker containers: commands by `docker exec`, connections from inside
 * the container's network (spec executor-api, section 14).
 */
import type { HostedProbe } from '../../../executor/hosted.ts';
import type { ProbeResult } from '../../../executor/task-run.ts';
import type { NamespaceProbe } from '../../launcher/namespace-probe.ts';
import type { Processes } from '../../launcher/ports.ts';
import type { DockerSpec } from './spec.ts';

export function dockerProbe(
  probe: HostedProbe,
  spec: DockerSpec,
  pid: number | undefined,
  ports: {
    readonly processes: Pick<Processes, 'probe'>;
    readonly probeInNamespace: NamespaceProbe;
  },
): Promise<ProbeResult | undefined> {
  const place = { cwd: spec.sandbox };
  if (probe.type === 'COMMAND') return ports.processes.probe(execProbe(probe, spec), place);
  if (spec.docker.isHostNetwork) return ports.processes.probe(probe, place);
  return pid === undefined ? Promise.resolve(undefined) : ports.probeInNamespace(pid, probe);
}

function execProbe(probe: HostedProbe, { docker }: DockerSpec): HostedProbe {
  const { command } = probe;
  if (command === undefined) return probe;
  const inside = command.shell
    ? ['sh', '-c', command.value]
    : [command.value, ...command.arguments];
  return {
    ...probe,
    command: {
      shell: false,
      value: docker.docker,
      arguments: [docker.docker, '-H', docker.host, 'exec', docker.name, ...inside],
      environment: docker.environment,
    },
  };
}
