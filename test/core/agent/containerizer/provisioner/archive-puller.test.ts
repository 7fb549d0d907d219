/** Archives in HDFS, with a straw `hadoop`. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ArchivePuller } from '../../../../../core/agent/containerizer/provisioner/docker/archive-puller.ts';
import { saveOld } from '../../../../e2e/support/image-archives.ts';

const HADOOP = `#!/bin/sh
[ "$1" = version ] && exit 0
exec cp "/\${3#hdfs://*/}" "$4"
`;

test('an image without a tag is fetched by its name, else as the latest', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'archives-'));
  context.after(() => rmSync(root, { recursive: true }));
  const archives = join(root, 'archives');
  const program = join(root, 'bin', 'hadoop');
  for (const each of [archives, join(root, 'bin')]) mkdirSync(each);
  writeFileSync(program, HADOOP);
  chmodSync(program, 0o755);
  const layers = [{ files: { 'a.txt': 'a' } }];
  for (const name of ['plain', 'latest']) saveOld(archives, { name, layers });
  renameSync(join(archives, 'plain:latest.tar'), join(archives, 'plain.tar'));
  const puller = new ArchivePuller(`hdfs://host:8020${archives}`, root);
  const pull = async (repository: string): Promise<readonly string[] | undefined> => {
    const staging = mkdtempSync(join(root, 'staging-'));
    const common = { rootfsName: 'rootfs', has: () => false, config: undefined };
    const signal = new AbortController().signal;
    const pulled = await puller.pull({ reference: { repository }, staging, signal, ...common });
    assert.ok(existsSync(join(staging, pulled.layer_ids?.at(-1) ?? '', 'rootfs', 'a.txt')));
    return pulled.layer_ids;
  };
  for (const name of ['plain', 'latest']) assert.equal((await pull(name))?.length, 1);
  await assert.rejects(pull('none'), /none:latest\.tar/);
});
