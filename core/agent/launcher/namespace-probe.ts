/**
 * Probes for connections from inside a container's network: by the launcher's own program, started there
 * with `--probe` (spec executor-api, section 16.2).
 */
import { execFile } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import type { HostedProbe } from '../../executor/hosted.ts';
import type { ProbeResult } from '../../executor/task-run.ts';
import { runProbe } from './probes.ts';

/** Runs a probe for connections in the network namespace of `pid`. */
export type NamespaceProbe = (pid: number, probe: HostedProbe) => Promise<ProbeResult | undefined>;

const PROBE_ARGUMENT = '--probe';
/** On top of the probe's own limit, for the helper's start. */
const HELPER_MARGIN_MS = 5_000;

/** The probe that this program was started to make; undefined when it was started for something else. */
export function askedProbe(words: readonly string[]): string | undefined {
  return words[2] === PROBE_ARGUMENT ? words[3] : undefined;
}

/** Prints what came of it. */
export async function helpWithProbe(text: string, clock: Clock): Promise<void> {
  // It only connects: there are no processes to be ended.
  const result = await runProbe(JSON.parse(text), { cwd: '/' }, { signalTree: () => {} }, clock);
  process.stdout.write(JSON.stringify(result ?? null));
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
