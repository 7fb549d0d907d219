/** What a Docker executor is granted grows with its tasks, while it runs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestEngine } from './support/docker.ts';
import { DockerFramework } from './support/docker-tasks.ts';
import { needs } from './support/host-features.ts';
import { at } from './support/json.ts';
import { eventually } from './support/programs.ts';

const NEEDS = needs('root', 'cgroup:cpu');

/** Subscribes with the image's own client and keeps the stream open. */
const SUBSCRIBE = String.raw`
who="\"executor_id\":{\"value\":\"$MESOS_EXECUTOR_ID\"},\"framework_id\":{\"value\":\"$MESOS_FRAMEWORK_ID\"}"
exec wget -O - --header "Content-Type: application/json" --header "Accept: application/json" \
  --post-data "{\"type\":\"SUBSCRIBE\",$who,\"subscribe\":{}}" "http://$MESOS_AGENT_ENDPOINT/api/v1/executor"`;

test('a task that comes to an executor makes its container larger', NEEDS, async (t) => {
  const { engine, cluster } = await TestEngine.withCluster(t, 'docker-grants');
  const framework = await DockerFramework.start(cluster, 'grants');
  const scalar = (name: string, value: number): object => {
    return { name, type: 'SCALAR', scalar: { value } };
  };
  const executor = {
    executor_id: { value: 'larger' },
    command: { value: SUBSCRIBE },
    container: { type: 'DOCKER', docker: { image: 'busybox', network: 'HOST' } },
    resources: [scalar('cpus', 0.1), scalar('mem', 64)],
  };
  const task = { executor, command: undefined, container: undefined };
  const output = (): string => {
    const read = (name: string): string =>
      readFileSync(join(framework.sandbox('larger'), name), 'utf8');
    return read('stderr') + read('stdout');
  };
  const shares = async (): Promise<number> => {
    const [name = ''] = await engine.names('--filter', 'status=running');
    const pid = Number(at(await engine.inspect(name), 'State', 'Pid'));
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    const [, path] = /^\d+:[^:]*\bcpu\b[^:]*:(.*)$/m.exec(groups) ?? [];
    return Number(readFileSync(`/sys/fs/cgroup/cpu${path}/cpu.shares`, 'utf8'));
  };
  const grown = async (to: number): Promise<void> => {
    await eventually(
      `${to} shares`,
      async () => ((await shares()) === to ? true : undefined),
      output,
    );
  };
  await framework.launch('first', { cpus: 0.5, task });
  await grown(614);
  await framework.launch('second', { cpus: 1, task });
  await grown(1638);
  assert.match(output(), /"task_id":\{"value":"second"\}/);
});
