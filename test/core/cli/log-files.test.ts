/** The files of `--log_dir`. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLog } from '../../../core/base/log.ts';
import { LogFiles } from '../../../core/cli/log-files.ts';

function logTo(t: TestContext, fileMaxBytes?: number) {
  const directory = mkdtempSync(join(tmpdir(), 'log-files-'));
  const options = { directory, program: 'mesos-master', host: 'h1', user: 'ops', pid: 7 };
  const files = new LogFiles(options, fileMaxBytes);
  t.after(() => {
    files.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const log = createLog({ name: 'mesos-master', level: 'info', destination: files });
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  return { directory, files, log, read };
}

test('lines have the form of the original: letter, date, time, process, place, text', (t) => {
  const { log, read } = logTo(t);
  log.info({ agentId: 'S0' }, 'agent registered');
  log.warn({}, 'slow');
  const [first, second] = read('mesos-master.INFO').split('\n');
  assert.match(
    first ?? '',
    /^I\d{4} \d\d:\d\d:\d\d\.\d{6} \d+ mesos-master:0\] agent registered \{"agentId":"S0"\}$/,
  );
  assert.match(second ?? '', /^W\d{4} \d\d:\d\d:\d\d\.\d{6} \d+ mesos-master:0\] slow$/);
});

test('each severity has a file with its lines and graver ones, made when there is one', (t) => {
  const { log, read, directory } = logTo(t);
  log.info({}, 'one');
  assert.deepEqual(
    readdirSync(directory).filter((name) => /^mesos-master\.[A-Z]+$/.test(name)),
    ['mesos-master.INFO'],
  );
  log.error({}, 'three');
  log.warn({}, 'two');
  const texts = (name: string): readonly string[] => read(name).match(/one|two|three/g) ?? [];
  assert.deepEqual(texts('mesos-master.INFO'), ['one', 'three', 'two']);
  assert.deepEqual(texts('mesos-master.WARNING'), ['three', 'two']);
  assert.deepEqual(texts('mesos-master.ERROR'), ['three']);
});

test('the short name links to a file that names host, user, severity, time and process', (t) => {
  const { log, directory } = logTo(t);
  log.info({}, 'one');
  assert.match(
    readlinkSync(join(directory, 'mesos-master.INFO')),
    /^mesos-master\.h1\.ops\.log\.INFO\.\d{8}-\d{6}\.7$/,
  );
});

test('a full file is followed by another, to which the short name then links', (t) => {
  const { files, read } = logTo(t, 10);
  const line = (time: string, msg: string): string =>
    JSON.stringify({ level: 30, time, pid: 7, hostname: 'h1', name: 'x', msg });
  files.write(line('2026-01-01T00:00:00.000Z', 'before'));
  files.write(line('2026-01-01T00:00:01.000Z', 'after'));
  assert.doesNotMatch(read('mesos-master.INFO'), /before/);
  assert.match(read('mesos-master.INFO'), /after/);
});

test('a directory that went away does not stop anybody', (t) => {
  const { log, directory } = logTo(t);
  rmSync(directory, { recursive: true });
  assert.doesNotThrow(() => log.info({}, 'one'));
});
