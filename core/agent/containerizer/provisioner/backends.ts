/** How layers become one root file system: copied, mounted on each other, or the only one as it is. */
import { readFileSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ClusterError } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { Hands } from '../../fetcher/hands.ts';
import { unmountBelow } from './mount-table.ts';
import { copyLayer } from './whiteouts.ts';

export type BackendName = 'copy' | 'bind' | 'overlay';

export interface Stack {
  /** Directories, the lowest first. */
  readonly layers: readonly string[];
  /** `.../backends/<backend>/rootfses/<id>`. */
  readonly rootfs: string;
}

interface Backend {
  provision(stack: Stack, signal: AbortSignal): Promise<void>;
}

/** Numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  1635083891: 'aufs',
  2435016766: 'btrfs',
  61791: 'ecryptfs',
  801189825: 'zfs',
  2035054128: 'overlay',
};

/** `kernel`: names of file systems it has. */
export function chooseBackend(
  wanted: string | undefined,
  host: { readonly kernel: ReadonlySet<string>; readonly fileSystem: string | undefined },
): Result<BackendName> {
  const overlay = overlayRefusal(host);
  if (wanted === undefined) return ok(overlay === undefined ? 'overlay' : 'copy');
  if (wanted === 'copy' || wanted === 'bind') return ok(wanted);
  const why = wanted === 'overlay' ? overlay : 'Not found';
  if (why === undefined) return ok('overlay');
  return err(`The specified provisioner backend '${wanted}' is not supported: ${why}`);
}

function overlayRefusal({
  kernel,
  fileSystem,
}: {
  readonly kernel: ReadonlySet<string>;
  readonly fileSystem: string | undefined;
}): string | undefined {
  if (!kernel.has('overlay')) return 'Not found';
  if (fileSystem === undefined) return undefined;
  return `Backend 'overlay' is not supported on the underlying filesystem '${fileSystem}'`;
}

/** Undefined for one that overlay can stand on. */
export function fileSystemOf(directory: string): string | undefined {
  return FILE_SYSTEMS[statfsSync(directory).type];
}

export async function kernelFileSystems(hands: Hands): Promise<ReadonlySet<string>> {
  const names = (): ReadonlySet<string> =>
    new Set(
      readFileSync('/proc/filesystems', 'utf8')
        .split('\n')
        .map((line) => line.split('\t')[1] ?? ''),
    );
  // It may be a module that nobody has needed yet; without one it stays away.
  if (!names().has('overlay')) await hands.run('modprobe', ['overlay']).catch(() => {});
  return names();
}

export const BACKENDS: Readonly<Record<BackendName, Backend>> = {
  copy: {
    provision: async ({ layers, rootfs }, signal) => {
      await mkdir(rootfs, { recursive: true });
      for (const layer of layers) await copyLayer(layer, rootfs, signal);
    },
  },
  bind: {
    provision: async ({ layers, rootfs }, signal) => {
      const [layer, second] = layers;
      if (second !== undefined) refuse('Multiple layers are not supported by the bind backend');
      await mkdir(rootfs, { recursive: true });
      const hands = new Hands({ user: undefined, signal });
      await hands.run('mount', ['-n', '--bind', '--', layer ?? '', rootfs]);
      await hands.run('mount', ['-n', '-o', 'remount,bind,ro', '--', rootfs]);
    },
  },
  overlay: { provision: mountOverlay },
};

/** Links with short names: all options together must fit into one page. */
async function mountOverlay({ layers, rootfs }: Stack, signal: AbortSignal): Promise<void> {
  const scratch = scratchOf(rootfs);
  const [upper, work] = [`${scratch}/upperdir`, `${scratch}/workdir`];
  for (const path of [rootfs, upper, work]) await mkdir(path, { recursive: true });
  const links = await mkdtemp(join(tmpdir(), 'l-'));
  symlinkSync(links, `${scratch}/links`);
  for (const [at, layer] of layers.entries()) symlinkSync(layer, `${links}/${at}`);
  const lower = layers.map((_, at) => `${links}/${at}`).reverse();
  const options = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`;
  const hands = new Hands({ user: undefined, signal });
  await hands.run('mount', ['-n', '-t', 'overlay', '-o', options, 'overlay', rootfs]);
}

function scratchOf(rootfs: string): string {
  return join(rootfs, '../../scratch', basename(rootfs));
}

/** Undoes what any of them has made. Throws when something stays. */
export async function removeRootfs(rootfs: string, signal: AbortSignal): Promise<void> {
  const hands = new Hands({ user: undefined, signal });
  await unmountBelow(hands, rootfs);
  await rm(rootfs, { recursive: true, force: true });
  const scratch = scratchOf(rootfs);
  const links = await readlink(`${scratch}/links`).catch(() => undefined);
  if (links?.startsWith(join(tmpdir(), 'l-')) === true) {
    rmSync(links, { recursive: true, force: true });
  }
  await rm(scratch, { recursive: true, force: true });
}

function refuse(message: string): never {
  throw new ClusterError('IMAGE', message, { retriable: false });
}
