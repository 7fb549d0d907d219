/** Logs and files of the tasks' sandboxes (spec thermos, section 6). Nothing outside of a sandbox is ever read. */
import type { FileHandle } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { escapeHtml } from '../../../core/base/html.ts';
import { logDirectory } from '../thermos/checkpoint-paths.ts';
import { html, link, table } from './html.ts';
import type { ObservedTasks } from './json-routes.ts';
import { notFound, sendPage, unknownTask } from './page-routes.ts';
import { entriesInside, openInside } from './task-roots.ts';

/** One answer holds at most this much of a file. */
export const CHUNK_MAX_BYTES = 16 * 1024 ** 2;
/** A page shows the last part of a file. */
const PAGE_BYTES = 64 * 1024;
/** Entries of a directory that one page shows. */
const ENTRIES_MAX = 10_000;

interface FileParams {
  readonly id: string;
  readonly '*'?: string;
}

interface LogParams {
  readonly id: string;
  readonly process: string;
  readonly run: string;
  readonly kind: string;
}

interface ChunkQuery {
  readonly offset?: string;
  readonly bytes?: string;
}

interface Chunk {
  readonly offset: number;
  readonly length: number;
  /** For a page: markup in it is text. */
  readonly data?: string;
}

export function declareFiles(app: FastifyInstance, tasks: ObservedTasks): void {
  declareLogs(app, tasks);
  app.get<{ Params: FileParams }>('/file/:id/*', async ({ params }, reply) => {
    const file = await fileOf(tasks, params);
    if (file === undefined) return notFound(reply, `Failed to find file ${params['*']}.`);
    return await sendTail(reply, basename(params['*'] ?? ''), file);
  });
  app.get<{ Params: FileParams; Querystring: ChunkQuery }>(
    '/filedata/:id/*',
    async ({ params, query }, reply) => {
      const file = await fileOf(tasks, params);
      if (file === undefined) return notFound(reply, `Failed to find file ${params['*']}.`);
      return await chunkOf(file, query);
    },
  );
  app.get<{ Params: FileParams }>('/download/:id/*', async ({ params }, reply) => {
    const file = await fileOf(tasks, params);
    if (file === undefined) return notFound(reply, `Failed to find file ${params['*']}.`);
    const name = basename(params['*'] ?? '').replaceAll(/[^\w.-]/g, '_');
    return reply
      .type('application/octet-stream')
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(file.createReadStream());
  });
  for (const path of ['', '/*']) {
    app.get<{ Params: FileParams }>(`/browse/:id${path}`, ({ params }, reply) =>
      browse(tasks, params, reply),
    );
  }
}

function declareLogs(app: FastifyInstance, tasks: ObservedTasks): void {
  app.get<{ Params: LogParams }>('/logs/:id/:process/:run/:kind', async ({ params }, reply) => {
    const file = await logOf(tasks, params);
    if (file === undefined) return notFound(reply, 'Failed to find the log.');
    return await sendTail(reply, `${params.process} ${params.run} ${params.kind}`, file);
  });
  app.get<{ Params: LogParams; Querystring: ChunkQuery }>(
    '/logdata/:id/:process/:run/:kind',
    async ({ params, query }, reply) => {
      const file = await logOf(tasks, params);
      if (file === undefined) return notFound(reply, 'Failed to find the log.');
      return await chunkOf(file, query);
    },
  );
}

async function logOf(tasks: ObservedTasks, params: LogParams): Promise<FileHandle | undefined> {
  const { id, process, run, kind } = params;
  const { state } = tasks.find(id) ?? {};
  const { sandbox, log_dir: logDir } = state?.header ?? {};
  if (state === undefined || sandbox === undefined || logDir === undefined) return undefined;
  if (!/^\d{1,9}$/.test(run) || !/^std(out|err)(\.\d+)?$/.test(kind)) return undefined;
  // Only what the task has itself: names cannot lead anywhere else.
  if (state.runs(process)[Number(run)] === undefined) return undefined;
  const path = join(logDirectory(logDir, process, Number(run)), kind);
  // The sandbox is the task's, and so are links in it; the directory above is not.
  const root = path.startsWith(`${sandbox}/`) ? sandbox : logDir;
  return await openInside(root, relative(root, path));
}

async function fileOf(tasks: ObservedTasks, params: FileParams): Promise<FileHandle | undefined> {
  const sandbox = tasks.find(params.id)?.state.header?.sandbox;
  return sandbox === undefined ? undefined : await openInside(sandbox, params['*'] ?? '');
}

async function browse(
  tasks: ObservedTasks,
  params: FileParams,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id, '*': inner = '' } = params;
  const task = tasks.find(id);
  if (task === undefined) return unknownTask(reply, id);
  const { sandbox } = task.state.header ?? {};
  const entries = sandbox === undefined ? undefined : await entriesInside(sandbox, inner);
  if (entries === undefined) return notFound(reply, `Failed to find directory ${inner}.`);
  const above = inner.split('/').filter((each) => each !== '');
  const rows = [...entries]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, ENTRIES_MAX)
    .map((entry) => {
      const parts = [id, ...above, entry.name];
      if (entry.isDirectory()) return [link(['browse', ...parts], `${entry.name}/`), ''];
      return [link(['file', ...parts], entry.name), link(['download', ...parts], 'download')];
    });
  return sendPage(
    reply,
    `/${above.join('/')}`,
    html`<p>${link(['task', id], id)}</p>${table(['Name', ''], rows)}`,
  );
}

async function sendTail(
  reply: FastifyReply,
  title: string,
  file: FileHandle,
): Promise<FastifyReply> {
  try {
    const { size } = await file.stat();
    const bytes = await readAt(file, Math.max(0, size - PAGE_BYTES), PAGE_BYTES);
    return sendPage(reply, title, html`<pre>${bytes.toString('utf8')}</pre>`);
  } finally {
    await file.close();
  }
}

/** Without an offset it begins at the end: a page that follows a log learns where that is. */
async function chunkOf(
  file: FileHandle,
  query: ChunkQuery,
): Promise<Chunk | Record<string, never>> {
  try {
    const offset = numberOf(query.offset);
    const bytes = numberOf(query.bytes);
    if (offset === undefined || bytes === undefined) return {};
    const { size } = await file.stat();
    const from = offset === -1 ? size : offset;
    const wanted = bytes === -1 ? size - from : bytes;
    const read = await readAt(file, from, Math.min(Math.max(0, wanted), CHUNK_MAX_BYTES));
    if (read.length === 0) return { offset: from, length: 0 };
    return { offset: from, length: read.length, data: escapeHtml(read.toString('utf8')) };
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.max(0, Math.min(bytes, size - offset)));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
  return buffer.subarray(0, bytesRead);
}

/** -1 when it is not given; undefined for what is no number. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '-1') return -1;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
