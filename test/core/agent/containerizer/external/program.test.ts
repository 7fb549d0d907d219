/** Messages between the agent and an external containerizer, and flags that choose one. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileContainerizers } from '../../../../../core/agent/containerizer/choice.ts';
import {
  externalProgram,
  frame,
  unframe,
} from '../../../../../core/agent/containerizer/external/program.ts';
import { AGENT_FLAGS } from '../../../../../core/agent/flags.ts';
import { parseFlags } from '../../../../../core/base/flags.ts';

test('a message travels behind its length in four bytes of this host', () => {
  assert.deepEqual([...frame(new Uint8Array([7, 8]))], [2, 0, 0, 0, 7, 8]);
  const back = unframe(frame(new Uint8Array([7, 8])));
  assert.ok(back.ok);
  assert.deepEqual([...back.value], [7, 8]);
});

test('what is cut short or too long is refused with its sizes', () => {
  const refusal = (bytes: readonly number[]): string | undefined => {
    const message = unframe(new Uint8Array(bytes));
    return message.ok ? undefined : message.error;
  };
  assert.equal(refusal([1, 0]), 'a message of 2 bytes has no length');
  assert.equal(refusal([2, 0, 0, 0, 7]), 'a message of 2 bytes was announced, 1 came');
  assert.equal(refusal([0, 0, 0, 0, 7]), 'a message of 0 bytes was announced, 1 came');
});

test('errors of a program go to no file that a task has linked in the place of its stderr', async (t) => {
  const sandbox = mkdtempSync(join(tmpdir(), 'external-'));
  t.after(() => rmSync(sandbox, { recursive: true }));
  writeFileSync(join(sandbox, 'precious'), '');
  symlinkSync('precious', join(sandbox, 'stderr'));
  const request = { command: 'usage', directory: sandbox, environment: {} } as const;
  const given = await externalProgram('/bin/ls')(request);
  assert.match(given.ok ? '' : given.error, /^External containerizer failed to usage: ELOOP/);
  assert.equal(readFileSync(join(sandbox, 'precious'), 'utf8'), '');
});

test('containerizers are checked by name, and external ones stand alone', () => {
  const compiled = (...args: readonly string[]): unknown => {
    const all = ['--master=m:1', '--work_dir=/w', ...args];
    const sources = { argv: all, env: {}, envPrefix: undefined, style: 'equals' } as const;
    const flags = parseFlags(AGENT_FLAGS, sources);
    assert.ok(flags.ok);
    const choice = compileContainerizers(flags.value);
    return choice.ok ? choice.value.names : choice.error;
  };
  assert.deepEqual(compiled(), ['mesos']);
  assert.deepEqual(compiled('--containerizers=docker,mesos'), ['docker', 'mesos']);
  assert.equal(compiled('--containerizers=rkt'), 'Unknown or unsupported containerizer: rkt');
  const external = '--containerizers=external';
  assert.equal(
    compiled(external),
    'Cannot create external containerizer: `--containerizer_path` is not set',
  );
  assert.deepEqual(compiled(external, '--containerizer_path=/p'), ['external']);
  assert.equal(
    compiled('--containerizers=mesos,external', '--containerizer_path=/p'),
    "Containerizer 'external' cannot be combined with others",
  );
});
