/** What a process and all that belongs to it use, from `/proc` (proc(5), stat). Linux only; else nothing. */
import { readFileSync } from 'node:fs';
import { readAllProcesses, treeOf } from './launcher/proc-tree.ts';
import type { ProcessUsage } from './views/containers.ts';

/** USER_HZ is 100 on every Linux that Node runs on; there is no call in Node that tells it. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export function processUsage(root: number): ProcessUsage | undefined {
  const tree = treeOf(root, readAllProcesses());
  if (tree.length === 0) return undefined;
  const usage = { cpuUserSeconds: 0, cpuSystemSeconds: 0, memoryBytes: 0 };
  for (const { pid } of tree) addUsage(usage, pid);
  return usage;
}

function addUsage(usage: { -readonly [K in keyof ProcessUsage]: number }, pid: number): void {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It has gone since it was listed.
    return;
  }
  // The name stands in parentheses and may hold anything, so fields count from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  usage.cpuUserSeconds += Number(fields[11] ?? 0) / TICKS_PER_SECOND;
  usage.cpuSystemSeconds += Number(fields[12] ?? 0) / TICKS_PER_SECOND;
  usage.memoryBytes += Number(fields[21] ?? 0) * PAGE_BYTES;
}
