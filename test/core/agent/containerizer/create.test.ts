import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContainerizer } from '../../../../core/agent/containerizer/create.ts';
import { DOCKER_DEFAULTS } from '../../../../core/agent/containerizer/docker/options.ts';
import { NodeFiles } from '../../../../core/agent/node-files.ts';
import { SystemClock } from '../../../../core/base/clock.ts';
import { silentLog } from '../../../../core/base/log.ts';

test('an agent with nothing but Docker, too, hears that another one has taken its launcher', async (t) => {
  const workDir = mkdtempSync(join(tmpdir(), 'orrery-create-'));
  mkdirSync(join(workDir, 'docker'));
  const docker = join(workDir, 'program');
  writeFileSync(docker, '#!/bin/sh\necho Docker version 20.10.24\n', { mode: 0o755 });
  const server = createServer((socket) => {
    socket.once('data', () => {
      const lines = [{ kind: 'report', containers: [] }, { kind: 'replaced' }];
      socket.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    });
  });
  await new Promise<void>((resolve) => server.listen(join(workDir, 'docker/socket'), resolve));
  const replaced = Promise.withResolvers<void>();
  const choice = {
    names: ['docker'],
    docker: { ...DOCKER_DEFAULTS, docker, killOrphans: false },
  } as const;
  const containerizer = createContainerizer(choice, {
    clock: new SystemClock(),
    log: silentLog,
    files: new NodeFiles(workDir),
    workDir,
    launcherDir: workDir,
    show: () => {},
    mesos: () => assert.fail('only Docker was chosen'),
    replaced: () => replaced.resolve(),
  });
  t.after(async () => {
    await containerizer.stop({ killTasks: false });
    server.close();
    rmSync(workDir, { recursive: true, force: true });
  });
  await containerizer.recover(() => {});
  await replaced.promise;
});
