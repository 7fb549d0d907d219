/** The end of an agent whose Docker engine hangs or is dead. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestEngine } from './support/docker.ts';
import { containerNameOf, DockerFramework } from './support/docker-tasks.ts';
import { numberAt } from './support/json.ts';
import { eventually, isAlive } from './support/programs.ts';

test('SIGUSR1 ends agent, launcher and tasks also when the engine hangs or is dead', async (t) => {
  const { engine, cluster } = await TestEngine.withCluster(t, 'docker-stop', {
    agentFlags: ['--executor_shutdown_grace_period=1secs'],
  });
  const framework = await DockerFramework.start(cluster, 'stop');
  const endsWithAgent = async (id: string, disturb: () => Promise<void>): Promise<string> => {
    await framework.launch(id);
    const status = await framework.until(id, 'TASK_RUNNING');
    const pid = numberAt(status, 'container_status', 'executor_pid');
    const launcher = Number(readFileSync(join(cluster.agentDirectory, 'docker/pid'), 'utf8'));
    await disturb();
    assert.equal(await cluster.endAgent('SIGUSR1'), 0, cluster.output());
    await eventually('the task ends', () => !isAlive(pid));
    await eventually('the launcher ends', () => (isAlive(launcher) ? undefined : true));
    return containerNameOf(status);
  };

  const first = await endsWithAgent('hangs', async () => engine.signal('SIGSTOP'));
  engine.signal('SIGCONT');
  cluster.startAgent();
  await cluster.agentRegistered();
  const second = await endsWithAgent('dead', () => engine.stop('SIGKILL'));
  await engine.begin();
  // What could not be removed then is an orphan of the next agent.
  cluster.startAgent();
  await cluster.agentRegistered();
  await eventually('the containers are removed', async () => {
    const names = await engine.names();
    return names.includes(first) || names.includes(second) ? undefined : true;
  });
});
