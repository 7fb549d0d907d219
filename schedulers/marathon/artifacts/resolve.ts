/**
 * `storeUrls` of apps: what they name is kept in the artifact store, under its ETag or the SHA-1 of
 * its bytes, and the app fetches it from there (spec marathon-rest, section 13.2).
 */
import { createHash } from 'node:crypto';
import { describeError } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import type { App, RawApp } from '../model/app.ts';
import type { RawGroup } from '../model/group-updates.ts';
import { type Violation, violation } from '../model/violations.ts';
import { type ArtifactPath, artifactPath, type FileArtifacts } from './file-store.ts';

/** Larger artifacts are refused. */
const ARTIFACT_MAX_BYTES = 64 * 1024 ** 2;
const HEAD_TIMEOUT_MS = 30_000;

export class ArtifactResolver {
  private readonly store: FileArtifacts;
  private readonly http: HttpClient;

  constructor(store: FileArtifacts, http: HttpClient) {
    this.store = store;
    this.http = http;
  }

  /** The app as it would have been sent without `storeUrls`; `current` is what an update changes. */
  async app(raw: RawApp, current?: App): Promise<Result<RawApp, readonly Violation[]>> {
    const { storeUrls = [], ...rest } = raw;
    if (storeUrls.length === 0) return ok(rest);
    const stored: string[] = [];
    for (const url of storeUrls) {
      try {
        stored.push(await this.keep(url));
      } catch (thrown) {
        return err([
          violation('/storeUrls', `'${url}' cannot be stored: ${describeError(thrown)}`),
        ]);
      }
    }
    const fetched = stored.map((uri) => ({ uri, extract: EXTRACTED.test(uri) }));
    if (rest.fetch !== undefined) return ok({ ...rest, fetch: [...rest.fetch, ...fetched] });
    if (rest.uris !== undefined) return ok({ ...rest, uris: [...rest.uris, ...stored] });
    return ok({ ...rest, fetch: [...(current?.fetch ?? []), ...fetched] });
  }

  async group(raw: RawGroup): Promise<Result<RawGroup, readonly Violation[]>> {
    const apps: RawApp[] = [];
    for (const app of raw.apps ?? []) {
      const resolved = await this.app(app);
      if (!resolved.ok) return resolved;
      apps.push(resolved.value);
    }
    const groups: RawGroup[] = [];
    for (const group of raw.groups ?? []) {
      const resolved = await this.group(group);
      if (!resolved.ok) return resolved;
      groups.push(resolved.value);
    }
    return ok({
      ...raw,
      ...(raw.apps === undefined ? {} : { apps }),
      ...(raw.groups === undefined ? {} : { groups }),
    });
  }

  /** The address in the store. What is there under its ETag is not loaded again. */
  private async keep(url: string): Promise<string> {
    if (!/^https?:$/.test(new URL(url).protocol)) throw new Error('only http and https are loaded');
    const name = new URL(url).pathname.split('/').at(-1) ?? '';
    const etag = await this.etagOf(url);
    const known = etag === undefined ? undefined : pathOf(etag, name);
    if (known !== undefined && (await this.store.has(known))) return this.store.urlOf(known);
    const response = await this.http.request({
      method: 'GET',
      url,
      headTimeoutMs: HEAD_TIMEOUT_MS,
    });
    if (response.status !== 200) {
      response.cancel();
      throw new Error(`the answer is ${response.status}`);
    }
    const bytes = await response.bytes(ARTIFACT_MAX_BYTES);
    const path = known ?? pathOf(createHash('sha1').update(bytes).digest('hex'), name);
    if (path === undefined) throw new Error('it names no file');
    await this.store.write(path, bytes);
    return this.store.urlOf(path);
  }

  private async etagOf(url: string): Promise<string | undefined> {
    const response = await this.http.request({
      method: 'HEAD',
      url,
      headTimeoutMs: HEAD_TIMEOUT_MS,
    });
    response.cancel();
    const etag = response.headers['etag']?.replace(/^W\//, '').replaceAll('"', '');
    return etag === undefined || etag === '' ? undefined : etag.replaceAll(/[^\w.-]/g, '_');
  }
}

const EXTRACTED = /\.(tar|tar\.gz|tar\.bz2|tar\.xz|gz|tgz|tbz2|txz|zip)$/;

function pathOf(unique: string, name: string): ArtifactPath | undefined {
  return name === '' ? undefined : artifactPath(`${unique}/${name}`);
}
