/** Who gets the socket of a launcher. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listenAlone } from '../../../../core/agent/launcher/exclusive-socket.ts';

interface Candidate {
  readonly server: Server;
  /** Undefined: it holds the socket. */
  readonly refusal: string | undefined;
}

async function candidate(path: string, name: string): Promise<Candidate> {
  const server = createServer();
  const refusal = await new Promise<string | undefined>((resolve) => {
    listenAlone(server, { path, name }, { held: () => resolve(undefined), refused: resolve });
  });
  return { server, refusal };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-socket-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** As a process that was killed leaves it. */
async function leaveDeadSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.left`, resolve));
  renameSync(`${path}.left`, path);
  await new Promise((resolve) => server.close(resolve));
}

test('the first one holds the socket, a later one is refused and leaves nothing', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 's');
  const first = await candidate(path, 'a');
  const second = await candidate(path, 'b');
  first.server.close();
  assert.equal(first.refusal, undefined);
  assert.match(second.refusal ?? '', /another launcher holds the socket/);
  assert.equal(second.server.listening, false);
  assert.deepEqual(readdirSync(folder).sort(), ['s', 's.1']);
});

test('a dead socket is replaced', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 's');
  await leaveDeadSocket(path);
  const { server, refusal } = await candidate(path, 'a');
  assert.equal(refusal, undefined);
  assert.deepEqual(readdirSync(folder).sort(), ['s', 's.1']);
  server.close();
});

test('of many that find a dead socket at the same time one holds it', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 's');
  await leaveDeadSocket(path);
  const names = Array.from({ length: 8 }, (_, at) => `${at}`);
  const all = await Promise.all(names.map((name) => candidate(path, name)));
  for (const { server } of all) server.close();
  assert.equal(all.filter(({ refusal }) => refusal === undefined).length, 1);
  assert.deepEqual(readdirSync(folder).sort(), ['s', 's.1']);
  const next = await Promise.all(names.map((name) => candidate(path, name)));
  for (const { server } of next) server.close();
  assert.equal(next.filter(({ refusal }) => refusal === undefined).length, 1);
  assert.deepEqual(readdirSync(folder).sort(), ['s', 's.2']);
});

test('a folder that is missing is a refusal with the reason', async (t) => {
  const { refusal } = await candidate(join(folderOf(t), 'none', 's'), 'a');
  assert.match(refusal ?? '', /ENOENT|EACCES/);
});
