/** An archive that the real client of Docker has saved. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestEngine } from './support/docker.ts';
import { IMAGES, ImageBench, inImage } from './support/image-bench.ts';

test('what `docker save` writes runs, with what `docker build` put on top', IMAGES, async (t) => {
  const engine = await TestEngine.alone(t);
  const it = await ImageBench.start(t);
  const context = join(engine.directory, 'context');
  mkdirSync(context);
  const steps = ['FROM busybox:latest', 'COPY word /etc/word', 'ENV COLOUR=green', 'WORKDIR /etc'];
  writeFileSync(join(context, 'word'), 'built');
  writeFileSync(join(context, 'Dockerfile'), steps.join('\n'));
  // Without the builder's plugin only its predecessor is there.
  await engine.docker('build', '-t', 'team/app:v1', context);
  mkdirSync(join(it.archives, 'team'));
  await engine.docker('save', '-o', join(it.archives, 'team/app:v1.tar'), 'team/app:v1');
  await engine.docker('save', '-o', join(it.archives, 'busybox:latest.tar'), 'busybox:latest');
  const command = 'pwd; cat word; echo; echo $COLOUR; test -x /bin/busybox && echo yes';
  const printed = await it.outputOf('t1', command, inImage('team/app:v1'));
  assert.equal(printed, '/etc\nbuilt\ngreen\nyes\n');
  const own = { ...inImage('busybox'), command: { shell: false } };
  assert.equal(await it.outputOf('t2', '', own), 'the image\n');
});
