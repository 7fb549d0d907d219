/** Routes of `/v2/artifacts` (spec marathon-rest, section 13.2); there only with a store. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { bodyOf } from '../../../core/net/http-server.ts';
import { artifactPath, type FileArtifacts } from '../artifacts/file-store.ts';
import { declare, type Handler, wildcardOf } from './api.ts';
import { type ApiProblem, sendProblem } from './problems.ts';

export function declareArtifacts(app: FastifyInstance, store: FileArtifacts | undefined): void {
  if (store === undefined) return;
  const upload: Handler = (request, reply) => receive(store, request, reply);
  declare(app, '/v2/artifacts', { POST: upload });
  declare(app, '/v2/artifacts/*', {
    GET: (request, reply) => send(store, request, reply),
    POST: upload,
    PUT: upload,
    DELETE: async (request, reply) => {
      const path = artifactPath(wildcardOf(request));
      if (path !== undefined) await store.remove(path);
      return reply.code(200).send();
    },
  });
}

async function receive(
  store: FileArtifacts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const file = await uploadedFile(request);
  if (!file.ok) return sendProblem(reply, file.error);
  const given = wildcardOf(request);
  const path = artifactPath(given === '' ? file.value.name : given);
  if (path === undefined) {
    return sendProblem(reply, { status: 422, message: `'${given}' is no path of an artifact` });
  }
  const isNew = await store.write(path, new Uint8Array(await file.value.arrayBuffer()));
  if (!isNew) return reply.code(200).send();
  return reply.code(201).header('location', store.urlOf(path)).send();
}

async function uploadedFile(request: FastifyRequest): Promise<Result<File, ApiProblem>> {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*;/i.test(type)) {
    return err({ status: 415, message: 'Unsupported Media Type' });
  }
  try {
    const body = new Uint8Array(bodyOf(request));
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    const file = form.get('file');
    if (file instanceof File) return ok(file);
    return err({ status: 400, message: "the form has no file in its field 'file'" });
  } catch (thrown) {
    return err({ status: 400, message: `the form cannot be read: ${describeError(thrown)}` });
  }
}

async function send(
  store: FileArtifacts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const text = wildcardOf(request);
  const path = artifactPath(text);
  const found = path === undefined ? undefined : await store.read(path);
  if (found === undefined) {
    return sendProblem(reply, { status: 404, message: `No artifact with path ${text}` });
  }
  const extension = /\.([A-Za-z0-9]+)$/.exec(text)?.[1]?.toLowerCase() ?? '';
  reply.header('last-modified', found.modifiedAt.toUTCString());
  return reply.type(TYPES[extension] ?? 'application/octet-stream').send(found.bytes);
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html',
  jar: 'application/java-archive',
  jpg: 'image/jpeg',
  js: 'application/javascript',
  json: 'application/json',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tgz: 'application/gzip',
  txt: 'text/plain',
  xml: 'application/xml',
  zip: 'application/zip',
};
