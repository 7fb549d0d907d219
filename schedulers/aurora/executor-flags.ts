/**
 * The executors that tasks may have: Thermos by its flags, others from `-custom_executor_config` (spec
 * aurora-scheduler, sections 10.2 and 11).
 */
import { basename } from 'node:path';
import { type FlagValues, flag, optionalFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { CommandInfo, CommandInfoURI } from '../../core/wire/types/mesos.v1.ts';
import { readJsonFlag, wordsOf } from './flag-values.ts';
import type { ExecutorSettings, HostVolume } from './machine/settings.ts';
import { isTable } from './thrift/plain-json.ts';

const MIB = 1024 ** 2;

export const EXECUTOR_FLAGS = {
  thermos_executor_path: optionalFlag('string', { help: 'Path of the executor on all agents.' }),
  thermos_executor_flags: flag('string', '', { help: 'What the executor is given.' }),
  thermos_executor_resources: flag('string', '', { help: 'Further files, with commas.' }),
  thermos_executor_cpu: flag('double', 0.25, { help: 'CPUs of an executor. (default: 0.25)' }),
  thermos_executor_ram: flag('bytes', 128 * MIB, { help: 'Memory of it. (default: 128MB)' }),
  thermos_home_in_sandbox: flag('bool', false, { help: 'Sets HOME to the sandbox.' }),
  global_container_mounts: flag('string', '', {
    help: 'Volumes of all containers that Thermos runs in: host:container:RO or RW, with commas.',
  }),
  custom_executor_config: optionalFlag('path', {
    help: 'File with other executors: a list of executor, task_prefix and volume_mounts.',
  }),
} as const;

type ExecutorFlags = FlagValues<typeof EXECUTOR_FLAGS>;

export type Executors = ReadonlyMap<string, ExecutorSettings>;

/** The name that configurations use for Thermos. */
const THERMOS = 'AuroraExecutor';
/** The agent sets the variable; without it the task runs in its sandbox. */
const SANDBOX = `\${MESOS_SANDBOX=.}`;

export function compileExecutors(flags: ExecutorFlags): Result<Executors> {
  const volumes = mountsOf(flags.global_container_mounts);
  if (!volumes.ok) return volumes;
  const thermos = { ...thermosOf(flags), volumes: volumes.value };
  const path = flags.custom_executor_config;
  if (path === undefined) return ok(new Map([[THERMOS, thermos]]));
  const custom = readJsonFlag('custom_executor_config', path, parseExecutors);
  return custom.ok ? ok(new Map([[THERMOS, thermos], ...custom.value])) : custom;
}

function thermosOf(flags: ExecutorFlags): Omit<ExecutorSettings, 'volumes'> {
  const path = flags.thermos_executor_path;
  const name = path === undefined ? 'thermos_executor.pex' : basename(path);
  const home = flags.thermos_home_in_sandbox ? `HOME=${SANDBOX} ` : '';
  const value = `${home}${SANDBOX}/${name} ${flags.thermos_executor_flags}`.trim();
  const more = wordsOf(flags.thermos_executor_resources);
  const files = [...(path === undefined ? [] : [path]), ...more];
  return {
    cpus: flags.thermos_executor_cpu,
    ramMb: flags.thermos_executor_ram / MIB,
    command: { value, uris: files.map((file) => ({ value: file, executable: true })) },
    idPrefix: 'thermos-',
  };
}

function mountsOf(text: string): Result<readonly HostVolume[]> {
  const volumes: HostVolume[] = [];
  for (const word of wordsOf(text)) {
    const [hostPath = '', containerPath = '', mode = '', ...rest] = word.split(':');
    const known = mode.toUpperCase();
    if (containerPath === '' || rest.length > 0 || (known !== 'RO' && known !== 'RW')) {
      return err(`Flag 'global_container_mounts': '${word}' is not host:container:RO or RW`);
    }
    volumes.push({ hostPath, containerPath, mode: known });
  }
  return ok(volumes);
}

/** Of the file; a sentence that names what is wrong with it. */
export function parseExecutors(file: unknown): Result<Executors> {
  if (!Array.isArray(file)) return flaw('the file is no list');
  const executors = new Map<string, ExecutorSettings>();
  try {
    for (const [index, entry] of file.entries()) {
      const [name, executor] = readEntry(new Reading(entry, `[${index}]`));
      if (name === THERMOS || executors.has(name)) {
        throw new Flawed(`there is more than one executor '${name}'`);
      }
      executors.set(name, executor);
    }
  } catch (thrown) {
    if (thrown instanceof Flawed) return flaw(thrown.message);
    throw thrown;
  }
  return ok(executors);
}

function flaw<T>(what: string): Result<T> {
  return err(`Flag 'custom_executor_config': ${what}`);
}

class Flawed extends Error {}

/** An object of the file, whose fields are taken one by one; what is left over is refused. */
class Reading {
  private readonly left: Map<string, unknown>;
  readonly where: string;

  constructor(value: unknown, where: string) {
    if (!isTable(value)) throw new Flawed(`${where} is no object`);
    this.left = new Map(Object.entries(value).filter(([, each]) => each !== null));
    this.where = where;
  }

  take(field: string): unknown {
    const value = this.left.get(field);
    this.left.delete(field);
    return value;
  }

  text(field: string): string {
    const value = this.take(field);
    if (typeof value !== 'string' || value === '') throw this.wrong(field, 'a text');
    return value;
  }

  /** Texts of truth are truth, too. */
  truth(field: string): boolean | undefined {
    const value = this.take(field);
    if (value === undefined || typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw this.wrong(field, 'true or false');
  }

  list<T>(field: string, each: (value: unknown, where: string) => T): readonly T[] {
    const value = this.take(field) ?? [];
    if (!Array.isArray(value)) throw this.wrong(field, 'a list');
    return value.map((item, index) => each(item, `${this.where}.${field}[${index}]`));
  }

  within(field: string): Reading {
    return new Reading(this.take(field), `${this.where}.${field}`);
  }

  end(): void {
    const [unknown] = this.left.keys();
    if (unknown !== undefined) throw new Flawed(`${this.where} has an unknown '${unknown}'`);
  }

  private wrong(field: string, kind: string): Flawed {
    return new Flawed(`${this.where}.${field} is not ${kind}`);
  }
}

function readEntry(entry: Reading): readonly [name: string, executor: ExecutorSettings] {
  const executor = entry.within('executor');
  const name = executor.text('name');
  const command = readCommand(executor.within('command'));
  const overhead = new Map(executor.list('resources', readResource));
  executor.end();
  const idPrefix = entry.text('task_prefix');
  const volumes = entry.list('volume_mounts', readVolume);
  entry.end();
  const [cpus, ramMb] = [overhead.get('cpus') ?? 0, overhead.get('mem') ?? 0];
  return [name, { cpus, ramMb, command, idPrefix, volumes }];
}

function readCommand(from: Reading): CommandInfo {
  const command = {
    value: from.text('value'),
    shell: from.truth('shell'),
    arguments: from.list('arguments', textOf),
    uris: from.list('uris', readUri),
  };
  from.end();
  return command;
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Flawed(`${where} is not a text`);
  return value;
}

function readUri(value: unknown, where: string): CommandInfoURI {
  const from = new Reading(value, where);
  const uri = {
    value: from.text('value'),
    executable: from.truth('executable'),
    extract: from.truth('extract'),
    cache: from.truth('cache'),
  };
  from.end();
  return uri;
}

function readResource(value: unknown, where: string): readonly [name: string, amount: number] {
  const from = new Reading(value, where);
  const [name, type] = [from.text('name'), from.text('type')];
  const scalar = from.within('scalar');
  const amount = scalar.take('value');
  scalar.end();
  from.end();
  const isKnown = (name === 'cpus' || name === 'mem') && type === 'SCALAR';
  if (!isKnown) throw new Flawed(`${where} is neither cpus nor mem`);
  if (typeof amount !== 'number' || !(amount >= 0)) {
    throw new Flawed(`${where}.scalar.value is not a number`);
  }
  return [name, amount];
}

function readVolume(value: unknown, where: string): HostVolume {
  const from = new Reading(value, where);
  const [hostPath, containerPath] = [from.text('host_path'), from.text('container_path')];
  const mode = from.text('mode');
  from.end();
  if (mode !== 'RO' && mode !== 'RW') throw new Flawed(`${where}.mode is neither RO nor RW`);
  return { hostPath, containerPath, mode };
}
