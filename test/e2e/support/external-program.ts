/**
 * An external containerizer as operators wrote them: containers are processes, what is known of them
 * lies in a directory. `node external-program.ts COMMAND`, started by a script that sets the directory.
 */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { frame, unframe } from '../../../core/agent/containerizer/external/program.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import { eventually } from './programs.ts';

const PREFIX = 'mesos.internal.containerizer';
const directory = process.env['EXTERNAL_DIRECTORY'] ?? '/nowhere';
const [command = '', ...more] = process.argv.slice(2);
const place = (id: string, what: string): string => join(directory, 'containers', id, what);

function input(): Uint8Array {
  const message = unframe(readFileSync(0));
  if (!message.ok) throw new Error(message.error);
  return message.value;
}

/** All messages about one container begin with its id. */
function containerId(): string {
  const message = decodeMessage(`${PREFIX}.Wait`, input());
  if (!message.ok) throw new Error(message.error);
  return message.value.container_id.value;
}

function launch(): void {
  const message = decodeMessage(`${PREFIX}.Launch`, input());
  if (!message.ok) throw new Error(message.error);
  const { container_id, executor_info, task_info } = message.value;
  const id = container_id.value;
  const value = (task_info ?? executor_info)?.command?.value ?? '';
  if (value === 'refuse') process.exit(3);
  mkdirSync(join(directory, 'containers', id), { recursive: true });
  const stdout = openSync(join(process.cwd(), 'stdout'), 'a');
  const args = [...process.execArgv, process.argv[1] ?? '', 'run', id, value];
  spawn(process.execPath, args, { detached: true, stdio: ['ignore', stdout, stdout] }).unref();
}

/** Keeps the container: starts its command and writes down how it ended. */
function run([id = '', value = '']: readonly string[]): void {
  const child = spawn('/bin/sh', ['-c', value], { stdio: 'inherit', detached: true });
  writeFileSync(place(id, 'pid'), String(child.pid));
  child.on('exit', (code, signal) => {
    writeFileSync(place(id, 'status'), String(signal === 'SIGKILL' ? 9 : (code ?? 0) << 8));
  });
}

async function wait(): Promise<void> {
  const id = containerId();
  const status = await eventually(
    'the end',
    () => (existsSync(place(id, 'status')) ? Number(readFileSync(place(id, 'status'))) : undefined),
    () => '',
    600_000,
  );
  const termination = { killed: status === 9, message: 'ended', status };
  process.stdout.write(frame(encodeMessage(`${PREFIX}.Termination`, termination)));
}

appendFileSync(join(directory, 'commands'), `${command}\n`);
switch (command) {
  case 'launch':
    launch();
    break;
  case 'run':
    run(more);
    break;
  case 'wait':
    await wait();
    break;
  case 'destroy':
    process.kill(-Number(readFileSync(place(containerId(), 'pid'))), 'SIGKILL');
    break;
  case 'usage':
    process.stdout.write(
      frame(encodeMessage('mesos.v1.ResourceStatistics', { timestamp: 1, mem_rss_bytes: 4_711 })),
    );
    break;
  case 'containers': {
    const all = existsSync(join(directory, 'containers'))
      ? readdirSync(join(directory, 'containers'))
      : [];
    const containers = all
      .filter((id) => !existsSync(place(id, 'status')))
      .map((value) => ({ value }));
    process.stdout.write(frame(encodeMessage(`${PREFIX}.Containers`, { containers })));
    break;
  }
  default:
    break;
}
