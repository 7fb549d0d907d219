/** A fetcher with a web of its own, sources, sandboxes and a cache in a temporary directory. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Fetcher, type FetcherOptions } from '../../../../core/agent/fetcher/fetcher.ts';
import type { SystemUser } from '../../../../core/agent/users.ts';
import { SystemClock } from '../../../../core/base/clock.ts';
import type { HttpClient } from '../../../../core/net/ports.ts';
import type { CommandInfoURI } from '../../../../core/wire/types/mesos.v1.ts';

// Files are made with the usual rights, whoever runs the tests.
process.umask(0o022);

export const never = new AbortController().signal;

export interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
}

export interface Web extends HttpClient {
  /** `METHOD url` of every request. */
  readonly asked: string[];
}

export function web(page: (url: string, signal: AbortSignal) => Page): Web {
  const asked: string[] = [];
  return {
    asked,
    async request({ method, url, signal }) {
      asked.push(`${method} ${url}`);
      const { status = 200, headers = {}, body = text('') } = page(url, signal ?? never);
      const nothing = { text: async () => '', bytes: async () => new Uint8Array() };
      return { status, headers, body, cancel: () => {}, ...nothing };
    },
    async close() {},
  };
}

export async function* text(words: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(words);
}

export function sized(words: string): Page {
  return { headers: { 'content-length': String(words.length) }, body: text(words) };
}

export const noWeb = web(() => ({ status: 404 }));

export class Setting {
  readonly source: string;
  readonly cacheDirectory: string;
  private readonly root: string;
  private sandboxCount = 0;

  constructor(context: TestContext) {
    this.root = mkdtempSync(join(tmpdir(), 'fetcher-'));
    // Other users walk through it.
    chmodSync(this.root, 0o755);
    context.after(() => rmSync(this.root, { recursive: true, force: true }));
    this.source = join(this.root, 'source');
    this.cacheDirectory = join(this.root, 'cache');
    mkdirSync(this.source);
    writeFileSync(join(this.source, 'a.txt'), 'hello');
  }

  sandbox(user?: SystemUser): string {
    this.sandboxCount += 1;
    const directory = join(this.root, `sandbox-${this.sandboxCount}`);
    mkdirSync(directory);
    if (user !== undefined) chownSync(directory, user.uid, user.gid);
    return directory;
  }

  fetcher(http: HttpClient = noWeb, options: Partial<FetcherOptions> = {}): Fetcher {
    const { cacheDirectory } = this;
    return new Fetcher(
      {
        frameworksHome: '',
        stallTimeoutMs: 60_000,
        cacheDirectory,
        cacheSizeBytes: 1_000,
        hadoopHome: undefined,
        ...options,
      },
      { http, clock: new SystemClock() },
    );
  }

  async fetch(directory: string, uris: readonly CommandInfoURI[], http?: HttpClient) {
    const place = { directory, user: undefined, signal: never };
    return await this.fetcher(http).fetchAll('c1', uris, place);
  }

  cached(): readonly string[] {
    if (!existsSync(this.cacheDirectory)) return [];
    return readdirSync(this.cacheDirectory, { recursive: true, encoding: 'utf8' }).sort();
  }
}

export const DONE = { ok: true, value: undefined };
export const REFUSED = {
  ok: false,
  error: "Failed to fetch all URIs for container 'c1': exited with status 1",
};

export function read(directory: string, name: string): string {
  return readFileSync(join(directory, name), 'utf8');
}

export function lastTold(directory: string): string {
  return read(directory, 'stderr').trimEnd().split('\n').at(-1) ?? '';
}
