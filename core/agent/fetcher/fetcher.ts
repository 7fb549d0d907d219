/**
 * Brings the URIs of a command into the sandbox (spec executor-api, section 17; agent-runtime, 11).
 * All are fetched before the container starts, in order; what happens is told in the sandbox'
 * `stderr`.
 */
import { access, chown, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import { describeError } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { HttpClient } from '../../net/ports.ts';
import type { CommandInfoURI } from '../../wire/types/mesos.v1.ts';
import type { SystemUser } from '../users.ts';
import { type CacheEntry, FetcherCache } from './cache.ts';
import { ftpDownload, ftpSize } from './ftp.ts';
import { Hadoop } from './hadoop.ts';
import { Hands, tell } from './hands.ts';
import { download, type Transfer, webSize } from './sources.ts';
import {
  baseName,
  CACHE_FILE_PATTERN,
  cacheFileName,
  packingOf,
  type Source,
  sourceOf,
  sourceText,
  targetName,
} from './uri.ts';

export interface FetcherOptions {
  readonly frameworksHome: string;
  readonly stallTimeoutMs: DurationMs;
  /** Absolute; emptied by `start`. */
  readonly cacheDirectory: string;
  readonly cacheSizeBytes: number;
  readonly hadoopHome: string | undefined;
}

export interface FetcherCounts {
  succeeded: number;
  failed: number;
}

export interface Place {
  readonly directory: string;
  /** Undefined is the agent's own. */
  readonly user: SystemUser | undefined;
  /** Gives up when it is aborted; the result is then an error. */
  readonly signal: AbortSignal;
}

/** What one URI needs on its way. */
interface Errand {
  readonly uri: CommandInfoURI;
  readonly source: Source;
  readonly place: Place;
  readonly hands: Hands;
  readonly transfer: Transfer;
}

export class Fetcher {
  readonly counts: FetcherCounts = { succeeded: 0, failed: 0 };
  private readonly options: FetcherOptions;
  private readonly ports: { readonly http: HttpClient; readonly clock: Clock };
  private readonly cache: FetcherCache;
  private readonly hadoop: Hadoop;
  /** Downloads into the cache by entry; they settle when the entry is ready or gone. */
  private readonly downloads = new Map<string, Promise<void>>();
  private serial = 0;

  constructor(
    options: FetcherOptions,
    ports: { readonly http: HttpClient; readonly clock: Clock },
  ) {
    this.options = options;
    this.ports = ports;
    this.cache = new FetcherCache(options.cacheSizeBytes);
    this.hadoop = new Hadoop(options.hadoopHome);
  }

  get cacheBytes(): { readonly total: number; readonly used: number } {
    return { total: this.cache.sizeMaxBytes, used: this.cache.usedBytes };
  }

  /** Empties the cache: nothing is known of files that an earlier agent left. */
  async start(): Promise<void> {
    const { cacheDirectory } = this.options;
    const names = await readdir(cacheDirectory, { recursive: true }).catch(() => []);
    for (const name of names) {
      // One folder per user, no deeper; a wrong directory in the flag loses nothing else.
      const isOurs = name.split('/').length <= 2 && CACHE_FILE_PATTERN.test(basename(name));
      if (isOurs) await rm(join(cacheDirectory, name), { force: true, recursive: true });
    }
  }

  /** The error is the sentence for the task's status. */
  async fetchAll(
    containerId: string,
    uris: readonly CommandInfoURI[],
    place: Place,
  ): Promise<Result<undefined>> {
    const wanted: { readonly uri: CommandInfoURI; readonly name: string }[] = [];
    for (const uri of uris) {
      const name = targetName(uri);
      if (name.ok) {
        wanted.push({ uri, name: name.value });
        continue;
      }
      this.counts.failed += 1;
      return err(`Could not fetch: ${name.error}`);
    }
    for (const { uri, name } of wanted) {
      const done = await this.fetch(uri, name, place).catch((thrown: unknown) =>
        err(describeError(thrown)),
      );
      if (done.ok) continue;
      this.counts.failed += 1;
      // The task fails all the same when even that cannot be written.
      await tell(place.directory, `Failed to fetch '${uri.value}': ${done.error}`).catch(() => {});
      // The original's words, for those who match them; why it failed stands in the sandbox.
      return err(`Failed to fetch all URIs for container '${containerId}': exited with status 1`);
    }
    if (uris.length === 0) return ok(undefined);
    await tell(place.directory, `Successfully fetched all URIs into '${place.directory}'`);
    this.counts.succeeded += 1;
    return ok(undefined);
  }

  private async fetch(uri: CommandInfoURI, name: string, place: Place): Promise<Result<undefined>> {
    const source = sourceOf(sourceText(uri), this.options.frameworksHome);
    if (!source.ok) return source;
    const { user, signal, directory } = place;
    const { stallTimeoutMs, hadoopHome } = this.options;
    const hands = new Hands({ user, signal, environment: environmentOf(hadoopHome) });
    const transfer = { stallTimeoutMs, signal };
    const errand: Errand = { uri, source: source.value, place, hands, transfer };
    const target = join(directory, name);
    await tell(directory, `Fetching URI '${uri.value}'`);
    const isFromCache = uri.cache === true && (await this.fetchThroughCache(errand, target));
    if (!isFromCache) await this.fetchDirectly(errand, target);
    await tell(directory, `Fetched '${uri.value}' to '${target}'`);
    return ok(undefined);
  }

  private async fetchDirectly(errand: Errand, target: string): Promise<void> {
    const { uri, hands, place } = errand;
    await tell(place.directory, 'Fetching directly into the sandbox directory');
    await this.bring(errand, target);
    if (uri.executable === true) await hands.makeExecutable(target);
    else if (uri.extract !== false) await this.unpack(errand, target, target);
  }

  /** False when it has to be brought without the cache. */
  private async fetchThroughCache(errand: Errand, target: string): Promise<boolean> {
    const { uri, place, hands } = errand;
    const key = `${place.user?.name ?? ''}@${sourceText(uri)}`;
    const entry = await this.entryOf(errand, key);
    if (entry === undefined) return false;
    try {
      const path = join(this.options.cacheDirectory, entry.path);
      // Somebody may have cleaned up below the system's temporary directory.
      if (!(await isThere(path))) return false;
      await tell(place.directory, 'Fetching from cache');
      const isUnpacked =
        uri.executable !== true &&
        uri.extract !== false &&
        (await this.unpack(errand, path, target));
      if (isUnpacked) return true;
      await hands.copy(path, target);
      if (uri.executable === true) await hands.makeExecutable(target);
      return true;
    } finally {
      await this.removeFiles(this.cache.release(key));
    }
  }

  /** The entry, held; undefined when there can be none. */
  private async entryOf(errand: Errand, key: string): Promise<CacheEntry | undefined> {
    const ready = this.cache.claim(key);
    if (ready !== undefined) return ready;
    const running = this.downloads.get(key);
    if (running !== undefined) {
      await orAborted(running, errand.place.signal);
      return this.cache.claim(key);
    }
    const obtained = this.obtain(errand, key);
    const settled = obtained.then(
      () => {},
      () => {},
    );
    this.downloads.set(key, settled);
    try {
      return await obtained;
    } finally {
      this.downloads.delete(key);
    }
  }

  /** Downloads into the cache; the size must be known before, so that there is room. */
  private async obtain(errand: Errand, key: string): Promise<CacheEntry | undefined> {
    const { uri, place } = errand;
    const size = await this.sizeOf(errand).catch(() => {
      // What does not tell its size may be had all the same, as from servers that know GET only.
      place.signal.throwIfAborted();
      return undefined;
    });
    const name = baseName(sourceText(uri));
    if (size === undefined || !name.ok) return undefined;
    this.serial += 1;
    const path = join(place.user?.name ?? '.', cacheFileName(this.serial, name.value));
    const reserved = this.cache.reserve(key, path, size);
    if (reserved === undefined) return undefined;
    await this.removeFiles(reserved.evicted);
    const file = join(this.options.cacheDirectory, path);
    try {
      await this.makeFolder(dirname(file), place.user);
      await tell(place.directory, 'Downloading into cache');
      await this.bring(errand, file);
      await this.removeFiles(this.cache.complete(key, (await stat(file)).size));
      return reserved.entry;
    } catch (thrown) {
      this.cache.fail(key);
      await this.removeFiles([path]);
      throw thrown;
    }
  }

  private async makeFolder(folder: string, user: SystemUser | undefined): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    if (user !== undefined) await chown(folder, user.uid, user.gid);
  }

  private async bring(errand: Errand, target: string): Promise<void> {
    const { source, hands, transfer, place } = errand;
    if (source.kind === 'local') {
      await tell(place.directory, `Copying '${source.path}' to '${target}'`);
      await hands.copy(source.path, target);
      return;
    }
    await tell(place.directory, `Downloading '${source.url}' to '${target}'`);
    if (source.kind === 'hadoop') {
      await hands.makeDirectory(dirname(target));
      await this.hadoop.copyToLocal(hands, source.url, target);
      return;
    }
    const bytes =
      source.kind === 'http'
        ? download(this.ports, source.url, transfer)
        : ftpDownload(source.url, transfer);
    await hands.write(target, bytes);
  }

  /** In bytes; undefined when it is not known or 0. */
  private async sizeOf({ source, hands, transfer }: Errand): Promise<number | undefined> {
    if (source.kind === 'http') return await webSize(this.ports, source.url, transfer);
    if (source.kind === 'ftp') return await ftpSize(source.url, transfer);
    if (source.kind === 'hadoop') return await this.hadoop.size(hands, source.url);
    return (await stat(source.path)).size || undefined;
  }

  /** False when it is no archive. */
  private async unpack(errand: Errand, archive: string, target: string): Promise<boolean> {
    const { directory } = errand.place;
    const packing = packingOf(archive);
    if (packing === undefined) {
      const line = `'${archive}' is no archive of a known kind: it is not extracted`;
      await tell(directory, line);
      return false;
    }
    await errand.hands.unpack(archive, packing, directory, basename(target));
    await tell(directory, `Extracted '${archive}' into '${directory}'`);
    return true;
  }

  private async removeFiles(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await rm(join(this.options.cacheDirectory, path), { force: true });
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Waits, but not longer than anybody wants it. */
async function orAborted(running: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([running, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The agent's environment without what speaks of the agent itself. */
function environmentOf(hadoopHome: string | undefined): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(MESOS|LIBPROCESS)_/.test(name));
  return {
    ...Object.fromEntries(own),
    ...(hadoopHome === undefined ? {} : { HADOOP_HOME: hadoopHome }),
  };
}
