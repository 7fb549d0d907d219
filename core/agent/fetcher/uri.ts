/** What a URI of a command means (spec agent-runtime, section 11). Pure. */
import { basename, join, normalize } from 'node:path/posix';
import { err, ok, type Result } from '../../base/result.ts';
import type { CommandInfoURI } from '../../wire/types/mesos.v1.ts';

/** Where the bytes come from. */
export type Source =
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'ftp'; readonly url: string }
  | { readonly kind: 'hadoop'; readonly url: string };

export type Packing = 'tar' | 'zip' | 'gzip';

const TAR_SUFFIXES = ['.tar', '.tgz', '.tar.gz', '.tbz2', '.tar.bz2', '.txz', '.tar.xz'] as const;

/** Longer names of cached files are cut in the middle. */
const CACHE_NAME_MAX = 20;

/** The first blanks of a value do not count. */
export function sourceText(uri: CommandInfoURI): string {
  return uri.value.trimStart();
}

export function sourceOf(text: string, frameworksHome: string): Result<Source> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === 'file') {
    const path = localPath(text, frameworksHome);
    return path.ok ? ok({ kind: 'local', path: path.value }) : path;
  }
  if (scheme === 'http' || scheme === 'https') return ok({ kind: 'http', url: text });
  if (scheme === 'ftp' || scheme === 'ftps') return ok({ kind: 'ftp', url: text });
  return ok({ kind: 'hadoop', url: text });
}

function localPath(text: string, frameworksHome: string): Result<string> {
  if (/^file:\/\//i.test(text)) {
    const path = text.slice('file://'.length).replace(/^localhost\//, '/');
    return path.startsWith('/') ? ok(path) : err('File URI only supports absolute paths');
  }
  if (text.startsWith('/')) return ok(text);
  if (frameworksHome === '') {
    return err(
      'A relative path was passed for the resource but the Mesos framework home was not ' +
        'specified. Please either provide this config option or avoid using a relative path',
    );
  }
  return ok(join(frameworksHome, text));
}

/** Last component of the path, query string included. */
export function baseName(text: string): Result<string> {
  if (/[\\'\0]/.test(text)) return err('Illegal characters in URI');
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const hasPath = rest === text || rest.includes('/');
  const name = basename(text.slice(text.lastIndexOf('/') + 1));
  if (!hasPath || name === '') return err(`Malformed URI (missing path): ${text}`);
  return ok(name);
}

/** Where the file goes, relative to the sandbox. */
export function targetName(uri: CommandInfoURI): Result<string> {
  const name = baseName(sourceText(uri));
  if (!name.ok || uri.output_file === undefined) return name;
  if (/[\\'\0]/.test(uri.output_file)) return err('Illegal characters in URI');
  const path = normalize(uri.output_file);
  if (path === '.' || path === '..' || path.startsWith('../') || path.startsWith('/')) {
    return err('URI output file must be within the sandbox directory');
  }
  return ok(path);
}

/** How an archive of this name is unpacked; undefined leaves the file as it is. */
export function packingOf(name: string): Packing | undefined {
  if (TAR_SUFFIXES.some((suffix) => name.endsWith(suffix))) return 'tar';
  if (name.endsWith('.zip')) return 'zip';
  return name.endsWith('.gz') ? 'gzip' : undefined;
}

/** What `cacheFileName` makes; other files in the cache directory are not ours to remove. */
export const CACHE_FILE_PATTERN = /^c\d+-/;

/** The suffix stays whole, so that the cached file is unpacked as the original would be. */
export function cacheFileName(serial: number, name: string): string {
  const short =
    name.length > CACHE_NAME_MAX ? `${name.slice(0, 10)}_${name.slice(name.length - 10)}` : name;
  return `c${serial}-${short}`;
}
