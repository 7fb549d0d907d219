/**
 * Copies of the whole state in a file, made and read by the next leader at its start (spec
 * marathon-rest, section 8). The order stands in storage, so that it survives the abdication.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ClusterError, describeError } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';

export interface BackupOrder {
  /** Files to write and then to read, as `file:` URIs. */
  readonly backup?: string | undefined;
  readonly restore?: string | undefined;
}

const PREFIX = 'marathon/';
const ORDER_KEY = 'marathon-backup-order';
const FORMAT = 'orrery-marathon-backup-1';

/** Only files can be written; `s3:` and others are refused. */
export function readBackupUri(text: string): Result<string> {
  const isFile = URL.canParse(text) && new URL(text).protocol === 'file:';
  return isFile ? ok(text) : err(`Invalid backup location '${text}': expected file:///path`);
}

export function storeOrder(order: BackupOrder): StorageOperation {
  return { kind: 'put', key: ORDER_KEY, value: new TextEncoder().encode(JSON.stringify(order)) };
}

/** Does what was ordered before: first the backup, then the restore. Nothing may write meanwhile. */
export async function carryOutOrder(storage: Storage): Promise<void> {
  const bytes = await storage.get(ORDER_KEY);
  if (bytes === undefined) return;
  const order: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const [backup, restore] = [memberOf(order, 'backup'), memberOf(order, 'restore')];
  if (backup !== undefined) await writeBackup(storage, backup);
  const restored = restore === undefined ? [] : await readBackup(storage, restore);
  // One write: a start that fails before it does the same again.
  await storage.write([...restored, { kind: 'delete', key: ORDER_KEY }]);
}

function memberOf(value: unknown, name: string): string | undefined {
  const member: unknown = Reflect.get(Object(value), name);
  return typeof member === 'string' ? member : undefined;
}

async function writeBackup(storage: Storage, uri: string): Promise<void> {
  const entries = await storage.list(PREFIX);
  const lines = entries.map(([key, value]) =>
    JSON.stringify([key, Buffer.from(value).toString('base64')]),
  );
  const path = fileURLToPath(uri);
  try {
    await writeFile(`${path}.part`, `${[FORMAT, ...lines].join('\n')}\n`);
    await rename(`${path}.part`, path);
  } catch (thrown) {
    throw failure(`the backup '${uri}' cannot be written`, thrown);
  }
}

async function readBackup(storage: Storage, uri: string): Promise<StorageOperation[]> {
  const text = await readFile(fileURLToPath(uri), 'utf8').catch((thrown: unknown) => {
    throw failure(`the backup '${uri}' cannot be read`, thrown);
  });
  const [format, ...lines] = text.trimEnd().split('\n');
  if (format !== FORMAT) throw failure(`the file '${uri}' is no backup of this Marathon`);
  const puts = lines.map((line): StorageOperation => {
    const entry: unknown = JSON.parse(line);
    const [key, value]: unknown[] = Array.isArray(entry) ? entry : [];
    if (typeof key !== 'string' || typeof value !== 'string' || !key.startsWith(PREFIX)) {
      throw failure(`the backup '${uri}' is damaged`);
    }
    return { kind: 'put', key, value: Buffer.from(value, 'base64') };
  });
  const present = await storage.list(PREFIX);
  return [...present.map(([key]): StorageOperation => ({ kind: 'delete', key })), ...puts];
}

function failure(why: string, cause?: unknown): ClusterError {
  const text = cause === undefined ? why : `${why}: ${describeError(cause)}`;
  return new ClusterError('BACKUP_FAILED', text, { retriable: false, cause });
}
