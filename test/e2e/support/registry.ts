/** A registry of Docker images over HTTP, version 2, with tokens, redirects and what it was asked. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { blobsOf, type SavedImage } from './image-archives.ts';

const TOKEN = 'the-token';

export class TestRegistry {
  /** `Basic ...` that tokens are given for; undefined gives them to everybody. */
  password: string | undefined;
  /** Method and path of each request, with `+` when it was shown a token or password. */
  readonly asked: string[] = [];
  /** Bodies that are sent instead, by digest. */
  readonly forged = new Map<string, string>();
  private readonly folder = mkdtempSync(join(tmpdir(), 'registry-'));
  private readonly manifests = new Map<string, { readonly type: string; readonly text: string }>();
  private port = 0;

  static async start(t: TestContext): Promise<TestRegistry> {
    const it = new TestRegistry();
    mkdirSync(join(it.folder, 'blobs/sha256'), { recursive: true });
    const server = createServer((request, response) => it.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    it.port = (server.address() as AddressInfo).port;
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return it;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** As schema 2, behind a list of platforms. */
  push(image: SavedImage): void {
    const { config, layers } = blobsOf(this.folder, image);
    const text = JSON.stringify({
      schemaVersion: 2,
      config: { digest: `sha256:${config}` },
      layers: layers.map((digest) => ({ digest: `sha256:${digest}` })),
    });
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const type = 'application/vnd.docker.distribution.manifest.v2+json';
    this.manifests.set(`${image.name}/${digest}`, { type, text });
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const list = {
      schemaVersion: 2,
      manifests: [
        { digest: `sha256:${'0'.repeat(64)}`, platform: { os: 'windows', architecture } },
        { digest, platform: { os: 'linux', architecture } },
      ],
    };
    this.manifests.set(`${image.name}/${image.tag ?? 'latest'}`, {
      type: 'application/vnd.docker.distribution.manifest.list.v2+json',
      text: JSON.stringify(list),
    });
  }

  /** As schema 1. */
  pushOld(image: SavedImage): void {
    const { layers } = blobsOf(this.folder, image);
    const entries = layers.map((digest, at) => {
      const config = at === layers.length - 1 ? image.config : {};
      const v1 = { id: `${image.name}-${at}`, config };
      return {
        blob: { blobSum: `sha256:${digest}` },
        history: { v1Compatibility: JSON.stringify(v1) },
      };
    });
    entries.reverse();
    const text = JSON.stringify({
      schemaVersion: 1,
      name: image.name,
      fsLayers: entries.map(({ blob }) => blob),
      history: entries.map(({ history }) => history),
    });
    const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    this.manifests.set(`${image.name}/${image.tag ?? 'latest'}`, { type, text });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const { authorization } = request.headers;
    this.asked.push(`${pathname}${authorization === undefined ? '' : '+'}`);
    const reply = (
      status: number,
      headers: Record<string, string>,
      body: string | Buffer,
    ): void => {
      response.writeHead(status, headers).end(body);
    };
    if (pathname === '/token') {
      const isKnown = this.password === undefined || authorization === this.password;
      const { service, scope } = Object.fromEntries(searchParams);
      if (!isKnown || service !== 'test' || scope === undefined) reply(401, {}, '');
      else reply(200, {}, JSON.stringify({ token: TOKEN }));
      return;
    }
    const storage = /^\/storage\/(.*)$/.exec(pathname)?.[1];
    if (storage !== undefined) {
      // Servers that keep the files refuse what is not meant for them.
      if (authorization !== undefined) reply(400, {}, '');
      else reply(200, {}, this.forged.get(storage) ?? readFileSync(this.blobPath(storage)));
      return;
    }
    const [, name = '', kind = '', version = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(pathname) ?? [];
    if (authorization !== `Bearer ${TOKEN}`) {
      const scope = `repository:${name}:pull`;
      const challenge = `Bearer realm="${this.url}/token",service="test",scope="${scope}"`;
      reply(401, { 'www-authenticate': challenge }, '');
    } else if (kind === 'blobs') {
      // Another origin by its name.
      reply(307, { location: `http://localhost:${this.port}/storage/${version}` }, '');
    } else {
      const manifest = this.manifests.get(`${name}/${version}`);
      if (manifest === undefined) reply(404, {}, '');
      else reply(200, { 'content-type': manifest.type }, manifest.text);
    }
  }

  private blobPath(digest: string): string {
    return join(this.folder, 'blobs/sha256', digest.replace('sha256:', ''));
  }
}
