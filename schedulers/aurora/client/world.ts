/** The clients' ports over this machine. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Clock, SystemClock } from '../../../core/base/clock.ts';
import { ClusterError } from '../../../core/base/errors.ts';
import { SystemRandom } from '../../../core/base/random.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import { createZooKeeperClient } from '../../../core/net/zookeeper/open.ts';
import type { ZooKeeperServer } from '../../../core/net/zookeeper/ports.ts';
import { FILE_MAX_BYTES, type Surroundings } from '../config/interpreter/surroundings.ts';
import type { ClientPorts, Ran } from './ports.ts';

/** Longest wait for an ensemble to answer before the attempt counts as failed. */
const ZOOKEEPER_LIMIT_MS = 15_000;
/** What programs print beyond this is cut. */
const PRINTED_MAX_BYTES = 16 * 1024 ** 2;

export function systemSurroundings(clock: Clock): Surroundings {
  return {
    read: readRegularFile,
    environment: (name) => process.env[name],
    userName: () => userInfo().username,
    workingDirectory: () => process.cwd(),
    nowSeconds: () => clock.now() / 1_000,
    digest: (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex'),
  };
}

/** Undefined for what is not there, is no regular file or may not be read. */
function readRegularFile(path: string): Uint8Array | undefined {
  try {
    const { size, isFile } = describeFile(path);
    if (!isFile) return undefined;
    // One byte too many is enough for the refusal; the rest of a huge file is not read.
    if (size > FILE_MAX_BYTES) return new Uint8Array(FILE_MAX_BYTES + 1);
    return readFileSync(path);
  } catch {
    // The language knows only one reason: there is no such file.
    return undefined;
  }
}

function describeFile(path: string): { readonly size: number; readonly isFile: boolean } {
  const found = statSync(path);
  return { size: found.size, isFile: found.isFile() };
}

export function systemPorts(http: HttpClient): ClientPorts {
  const clock = new SystemClock();
  return {
    clock,
    http,
    random: new SystemRandom(),
    surroundings: systemSurroundings(clock),
    home: process.env['HOME'] ?? homedir(),
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
    complain: (line) => {
      process.stderr.write(`${line}\n`);
    },
    write: (path, text) => writeFileSync(path, text),
    run: runProgram,
    attach: attachProgram,
    withFiles,
    members: (servers, path, prefix) => readMembers(clock, { servers, path, prefix }),
  };
}

function runProgram([program = '', ...args]: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (printed[stream].length < PRINTED_MAX_BYTES) printed[stream] += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...printed, code: code ?? 1 }));
  });
}

function attachProgram(
  [program = '', ...args]: readonly string[],
  onStart?: (pid: number) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('spawn', () => {
      try {
        if (child.pid !== undefined) onStart?.(child.pid);
      } catch (thrown) {
        child.kill();
        reject(thrown);
      }
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function withFiles<T>(
  texts: readonly string[],
  use: (paths: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-'));
  try {
    const paths = texts.map((text, at) => {
      const path = join(folder, String(at));
      writeFileSync(path, text);
      return path;
    });
    return await use(paths);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface MembersQuery {
  readonly servers: readonly ZooKeeperServer[];
  readonly path: string;
  readonly prefix: string;
}

async function readMembers(
  clock: Clock,
  { servers, path, prefix }: MembersQuery,
): Promise<string[]> {
  const client = createZooKeeperClient({ servers, credentials: undefined });
  const connected = Promise.withResolvers<void>();
  const timer = clock.setTimer(ZOOKEEPER_LIMIT_MS, () => {
    const message = `no answer from ZooKeeper within ${ZOOKEEPER_LIMIT_MS} ms`;
    connected.reject(new ClusterError('TIMEOUT', message, { retriable: true }));
  });
  client.listen({ connected: connected.resolve, failed: connected.reject });
  try {
    client.start();
    await connected.promise;
    const names = (await client.children(path)).filter((name) => name.startsWith(prefix)).sort();
    const nodes = await Promise.all(names.map((name) => client.get(`${path}/${name}`)));
    return nodes.map(({ data }) => Buffer.from(data).toString('utf8'));
  } finally {
    timer.cancel();
    await client.close();
  }
}
