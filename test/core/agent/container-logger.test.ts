import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileContainerLogger, logPlanFor } from '../../../core/agent/container-logger.ts';
import { LOGROTATE_LOGGER, SANDBOX_LOGGER } from '../../../core/modules/built-in.ts';

const compile = (values: Readonly<Record<string, string>>) =>
  compileContainerLogger(LOGROTATE_LOGGER, () =>
    Object.entries(values).map(([key, value]) => ({ key, value })),
  );

test('output goes to files as they grow unless another logger is named', () => {
  for (const name of [undefined, SANDBOX_LOGGER]) {
    assert.deepEqual(
      compileContainerLogger(name, () => []),
      { ok: true, value: undefined },
    );
  }
});

test('the logger of the original has its parameters and defaults', () => {
  const plain = compile({});
  assert.ok(plain.ok);
  const megabytes = { maxBytes: 10 * 1024 ** 2, options: '' };
  assert.deepEqual(plain.value, {
    plan: { stdout: megabytes, stderr: megabytes, logrotatePath: 'logrotate' },
    environmentPrefix: 'CONTAINER_LOGGER_',
  });
  const given = compile({
    max_stdout_size: '8KB',
    logrotate_stdout_options: 'rotate 5\ncompress',
    logrotate_path: '/opt/logrotate',
    launcher_dir: '/usr/libexec/mesos',
  });
  assert.ok(given.ok);
  assert.deepEqual(given.value?.plan, {
    stdout: { maxBytes: 8_192, options: 'rotate 5\ncompress' },
    stderr: megabytes,
    logrotatePath: '/opt/logrotate',
  });
});

const REFUSED: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
  [{ max_stdout_size: '1KB' }, "Expected 'max_stdout_size' of at least 4096 bytes"],
  [{ max_stderr_size: 'much' }, "Failed to parse 'max_stderr_size': Invalid bytes 'much'"],
  [{ colour: 'red' }, `${LOGROTATE_LOGGER} has no parameter 'colour'`],
];

test('sizes below a page, sizes that are none and unknown parameters are refused', () => {
  for (const [values, error] of REFUSED) assert.deepEqual(compile(values), { ok: false, error });
});

test('a logger that is not built in is refused by name', () => {
  const refused = compileContainerLogger('org_other', () => []);
  assert.ok(!refused.ok);
  assert.match(refused.error, /^Failed to create container logger: 'org_other' is neither/);
});

test('the environment of a container changes the logger for that container alone', () => {
  const logger = compile({ max_stdout_size: '8KB' });
  assert.ok(logger.ok && logger.value !== undefined);
  const environment = (name: string, value: string) => ({
    environment: { variables: [{ name, value }] },
  });
  const own = logPlanFor(logger.value, environment('CONTAINER_LOGGER_MAX_STDOUT_SIZE', '16KB'));
  assert.ok(own.ok);
  assert.equal(own.value.stdout.maxBytes, 16_384);
  const rotated = logPlanFor(
    logger.value,
    environment('CONTAINER_LOGGER_LOGROTATE_STDERR_OPTIONS', 'rotate 2'),
  );
  assert.ok(rotated.ok);
  assert.deepEqual(rotated.value.stdout, { maxBytes: 8_192, options: '' });
  assert.equal(rotated.value.stderr.options, 'rotate 2');
  const bad = logPlanFor(logger.value, environment('CONTAINER_LOGGER_MAX_STDOUT_SIZE', '1B'));
  assert.equal(bad.ok, false);
});
