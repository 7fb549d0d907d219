/** Docker tasks through deaths of the agent, of its Docker launcher, of the engine, and other accidents. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestEngine } from './support/docker.ts';
import { containerNameOf, DockerFramework } from './support/docker-tasks.ts';
import { at } from './support/json.ts';
import { eventually, freePorts, startOrrery, temporaryDirectory } from './support/programs.ts';

/** Ends with this status when the file `end` appears in its sandbox. */
const WAITER = { value: 'while ! test -e $MESOS_SANDBOX/end; do sleep 0.1; done; exit 7' };

test('Docker tasks outlive the agent, its launcher and an engine that is restarted', async (t) => {
  const flags = ['--docker_remove_delay=1secs', '--executor_registration_timeout=20secs'];
  const { engine, cluster } = await TestEngine.withCluster(t, 'docker-rec', { agentFlags: flags });
  const framework = await DockerFramework.start(cluster, 'rec');
  const end = (id: string): Promise<string> =>
    engine.docker('exec', names.get(id) ?? '', 'touch', '/mnt/mesos/sandbox/end');
  const names = new Map<string, string>();
  const launch = async (id: string): Promise<void> => {
    await framework.launch(id, { command: WAITER });
    names.set(id, containerNameOf(await framework.until(id, 'TASK_RUNNING')));
  };
  const endsTruly = async (id: string): Promise<void> => {
    const status = await framework.until(id, 'TASK_FAILED');
    assert.equal(status['message'], 'Container exited with status 7');
  };

  await t.test('a killed agent finds its container again, orphans are removed', async () => {
    await launch('one');
    await launch('two');
    await cluster.endAgent('SIGKILL');
    await end('two');
    const orphan = 'mesos-00000000-0000-4000-8000-000000000000';
    await engine.docker('run', '-d', '--name', orphan, 'busybox', 'sleep', '1000');
    await engine.docker('run', '-d', '--name', 'mesos-foreign', 'busybox', 'sleep', '1000');
    cluster.startAgent();
    await cluster.agentRegistered();
    await endsTruly('two');
    await eventually('the orphan goes', async () =>
      (await engine.names()).includes(orphan) ? undefined : true,
    );
    assert.ok((await engine.names()).includes('mesos-foreign'));
    assert.ok((await engine.names()).includes(names.get('one') ?? ''));
    await end('one');
    await endsTruly('one');
  });

  await t.test(
    'a killed Docker launcher is replaced; the status comes from the engine',
    async () => {
      await launch('three');
      const pid = Number(readFileSync(join(cluster.agentDirectory, 'docker/pid'), 'utf8'));
      process.kill(pid, 'SIGKILL');
      await end('three');
      await endsTruly('three');
    },
  );

  await t.test('an engine that is restarted keeps its containers', async () => {
    await launch('four');
    await engine.stop();
    await engine.begin();
    await end('four');
    await endsTruly('four');
  });

  await t.test('an engine that hangs delays a kill, it does not lose it', async () => {
    await launch('five');
    engine.signal('SIGSTOP');
    await framework.kill('five', { kill_policy: { grace_period: { nanoseconds: 0 } } });
    assert.equal((await framework.next('five'))['state'], 'TASK_KILLING');
    engine.signal('SIGCONT');
    await framework.until('five', 'TASK_KILLED');
  });

  await t.test('a container removed by hand is a failed task', async () => {
    await launch('six');
    await engine.docker('rm', '-f', names.get('six') ?? '');
    const status = await framework.until('six', 'TASK_FAILED');
    assert.equal(status['message'], 'Container exited with status 137');
  });

  await t.test(
    'an image that cannot be pulled fails the launch with what Docker said',
    async () => {
      await framework.launch('pull', { docker: { image: 'localhost:1/none' } });
      const status = await framework.until('pull', 'TASK_FAILED');
      assert.equal(status['reason'], 'REASON_CONTAINER_LAUNCH_FAILED');
      const line = `docker -H unix://${engine.socket} pull localhost:1/none:latest`;
      const message = String(status['message']);
      assert.ok(
        message.startsWith(
          `Failed to launch container: Failed to run '${line}': exited with status 1; stderr='`,
        ),
        message,
      );
      await framework.launch('force', { docker: { force_pull_image: true } });
      assert.equal(at(await framework.until('force', 'TASK_FAILED'), 'reason'), status['reason']);
    },
  );
});

test('without an engine the agent says so once and does not start', async () => {
  const directory = await temporaryDirectory('no-engine');
  const [port = 0] = await freePorts(1);
  const agent = startOrrery([
    'agent',
    '--master=127.0.0.1:1',
    '--ip=127.0.0.1',
    `--port=${port}`,
    '--containerizers=docker,mesos',
    `--docker_socket=${directory}/none.sock`,
    `--work_dir=${directory}`,
  ]);
  const code = await new Promise((resolve) => agent.child.on('exit', resolve));
  assert.equal(code, 1);
  const said = agent.output().match(/Could not create DockerContainerizer: Failed to run 'docker/g);
  assert.equal(said?.length, 1, agent.output());
});
