import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkJob } from '../../../../schedulers/aurora/config/job-checks.ts';
import { convertJob } from '../../../../schedulers/aurora/config/job-configuration.ts';
import {
  jobKeyOf,
  keyText,
  loadFile,
  loadJson,
} from '../../../../schedulers/aurora/config/loader.ts';
import { readTaskInstance } from '../../../../schedulers/aurora/config/task-instance.ts';
import { decodeStruct, encodeStruct } from '../../../../schedulers/aurora/thrift/messages.ts';
import { surroundingsOf } from './support/load.ts';

const FOLDER = new URL('../../../../examples/aurora/', import.meta.url).pathname;
const SURROUNDINGS = {
  ...surroundingsOf(),
  userName: () => 'www-data',
  read: (path: string) => (existsSync(path) ? readFileSync(path) : undefined),
};

/** File to the keys of its jobs. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'combined.aurora': ['devel/both', 'devel/in_turn'],
  'coordinated_update.aurora': ['prod/coordinated_update'],
  'cron.aurora': ['prod/report', 'prod/cleaning'],
  'diamond.aurora': ['devel/diamond'],
  'docker.aurora': ['devel/in_docker', 'devel/in_mesos'],
  'from_json.json': ['devel/from_json'],
  'health_checked.aurora': ['devel/health_checked'],
  'hello.aurora': ['devel/hello'],
  'hello_world.aurora': ['devel/hello_world'],
  'included.aurora': ['devel/included'],
  'logging.aurora': ['devel/logging'],
  'many.aurora': ['devel/shard-mails', 'devel/shard-orders', 'devel/shard-users'],
  'profiles.aurora': ['devel/greeter', 'staging1/greeter', 'prod/greeter'],
  'rolling_update.aurora': ['prod/rolling_update'],
  'sequential.aurora': ['devel/sequential'],
  'shell_health_check.aurora': ['devel/shell_health_check'],
  'side_processes.aurora': ['devel/side_processes'],
  'simple.aurora': ['test/simple'],
  'spread.aurora': ['prod/spread'],
};

test('every example is tested', () => {
  const files = readdirSync(FOLDER).filter((name) => /\.(?:aurora|json)$/.test(name));
  assert.deepEqual(files.sort(), Object.keys(EXAMPLES).sort());
});

for (const [file, keys] of Object.entries(EXAMPLES)) {
  test(`${file} loads, becomes Thrift and comes back, and Thermos reads its tasks`, () => {
    const load = file.endsWith('.json') ? loadJson : loadFile;
    const loaded = load(join(FOLDER, file), { surroundings: SURROUNDINGS });
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.error);
    const { jobs, calls } = loaded.value;
    assert.deepEqual(
      jobs.map((each) => keyText(jobKeyOf(each, calls))),
      keys.map((each) => `devcluster/www-data/${each}`),
    );
    for (const job of jobs) {
      const made = convertJob(job, { user: 'someone', calls });
      assert.ok(made.ok, made.ok ? '' : made.error);
      assert.deepEqual(checkJob(made.value.data), { errors: [], warnings: [] });
      const { configuration } = made.value;
      const bytes = encodeStruct('JobConfiguration', configuration);
      const again = decodeStruct('JobConfiguration', bytes);
      assert.ok(again.ok);
      assert.deepEqual(encodeStruct('JobConfiguration', again.value), bytes);
      const task = readTaskInstance(configuration.taskConfig?.executorConfig?.data ?? '', {
        instance: 1,
        hostname: 'host',
        taskId: 'task',
        ports: new Map([['http', 31_000]]),
      });
      assert.ok(task.ok, task.ok ? '' : task.error);
      assert.ok(task.value.task.processes.every(({ cmdline }) => !cmdline.includes('{{')));
    }
  });
}
