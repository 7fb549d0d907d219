/**
 * Brings the URIs of a command into the sandbox (spec executor-api, section 17; agent-runtime, 11).
 * All are fetched before the container starts, in order; output goes to the sandbox' `stderr`.
 */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { appendFile, chmod, chown, copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import { describeError } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { HttpClient, HttpResponse } from '../net/ports.ts';
import type { CommandInfoURI } from '../wire/types/mesos.v1.ts';
import type { SystemUser } from './users.ts';

const REDIRECTS_MAX = 20;
const TAR_SUFFIXES = ['.tar', '.tgz', '.tar.gz', '.tbz2', '.tar.bz2', '.txz', '.tar.xz'] as const;

export interface FetcherOptions {
  readonly frameworksHome: string;
  readonly stallTimeoutMs: DurationMs;
}

export interface FetcherCounts {
  succeeded: number;
  failed: number;
}

interface Place {
  readonly directory: string;
  readonly user: SystemUser | undefined;
}

const run = promisify(execFile);

export class Fetcher {
  readonly counts: FetcherCounts = { succeeded: 0, failed: 0 };
  private readonly options: FetcherOptions;
  private readonly http: HttpClient;
  private readonly clock: Clock;

  constructor(
    options: FetcherOptions,
    ports: { readonly http: HttpClient; readonly clock: Clock },
  ) {
    this.options = options;
    this.http = ports.http;
    this.clock = ports.clock;
  }

  /** The error is the sentence for the task's status. */
  async fetchAll(
    containerId: string,
    uris: readonly CommandInfoURI[],
    place: Place,
  ): Promise<Result<undefined>> {
    for (const uri of uris) {
      const done = await this.fetch(uri, place).catch((thrown: unknown) =>
        err(describeError(thrown)),
      );
      if (done.ok) continue;
      this.counts.failed += 1;
      await tell(place, `Failed to fetch '${uri.value}': ${done.error}`);
      // The original's words, for those who match them; why it failed stands in the sandbox.
      return err(`Failed to fetch all URIs for container '${containerId}': exited with status 1`);
    }
    if (uris.length > 0) this.counts.succeeded += 1;
    return ok(undefined);
  }

  private async fetch(uri: CommandInfoURI, place: Place): Promise<Result<undefined>> {
    const source = uri.value.trimStart();
    const name = targetName(uri, source);
    if (!name.ok) return name;
    const target = join(place.directory, name.value);
    await mkdir(dirname(target), { recursive: true });
    const brought = await this.bring(source, target, place);
    if (!brought.ok) return brought;
    if (place.user !== undefined) await chown(target, place.user.uid, place.user.gid);
    if (uri.executable === true) {
      await chmod(target, 0o755);
      return ok(undefined);
    }
    if (uri.extract !== false) await extract(target, place);
    return ok(undefined);
  }

  private async bring(source: string, target: string, place: Place): Promise<Result<undefined>> {
    if (/^https?:\/\//.test(source)) return this.download(source, target, place);
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1];
    if (scheme !== undefined && scheme !== 'file') {
      return err(`URIs of scheme '${scheme}' are not supported by this agent`);
    }
    const local = this.localPath(source);
    if (!local.ok) return local;
    await tell(place, `Copying '${local.value}' to '${target}'`);
    await copyFile(local.value, target);
    return ok(undefined);
  }

  private localPath(source: string): Result<string> {
    if (source.startsWith('file://')) {
      const path = source.slice('file://'.length).replace(/^localhost\//, '/');
      return path.startsWith('/') ? ok(path) : err('File URI only supports absolute paths');
    }
    if (source.startsWith('/')) return ok(source);
    const { frameworksHome } = this.options;
    if (frameworksHome === '') {
      return err(
        'A relative path was passed for the resource but the Mesos framework home was not ' +
          'specified. Please either provide this config option or avoid using a relative path',
      );
    }
    return ok(join(frameworksHome, source));
  }

  private async download(source: string, target: string, place: Place): Promise<Result<undefined>> {
    await tell(place, `Downloading '${source}' to '${target}'`);
    const stall = new AbortController();
    const { stallTimeoutMs } = this.options;
    const watch = (): { cancel(): void } =>
      this.clock.setTimer(stallTimeoutMs, () => stall.abort(new Error('the download stalled')));
    let timer = watch();
    try {
      const response = await this.request(source, stall.signal);
      if (response.status !== 200) {
        response.cancel();
        return err(`Error downloading resource, received HTTP return code ${response.status}`);
      }
      const body = async function* (): AsyncIterable<Uint8Array> {
        for await (const chunk of response.body) {
          timer.cancel();
          timer = watch();
          yield chunk;
        }
      };
      await pipeline(Readable.from(body()), createWriteStream(target), { signal: stall.signal });
      return ok(undefined);
    } finally {
      timer.cancel();
    }
  }

  private async request(source: string, signal: AbortSignal): Promise<HttpResponse> {
    let url = source;
    for (let hop = 0; hop < REDIRECTS_MAX; hop += 1) {
      const response = await this.http.request({ method: 'GET', url, signal });
      const { location } = response.headers;
      const isRedirect = response.status >= 300 && response.status < 400;
      if (!isRedirect || location === undefined) return response;
      response.cancel();
      url = new URL(location, url).toString();
    }
    throw new Error(`more than ${REDIRECTS_MAX} redirects`);
  }
}

/** Where the file goes, relative to the sandbox. */
function targetName(uri: CommandInfoURI, source: string): Result<string> {
  if (/[\\'\0]/.test(source)) return err('Illegal characters in URI');
  if (uri.output_file !== undefined) {
    const path = normalize(uri.output_file);
    if (path === '.' || path.startsWith('..') || path.startsWith('/')) {
      return err('URI output file must be within the sandbox directory');
    }
    return ok(path);
  }
  const rest = source.replace(/^(?!file:)[a-z][a-z0-9+.-]*:\/\//i, '');
  const hasPath = rest === source || rest.includes('/');
  const name = basename(source.slice(source.lastIndexOf('/') + 1));
  if (!hasPath || name === '') return err(`Malformed URI (missing path): ${source}`);
  return ok(name);
}

/** Unpacks archives beside themselves; other files stay as they are. */
async function extract(path: string, place: Place): Promise<void> {
  const cwd = place.directory;
  if (TAR_SUFFIXES.some((suffix) => path.endsWith(suffix))) {
    await run('tar', ['-C', cwd, '-xf', path, ...ownership(place)]);
  } else if (path.endsWith('.zip')) {
    await run('unzip', ['-o', '-q', '-d', cwd, path]);
  } else if (path.endsWith('.gz')) {
    await run('gunzip', ['-f', '-k', path]);
  } else {
    return;
  }
  await tell(place, `Extracted '${path}' into '${cwd}'`);
  const { user } = place;
  if (user !== undefined) await run('chown', ['-R', `${user.uid}:${user.gid}`, cwd]);
}

function ownership(place: Place): readonly string[] {
  return place.user === undefined ? [] : ['--no-same-owner'];
}

async function tell(place: Place, line: string): Promise<void> {
  await appendFile(join(place.directory, 'stderr'), `${line}\n`);
}
