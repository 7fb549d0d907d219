/** Loading of configurations from texts, in surroundings made of maps. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Result } from '../../../../../core/base/result.ts';
import type { BudgetLimits } from '../../../../../schedulers/aurora/config/interpreter/budget.ts';
import type { Surroundings } from '../../../../../schedulers/aurora/config/interpreter/surroundings.ts';
import {
  type ConvertedJob,
  convertJob,
} from '../../../../../schedulers/aurora/config/job-configuration.ts';
import { type LoadedConfig, loadFile } from '../../../../../schedulers/aurora/config/loader.ts';

export interface FakeSurroundings {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export function surroundingsOf({
  files = {},
  environment = {},
}: FakeSurroundings = {}): Surroundings {
  return {
    read: (path) => {
      const found = files[path];
      return typeof found === 'string' ? Buffer.from(found) : found;
    },
    environment: (name) => environment[name],
    userName: () => 'someone',
    workingDirectory: () => '/home/someone',
    nowSeconds: () => 1_480_000_000.5,
    digest: (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex'),
  };
}

/** Loads `text` as `/jobs/main.aurora`. */
export function load(
  text: string,
  around: FakeSurroundings = {},
  limits: BudgetLimits | undefined = undefined,
): Result<LoadedConfig> {
  const surroundings = surroundingsOf({ ...around, files: { ...around.files, [MAIN]: text } });
  return loadFile(MAIN, limits === undefined ? { surroundings } : { surroundings, limits });
}

const MAIN = '/jobs/main.aurora';

/** What the file printed. */
export function printed(text: string, around: FakeSurroundings = {}): readonly string[] {
  const loaded = load(text, around);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.error);
  return loaded.value.printed;
}

/** The last line of the error. */
export function refusal(text: string, around: FakeSurroundings = {}): string {
  const loaded = load(text, around);
  assert.ok(!loaded.ok, 'it is no error');
  return loaded.error.split('\n').at(-1) ?? '';
}

/** The first job of the file, converted. */
export function converted(text: string, around: FakeSurroundings = {}): Result<ConvertedJob> {
  const loaded = load(text, around);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.error);
  const [job] = loaded.value.jobs;
  assert.ok(job !== undefined, 'there is no job');
  return convertJob(job, { user: 'someone', calls: loaded.value.calls });
}

/** A job of the given attributes besides the required ones. */
export function jobText(attributes = '', task = TASK): string {
  return `jobs = [Job(cluster='c', role='www', environment='devel', name='web', task=${task}, ${attributes})]`;
}

export const TASK =
  "Task(processes=[Process(name='run', cmdline='true')], resources=Resources(cpu=0.5, ram=64*MB, disk=1*GB))";
