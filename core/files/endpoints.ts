/** `/files/browse`, `read`, `download` and `debug` of both daemons (spec operator-api, section 6.1). */

import { isUtf8 } from 'node:buffer';
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Approvers } from '../auth/authorizer.ts';
import { replyJson } from '../net/http-answers.ts';
import type { HttpServer } from '../net/http-server.ts';
import { replyStatus } from '../net/http-server.ts';
import { integerIn } from '../net/query.ts';
import { queryOf, replyText } from '../operator/replies.ts';
import { double, type JsonObject, writeJson } from '../wire/json-text.ts';
import { type FileEntry, type FileRefusal, modeText, type VirtualFiles } from './virtual-files.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.gif': 'image/gif',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'application/javascript',
  '.json': 'application/json',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.xml': 'application/xml',
};

export function registerFiles(
  server: HttpServer,
  files: VirtualFiles,
  approversOf: (request: FastifyRequest) => Approvers,
): void {
  const { app } = server;
  const asked = (request: FastifyRequest, reply: FastifyReply): Asked => {
    return { files, request, reply, approvers: approversOf(request) };
  };
  app.all('/files/browse', (request, reply) => browse(asked(request, reply)));
  app.all('/files/read', (request, reply) => read(asked(request, reply)));
  app.all('/files/download', { config: { compress: false } }, (request, reply) =>
    download(asked(request, reply)),
  );
  app.all('/files/debug', (request, reply) =>
    replyJson(request, reply, writeJson(Object.fromEntries(files.entries()))),
  );
}

interface Asked {
  readonly files: VirtualFiles;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly approvers: Approvers;
}

async function browse({ files, request, reply, approvers }: Asked): Promise<FastifyReply> {
  const requested = queryOf(request).get('path');
  if (requested === null || requested === '') return missingPath(reply);
  const entries = await files.browse(requested, approvers);
  if (!entries.ok) return refuse(reply, entries.error);
  return replyJson(request, reply, writeJson(entries.value.map(entryModel)));
}

/** Keys are sorted, as recorded. */
function entryModel(entry: FileEntry): JsonObject {
  const { stats } = entry;
  return {
    gid: entry.group,
    mode: modeText(stats.mode),
    mtime: double(Math.floor(stats.mtimeMs / 1000)),
    nlink: stats.nlink,
    path: entry.path,
    size: stats.size,
    uid: entry.user,
  };
}

async function read({ files, request, reply, approvers }: Asked): Promise<FastifyReply> {
  const query = queryOf(request);
  const requested = query.get('path');
  if (requested === null || requested === '') return missingPath(reply);
  const offset = numberIn(query, 'offset');
  if ('refusal' in offset) return replyText(reply, 400, offset.refusal);
  const length = numberIn(query, 'length');
  if ('refusal' in length) return replyText(reply, 400, length.refusal);
  const from = offset.value === undefined ? Number.MAX_SAFE_INTEGER : offset.value;
  const slice = await files.read(requested, from, length.value, approvers);
  if (!slice.ok) return refuse(reply, slice.error);
  const document = {
    data: textOf(slice.value.bytes),
    offset: offset.value ?? slice.value.size,
  };
  return replyJson(request, reply, writeJson(document));
}

const REPLACEMENT = 0xfffd;

/**
 * Bytes as text. Each byte that is no UTF-8, such as a half character at an edge, becomes one replacement
 * character, so that clients that count characters and go on from there miss nothing.
 */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const first = buffer[at] ?? 0;
    const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const character = buffer.subarray(at, at + length);
    const isWhole = character.length === length && isUtf8(character);
    text += isWhole ? character.toString('utf8') : String.fromCharCode(REPLACEMENT);
    at += isWhole ? length : 1;
  }
  return text;
}

/** Absent and -1 mean the same: for the offset the end of the file, for the length all. */
function numberIn(
  query: URLSearchParams,
  name: 'offset' | 'length',
): { readonly value: number | undefined } | { readonly refusal: string } {
  const text = query.get(name);
  if (text === null) return { value: undefined };
  const value = integerIn(text, 64);
  if (value === undefined) {
    return { refusal: `Failed to parse ${name}: Failed to convert '${text}' to number.\n` };
  }
  if (value === -1) return { value: undefined };
  if (value < 0) {
    const title = name === 'offset' ? 'offset' : 'length';
    return { refusal: `Negative ${title} provided: ${value}.\n` };
  }
  return { value };
}

async function download({ files, request, reply, approvers }: Asked): Promise<FastifyReply> {
  const requested = queryOf(request).get('path');
  if (requested === null || requested === '') return missingPath(reply);
  const real = await files.locate(requested, approvers);
  if (!real.ok) {
    if (real.error.kind === 'unknown') return replyStatus(reply, 404);
    return real.error.kind === 'forbidden' ? replyStatus(reply, 403) : refuse(reply, real.error);
  }
  const type = CONTENT_TYPES[path.extname(real.value).toLowerCase()] ?? 'application/octet-stream';
  const found = await stat(real.value).catch(() => undefined);
  if (found === undefined) return replyStatus(reply, 404);
  reply
    .header('content-disposition', `attachment; filename=${headerText(path.basename(real.value))}`)
    .header('content-length', found.size)
    .type(type);
  return reply.send(found.size === 0 ? '' : firstBytes(real.value, found.size, reply));
}

/** The bytes of a name as a header can hold them; control characters cannot be there. */
function headerText(name: string): string {
  const bytes = Buffer.from(name).toString('latin1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return bytes.replaceAll(/[\u0000-\u001f\u007f]/g, '?');
}

/** What the length promised: a log may grow meanwhile. One that shrinks cuts the connection. */
function firstBytes(real: string, size: number, reply: FastifyReply): ReadStream {
  const stream = createReadStream(real, { end: size - 1 });
  stream.once('end', () => {
    if (stream.bytesRead < size) reply.raw.destroy();
  });
  return stream;
}

function missingPath(reply: FastifyReply): FastifyReply {
  return replyText(reply, 400, "Expecting 'path=value' in query.\n");
}

function refuse(reply: FastifyReply, refusal: FileRefusal): FastifyReply {
  if (refusal.kind === 'bad-request') return replyText(reply, 400, refusal.text);
  return replyText(reply, refusal.kind === 'forbidden' ? 403 : 404, '');
}
