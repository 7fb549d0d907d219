/**
 * Health checks and checks of Docker containers: commands by `docker exec`, connections from inside
 * the container's network (spec executor-api, section 14).
 */
import { execFile } from 'node:child_process';
import type { HostedProbe } from '../../../executor/hosted.ts';
import type { ProbeResult } from '../../../executor/task-run.ts';
import type { Processes } from '../../launcher/ports.ts';
import type { DockerSpec } from './spec.ts';

/** Runs a probe for connections in the network namespace of `pid`. */
export type NamespaceProbe = (pid: number, probe: HostedProbe) => Promise<ProbeResult | undefined>;

export const PROBE_ARGUMENT = '--probe';
/** On top of the probe's own limit, for the helper's start. */
const HELPER_MARGIN_MS = 5_000;

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

/** By this same program, started inside the namespace. */
export function namespaceProbe(program: string): NamespaceProbe {
  return (pid, probe) =>
    new Promise((resolve) => {
      const args = ['-t', String(pid), '-n', process.execPath, program, PROBE_ARGUMENT];
      const timeout = probe.timeoutMs > 0 ? probe.timeoutMs + HELPER_MARGIN_MS : 0;
      const settings = { timeout, killSignal: 'SIGKILL' } as const;
      const text = JSON.stringify(probe);
      execFile('nsenter', [...args, text], settings, (error, stdout) => {
        resolve(error === null ? parseResult(stdout) : undefined);
      });
    });
}

/** Our own program printed it. */
function parseResult(text: string): ProbeResult | undefined {
  const value: unknown = JSON.parse(text);
  return isResult(value) ? value : undefined;
}

function isResult(value: unknown): value is ProbeResult {
  return typeof value === 'object' && value !== null && 'type' in value;
}
