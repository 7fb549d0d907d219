/** The programs as a user starts them: names, help, refusals, and the end of a local cluster. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  eventually,
  freePorts,
  http,
  isAlive,
  PROJECT,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const directory = await temporaryDirectory('roof');
after(() => removeDirectory(directory));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the package's starter under a name, as npm's links do. */
function runAs(program: string, ...args: readonly string[]): Ended {
  const links = join(directory, 'bin');
  const link = join(links, program);
  mkdirSync(links, { recursive: true });
  try {
    symlinkSync(join(PROJECT, 'core/cli/bin/orrery'), link);
  } catch {
    // It is there from an earlier call.
  }
  return spawnSync(link, args, { encoding: 'utf8', timeout: 120_000 });
}

test('each classic name starts its own program', () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['orrery', /^orrery \d+\.\d+\.\d+ \(as Mesos 1\.12\.0\)\n$/],
    ['mesos-master', /^mesos 1\.12\.0\n$/],
    ['mesos-agent', /^mesos 1\.12\.0\n$/],
    ['mesos-execute', /^mesos 1\.12\.0\n$/],
    ['mesos-local', /^orrery/],
    ['marathon', /^\d/],
    ['chronos', /^chronos/],
    ['mesos-dns', /^v0\.7\.0\n$/],
  ];
  for (const [program, version] of table) {
    const { stdout, stderr, status } = runAs(program, '--version');
    assert.match(stdout, version, `${program}: ${stderr}`);
    assert.equal(status, 0, program);
  }
});

test('each part explains its flags', () => {
  for (const part of ['local', 'master', 'agent', 'marathon', 'chronos', 'execute']) {
    const { stdout, status } = runAs('orrery', part, '--help');
    assert.match(stdout, /^Usage: .* \[options\]\n\n {2}--/, part);
    assert.equal(status, 0);
  }
  assert.match(runAs('orrery', 'help').stdout, /^Usage: orrery <part> \[options\]/);
});

test('what is not understood is said on stderr', () => {
  const unknown = runAs('orrery', 'mater');
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /^orrery: 'mater' is not a part of this package/);
  const flag = runAs('mesos-master', '--prot=1');
  assert.equal(flag.status, 1);
  assert.match(flag.stderr, /^Failed to load unknown flag 'prot'/);
  assert.match(flag.stderr, /\n\nSee `mesos-master --help` for a list of supported flags\.\n$/);
  const missing = runAs('mesos-dns', `-config=${join(directory, 'none.json')}`);
  assert.equal(missing.status, 1);
  assert.match(
    missing.stderr,
    /^ERROR: \S+ \S+ main\.ts:\d+: missing configuration file: ".*none\.json"\n$/,
  );
});

const PORT_FLAGS = [
  'master_port',
  'agent_port',
  'marathon_port',
  'chronos_port',
  'aurora_port',
  'dns_port',
  'dns_http_port',
] as const;

async function localFlags(name: string): Promise<{ ports: number[]; flags: string[] }> {
  const ports = await freePorts(PORT_FLAGS.length);
  const flags = PORT_FLAGS.map((flag, at) => `--${flag}=${ports[at]}`);
  return { ports, flags: [`--work_dir=${join(directory, name)}`, ...flags] };
}

test('a taken port is one sentence with the flag that chooses another', async () => {
  const { ports, flags } = await localFlags('taken');
  // The flag of each: `local-flags.test.ts`.
  for (const flag of ['master_port', 'dns_http_port'] as const) {
    const port = ports[PORT_FLAGS.indexOf(flag)] ?? 0;
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const local = startOrrery(['local', ...flags]);
    assert.equal(await endOf(local), 1);
    assert.equal(
      local.output(),
      `orrery local: port ${port} is in use; choose another with --${flag}\n`,
    );
    await new Promise((resolve) => server.close(resolve));
  }
});

/** The exit code, without any help from us. */
async function endOf({ child }: Program): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return await new Promise((resolve) => child.once('close', resolve));
}

async function startLocal(flags: readonly string[]): Promise<Program> {
  const local = startOrrery(['local', ...flags]);
  await eventually(
    'READY',
    () => (/^READY$/m.test(local.output()) ? true : undefined),
    () => local.output(),
  );
  return local;
}

test('mesos-execute runs a task, and an interrupt leaves no process of it', async () => {
  const { ports, flags } = await localFlags('execute');
  const local = await startLocal([...flags, '--resources=cpus:2;mem:512;disk:512']);
  const master = `--master=127.0.0.1:${ports[0]}`;
  const resources = '--resources=cpus:0.1;mem:32';
  const run = startOrrery(['execute', master, resources, '--name=ok', '--command=true']);
  assert.equal(await endOf(run), 0, run.output());
  assert.match(run.output(), /^Subscribed with ID .+\nSubmitted task 'ok' to agent '.+-S0'\n/);
  assert.match(run.output(), /Received status update TASK_FINISHED for task 'ok'\n/);

  const pidFile = join(directory, 'pid');
  const command = `trap "" TERM; echo $$ > ${pidFile}; while true; do sleep 1; done`;
  const app = { id: 'stubborn', cmd: command, cpus: 0.1, mem: 32 };
  await http('POST', `http://127.0.0.1:${ports[2]}/v2/apps`, app);
  const pid = await eventually('the task', async () => {
    const text = await readFile(pidFile, 'utf8');
    return text === '' ? undefined : Number(text);
  });
  assert.equal(await local.stop('SIGINT'), 0, local.output());
  await eventually('the task is gone', () => !isAlive(pid));
  await eventually('no process is left', () => {
    const left = spawnSync('pgrep', ['-f', join(directory, 'execute')], { encoding: 'utf8' });
    return left.stdout === '';
  });
});
