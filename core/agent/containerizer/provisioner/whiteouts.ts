/**
 * What a layer takes away from those below: `.wh.<name>` takes a file or directory, `.wh..wh..opq` everything
 * that was in its directory. The copy backend carries that out, overlay has marks of its own for it.
 *
 * Paths are followed through real directories only: a link in a lower layer must not lead out of it.
 */
import { type Dirent, lstatSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../../../base/errors.ts';
import { Hands } from '../../fetcher/hands.ts';
import { PERL } from '../../launcher/rootfs.ts';

const PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';

export interface Whiteout {
  /** Below the layer; empty for itself. */
  readonly directory: string;
  /** What is taken away; undefined: all that lay in the directory. */
  readonly name: string | undefined;
}

export interface LayerEntry {
  readonly path: string;
  readonly isDirectory: boolean;
}

export interface WalkedLayer {
  readonly whiteouts: readonly Whiteout[];
  /** Everything else. */
  readonly entries: readonly LayerEntry[];
}

export function whiteoutOf(directory: string, name: string): Whiteout | undefined {
  if (name === OPAQUE) return { directory, name: undefined };
  // Other marks of aufs (`.wh..wh.plnk`) take nothing away.
  if (!name.startsWith(PREFIX) || name.startsWith(`${PREFIX}${PREFIX}`)) return undefined;
  const hidden = name.slice(PREFIX.length);
  return hidden === '' || hidden === '.' || hidden === '..'
    ? undefined
    : { directory, name: hidden };
}

export async function walkLayer(root: string): Promise<WalkedLayer> {
  const whiteouts: Whiteout[] = [];
  const entries: LayerEntry[] = [];
  const visit = async (directory: string): Promise<void> => {
    const found: Dirent[] = await readdir(join(root, directory), { withFileTypes: true });
    for (const entry of found) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      const whiteout = whiteoutOf(directory, entry.name);
      if (whiteout !== undefined) whiteouts.push(whiteout);
      else if (!entry.name.startsWith(PREFIX)) {
        entries.push({ path, isDirectory: entry.isDirectory() });
        if (entry.isDirectory()) await visit(path);
      }
    }
  };
  await visit('');
  return { whiteouts, entries };
}

/** Puts a layer on top of what is in `rootfs`. */
export async function copyLayer(layer: string, rootfs: string, signal: AbortSignal): Promise<void> {
  const { whiteouts, entries } = await walkLayer(layer);
  for (const { directory, name } of whiteouts) {
    if (!isRealDirectory(rootfs, directory)) continue;
    const gone = name === undefined ? await readdir(join(rootfs, directory)) : [name];
    for (const each of gone) await remove(join(rootfs, directory, each));
  }
  for (const { path, isDirectory } of entries) {
    const below = kindOf(join(rootfs, path));
    // `cp` would refuse, or follow the link.
    if (below !== undefined && isDirectory !== (below === 'directory'))
      await remove(join(rootfs, path));
  }
  const hands = new Hands({ user: undefined, signal });
  await hands.run('cp', ['-a', '--remove-destination', '--', `${layer}/.`, rootfs]);
  for (const { directory, name } of whiteouts) {
    await remove(join(rootfs, directory, name === undefined ? OPAQUE : `${PREFIX}${name}`));
  }
}

function isRealDirectory(root: string, path: string): boolean {
  let at = root;
  for (const step of path.split('/')) {
    at = join(at, step);
    if (kindOf(at) !== 'directory') return false;
  }
  return true;
}

function kindOf(path: string): 'directory' | 'other' | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isDirectory() ? 'directory' : 'other';
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

interface MarkCalls {
  readonly mknodat: number;
  readonly setxattr: number;
}

const CALLS: Readonly<Record<string, MarkCalls>> = {
  arm64: { mknodat: 33, setxattr: 5 },
  riscv64: { mknodat: 33, setxattr: 5 },
  x64: { mknodat: 259, setxattr: 188 },
};

/** perl -e <this> <mknodat> <setxattr>; on its input `d<path>` or `o<path>` with NUL between. */
const MARK = String.raw`
use strict; use warnings;
my ($mknodat, $setxattr) = map { $_ + 0 } @ARGV;
my ($name, $value) = ("trusted.overlay.opaque", "y");
local $/ = "\0";
while (my $line = <STDIN>) {
  chomp $line;
  my ($what, $path) = (substr($line, 0, 1), substr($line, 1));
  my $done = $what eq "d" ? syscall($mknodat, -100, $path, 0020000, 0) : syscall($setxattr, $path, $name, $value, 1, 0);
  $done == 0 or die "$path: $!\n";
}
`;

/** Whiteouts become overlay's: a character device 0:0, an attribute of the directory. */
export async function markWhiteouts(layer: string, signal: AbortSignal): Promise<void> {
  const { whiteouts } = await walkLayer(layer);
  if (whiteouts.length === 0) return;
  const calls = CALLS[process.arch];
  if (calls === undefined) {
    const text = `whiteouts are not supported on '${process.arch}' machines`;
    throw new ClusterError('IMAGE', text, { retriable: false });
  }
  const marks: string[] = [];
  for (const { directory, name } of whiteouts) {
    await remove(join(layer, directory, name === undefined ? OPAQUE : `${PREFIX}${name}`));
    if (name === undefined) marks.push(`o${join(layer, directory)}`);
    else {
      await remove(join(layer, directory, name));
      marks.push(`d${join(layer, directory, name)}`);
    }
  }
  const hands = new Hands({ user: undefined, signal });
  const words = ['-e', MARK, String(calls.mknodat), String(calls.setxattr)];
  await hands.feed(PERL, words, `${marks.join('\0')}\0`);
}
