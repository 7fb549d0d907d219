/** Images made by hand, as `docker save` and builders of Appc images make them, of a static busybox. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const BUSYBOX = '/bin/busybox';
const APPLETS = [
  ...['cat', 'df', 'env', 'hostname', 'id', 'ls', 'mount', 'pwd', 'readlink', 'rm', 'sh', 'sleep'],
  ...['stat', 'tail', 'touch', 'true', 'wc', 'grep', 'test', 'kill', 'sort', 'ps', 'dd', 'echo'],
];

export interface LayerFiles {
  /** Text by path; a path that ends with `/` is a directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  /** Adds a shell and its friends. */
  readonly hasShell?: boolean;
}

export interface ImageConfig {
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
}

/** Packs a layer; gives the path of the archive. */
export function packLayer(folder: string, name: string, layer: LayerFiles): string {
  const root = mkdtempSync(join(folder, 'layer-'));
  if (layer.hasShell === true) {
    mkdirSync(join(root, 'bin'));
    copyFileSync(BUSYBOX, join(root, 'bin/busybox'));
    chmodSync(join(root, 'bin/busybox'), 0o755);
    for (const applet of APPLETS) linkSync(join(root, 'bin/busybox'), join(root, 'bin', applet));
    mkdirSync(join(root, 'tmp'));
    chmodSync(join(root, 'tmp'), 0o1777);
  }
  for (const [path, text] of Object.entries(layer.files ?? {})) {
    if (path.endsWith('/')) mkdirSync(join(root, path), { recursive: true });
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  }
  for (const [path, target] of Object.entries(layer.links ?? {})) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  const tar = join(folder, name);
  execFileSync('tar', ['-C', root, '--mtime=@0', '--sort=name', '-cf', tar, '.']);
  rmSync(root, { recursive: true });
  return tar;
}

export interface SavedImage {
  /** `registry/repository:tag` without the tag. */
  readonly name: string;
  readonly tag?: string;
  /** The lowest first. */
  readonly layers: readonly LayerFiles[];
  readonly config?: ImageConfig;
}

/** Writes `<folder>/<name>:<tag>.tar` in the old layout: `repositories`, a directory for each layer. */
export function saveOld(
  folder: string,
  { name, tag = 'latest', layers, config }: SavedImage,
): void {
  const work = mkdtempSync(join(tmpdir(), 'image-'));
  let parent: string | undefined;
  for (const [at, layer] of layers.entries()) {
    const id = sha256(`${name}:${tag}/${at}`);
    mkdirSync(join(work, id));
    packLayer(work, `${id}/layer.tar`, layer);
    const json = { id, ...(parent === undefined ? {} : { parent }), config: config ?? {} };
    writeFileSync(join(work, id, 'json'), JSON.stringify(json));
    writeFileSync(join(work, id, 'VERSION'), '1.0');
    parent = id;
  }
  writeFileSync(join(work, 'repositories'), JSON.stringify({ [name]: { [tag]: parent } }));
  finish(folder, work, `${name}:${tag}`);
}

/** The newer layout: `manifest.json` and files named by their digests. */
export function saveListed(folder: string, image: SavedImage): void {
  const { name, tag = 'latest' } = image;
  const work = mkdtempSync(join(tmpdir(), 'image-'));
  mkdirSync(join(work, 'blobs/sha256'), { recursive: true });
  const { config, layers } = blobsOf(work, image);
  const paths = layers.map((digest) => `blobs/sha256/${digest}`);
  const manifest = [
    { Config: `blobs/sha256/${config}`, RepoTags: [`${name}:${tag}`], Layers: paths },
  ];
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
  finish(folder, work, `${name}:${tag}`);
}

/** Files named by their checksums below `<folder>/blobs/sha256`. */
export function blobsOf(
  folder: string,
  { layers, config }: Pick<SavedImage, 'layers' | 'config'>,
): { readonly config: string; readonly layers: readonly string[] } {
  const store = (path: string): string => {
    const digest = sha256(readFileSync(path));
    renameSync(path, join(folder, 'blobs/sha256', digest));
    return digest;
  };
  const digests = layers.map((layer) => store(packLayer(folder, 'layer.tar', layer)));
  const rootfs = { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) };
  const text = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs, config: config ?? {} });
  writeFileSync(join(folder, 'config.json'), text);
  return { config: store(join(folder, 'config.json')), layers: digests };
}

/** Makes an Appc image; gives its id. */
export function packAppc(path: string, manifest: object, layer: LayerFiles): string {
  const work = mkdtempSync(join(tmpdir(), 'aci-'));
  const rootfs = packLayer(work, 'rootfs.tar', layer);
  mkdirSync(join(work, 'rootfs'));
  execFileSync('tar', ['-C', join(work, 'rootfs'), '-xf', rootfs]);
  writeFileSync(join(work, 'manifest'), JSON.stringify(manifest));
  execFileSync('tar', ['-C', work, '-cf', join(work, 'aci.tar'), 'manifest', 'rootfs']);
  const id = createHash('sha512')
    .update(readFileSync(join(work, 'aci.tar')))
    .digest('hex');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, execFileSync('gzip', ['-c', join(work, 'aci.tar')], { maxBuffer: 64 << 20 }));
  rmSync(work, { recursive: true });
  return `sha512-${id}`;
}

function finish(folder: string, work: string, name: string): void {
  const target = join(folder, `${name}.tar`);
  mkdirSync(dirname(target), { recursive: true });
  execFileSync('tar', ['-C', work, '-cf', target, '.']);
  rmSync(work, { recursive: true });
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function hasBusybox(): boolean {
  return existsSync(BUSYBOX);
}
