/** Built pages on the server's side: what `build.ts` made, read once, answered from memory. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyReply } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** Names of assets change with what is in them. */
const ASSET_CACHE = 'public, max-age=31536000, immutable';

const HERE = new URL('.', import.meta.url).pathname;
/** From the sources, and from the package's `dist/core/webui`. */
const BUILT = HERE.endsWith('/dist/core/webui/') ? '../../ui' : '../../dist/ui';

export interface Pages {
  /** Answers with a file, `index.html` or `assets/...`; 404 in the server's way is the caller's: false. */
  send(path: string, reply: FastifyReply): boolean;
  /** Answers with `index.html` at an address that many levels below the one of the other files. */
  sendIndexBelow(levels: number, reply: FastifyReply): void;
}

/** The pages of that name. Where they were not built, their address says so. */
export function loadPages(name: string): Pages {
  const folder = join(HERE, BUILT, name);
  const files = new Map<string, Buffer>();
  const entries = existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
    : [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), readFileSync(path));
  }
  return new BuiltPages(files);
}

class BuiltPages implements Pages {
  private readonly files: ReadonlyMap<string, Buffer>;

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.files = files;
  }

  send(path: string, reply: FastifyReply): boolean {
    if (this.files.size === 0) {
      const text = 'The pages were not built: npm run build:ui makes them, then start again.\n';
      void reply.code(503).type('text/plain').send(text);
      return true;
    }
    const file = this.files.get(path);
    if (file === undefined) return false;
    if (path.startsWith('assets/') && !reply.hasHeader('cache-control')) {
      void reply.header('cache-control', ASSET_CACHE);
    }
    void reply.type(TYPES[extname(path)] ?? 'application/octet-stream').send(file);
    return true;
  }

  sendIndexBelow(levels: number, reply: FastifyReply): void {
    const file = this.files.get('index.html');
    if (levels === 0 || file === undefined) {
      this.send('index.html', reply);
      return;
    }
    const base = `<head><base href="${'../'.repeat(levels)}">`;
    void reply.type('text/html').send(file.toString().replace('<head>', base));
  }
}
