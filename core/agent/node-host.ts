/** The machine the agent runs on. */
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, hostname, loadavg, totalmem } from 'node:os';
import { normalize, type Resources } from '../resources/arithmetic.ts';
import { DEFAULT_PORTS, scalarResource } from '../resources/parse.ts';
import type { HostFacts, LoadAverages } from './ports.ts';

const MB = 1024 ** 2;
const GB_IN_MB = 1024;

export class NodeHost implements HostFacts {
  private readonly workDir: string;

  constructor(workDir: string) {
    this.workDir = workDir;
  }

  bootId(): string {
    try {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      // Not Linux: no reboot is ever noticed, and dead tasks are found by their pids.
      return hostname();
    }
  }

  async diskUsage(): Promise<number> {
    const { blocks, bfree } = await statfs(this.workDir);
    return blocks === 0 ? 0 : 1 - bfree / blocks;
  }

  loadAverages(): LoadAverages {
    const [, fiveMinutes = 0, fifteenMinutes = 0] = loadavg();
    return { fiveMinutes, fifteenMinutes };
  }
}

/** Fills in what `--resources` does not name (spec flags-and-metrics, section 2.5). */
export async function detectResources(given: Resources, workDir: string): Promise<Resources> {
  const names = new Set(given.map((resource) => resource.name));
  const detected = [...given];
  if (!names.has('cpus')) detected.push(scalarResource('cpus', cpus().length || 1));
  if (!names.has('mem')) detected.push(scalarResource('mem', memoryMb()));
  if (!names.has('disk')) detected.push(scalarResource('disk', await diskMb(workDir)));
  if (!names.has('ports')) detected.push(DEFAULT_PORTS);
  return normalize(detected);
}

function memoryMb(): number {
  const total = Math.floor(totalmem() / MB);
  return total >= 2 * GB_IN_MB ? total - GB_IN_MB : Math.floor(total / 2);
}

async function diskMb(workDir: string): Promise<number> {
  const { blocks, bsize } = await statfs(workDir);
  const total = Math.floor((blocks * bsize) / MB);
  return total >= 10 * GB_IN_MB ? total - 5 * GB_IN_MB : Math.floor(total / 2);
}
