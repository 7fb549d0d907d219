/**
 * Runs tests by kind: `node test/run.ts all|unit|e2e|sim|... [name part]`.
 * Unit tests are everything outside the folders of the slower kinds. The exit code is that of
 * Node's runner, whose summary is the last thing printed.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const SLOW_KINDS = ['e2e', 'fuzz', 'sim', 'interop', 'ui'];

/** Files at the same time; the end-to-end tests start processes of their own. */
const CONCURRENCY = 3;
/** A test that hangs fails instead of holding up the rest for ever. */
const TEST_LIMIT_MS = 600_000;

const [kind = 'all', part = ''] = process.argv.slice(2);
const files = globSync('test/**/*.test.ts')
  .filter((file) => {
    const folder = file.split('/')[1] ?? '';
    if (kind === 'all') return true;
    return kind === 'unit' ? !SLOW_KINDS.includes(folder) : folder === kind;
  })
  .filter((file) => file.includes(part))
  .sort();
if (files.length === 0) {
  process.stderr.write(`no test files of kind '${kind}' match '${part}'\n`);
  process.exit(1);
}
// Modes of files are compared: those of a usual system.
process.umask(0o022);
// Child programs of the tests must find the pinned Node first.
const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
const options = [
  '--test',
  '--test-reporter=spec',
  `--test-concurrency=${CONCURRENCY}`,
  `--test-timeout=${TEST_LIMIT_MS}`,
];
// Hundreds of processes load the same modules: what they are compiled to is kept for this run.
const compiled = mkdtempSync(join(tmpdir(), 'orrery-compiled-'));
const child = spawn(process.execPath, [...options, ...files], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: compiled, ...process.env, PATH: path },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  rmSync(compiled, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code ?? 1);
});
