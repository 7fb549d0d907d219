/** Which TCP ports the processes of a container listen on (spec agent-runtime, section 8.3). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { WatchPlan } from '../containerizer/plan.ts';
import type { ContainerLimitation } from '../launcher-port.ts';

type PortsWatch = Extract<WatchPlan, { readonly kind: 'ports' }>;
type Range = readonly [begin: number, end: number];

/** Of `st` in `/proc/net/tcp`. */
const LISTEN = '0A';

export function listeningPorts(pids: readonly number[]): readonly number[] {
  const [first] = pids;
  if (first === undefined) return [];
  // One network for the whole container: the view of any of its processes is that of all.
  const ports = new Map<string, number>();
  for (const file of ['tcp', 'tcp6']) {
    for (const { inode, port } of parseListeners(readText(`/proc/${first}/net/${file}`))) {
      ports.set(inode, port);
    }
  }
  const found = new Set<number>();
  for (const pid of pids) {
    for (const inode of socketsOf(pid)) {
      const port = ports.get(inode);
      if (port !== undefined) found.add(port);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** Lines of `/proc/net/tcp`: number, local address, remote address, state ... inode (tenth). */
export function parseListeners(
  text: string,
): readonly { readonly inode: string; readonly port: number }[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local, , state] = fields;
    const inode = fields[9];
    if (state !== LISTEN || local === undefined || inode === undefined) return [];
    return [{ inode, port: Number.parseInt(local.split(':')[1] ?? '', 16) }];
  });
}

export function portsLimitation(
  containerId: string,
  watch: PortsWatch,
  listening: readonly number[],
): ContainerLimitation | undefined {
  const { allowed, considered } = watch;
  const wrong = listening.filter(
    (port) => !isWithin(port, allowed) && (considered === undefined || isWithin(port, considered)),
  );
  if (wrong.length === 0) return undefined;
  const ranges = rangesOf(wrong);
  const text = `[${ranges.map(([begin, end]) => `${begin}-${end}`).join(', ')}]`;
  return {
    reason: 'REASON_CONTAINER_LIMITATION',
    message: `Container ${containerId} is listening on unallocated port(s): ${text}`,
    resources: [
      {
        name: 'ports',
        type: 'RANGES',
        ranges: { range: ranges.map(([begin, end]) => ({ begin, end })) },
      },
    ],
  };
}

function isWithin(port: number, ranges: readonly Range[]): boolean {
  return ranges.some(([begin, end]) => port >= begin && port <= end);
}

function rangesOf(ports: readonly number[]): readonly Range[] {
  const ranges: [number, number][] = [];
  for (const port of ports) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === port - 1) last[1] = port;
    else ranges.push([port, port]);
  }
  return ranges;
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
