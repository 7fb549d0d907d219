/**
 * Builds pages: `node core/webui/build.ts name=folder...`. Each folder has an `index.html`; what comes of
 * it is in `dist/ui/<name>`, where `pages.ts` serves it from.
 */
import { join } from 'node:path';
import { build } from 'vite';

const ROOT = new URL('../../', import.meta.url).pathname;

for (const entry of process.argv.slice(2)) {
  const [name = '', folder = ''] = entry.split('=');
  await build({
    root: join(ROOT, folder),
    base: './',
    configFile: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: { outDir: join(ROOT, 'dist/ui', name), emptyOutDir: true, modulePreload: false },
  });
}
