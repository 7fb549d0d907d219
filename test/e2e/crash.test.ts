/**
 * Five separate daemons, ten running tasks; each daemon is killed with SIGKILL and started again,
 * one at a time. No task is lost and none is started twice: every task appends its id to a file
 * when it starts, so a second start would show.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { at, listAt, numberAt, textAt } from './support/json.ts';
import {
  eventually,
  freePorts,
  http,
  isAlive,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const SERVICE_COUNT = 9;
const TASK_COUNT = SERVICE_COUNT + 1;

type DaemonName = 'master' | 'agent' | 'marathon' | 'chronos' | 'dns';

class Cluster {
  readonly directory: string;
  readonly ports: Readonly<Record<DaemonName | 'dnsHttp', number>>;
  readonly programs = new Map<DaemonName, Program>();

  constructor(directory: string, ports: readonly number[]) {
    const [master = 0, agent = 0, marathon = 0, chronos = 0, dns = 0, dnsHttp = 0] = ports;
    this.directory = directory;
    this.ports = { master, agent, marathon, chronos, dns, dnsHttp };
    const config = {
      masters: [`127.0.0.1:${master}`],
      domain: 'mesos',
      port: dns,
      httpPort: dnsHttp,
      httpListener: '127.0.0.1',
      listener: '127.0.0.1',
      resolvers: ['127.0.0.1'],
      externalOn: false,
      refreshSeconds: 5,
    };
    writeFileSync(join(directory, 'dns.json'), JSON.stringify(config));
  }

  start(name: DaemonName): void {
    this.programs.set(name, startOrrery(this.argumentsOf(name)));
  }

  private argumentsOf(name: DaemonName): string[] {
    const { master, agent, marathon, chronos } = this.ports;
    const workDirectory = join(this.directory, name);
    switch (name) {
      case 'master':
        return [name, '--ip=127.0.0.1', `--port=${master}`, `--work_dir=${workDirectory}`];
      case 'agent':
        return [
          name,
          `--master=127.0.0.1:${master}`,
          '--ip=127.0.0.1',
          `--port=${agent}`,
          '--hostname=127.0.0.1',
          '--resources=cpus:8;mem:8192;disk:8192;ports:[31000-31999]',
          `--work_dir=${workDirectory}`,
        ];
      case 'marathon':
        return [
          name,
          `--master=127.0.0.1:${master}`,
          `--http_port=${marathon}`,
          '--http_address=127.0.0.1',
          `--work_dir=${workDirectory}`,
        ];
      case 'chronos':
        return [
          name,
          `--master=127.0.0.1:${master}`,
          `--http_port=${chronos}`,
          '--http_address=127.0.0.1',
          `--work_dir=${workDirectory}`,
        ];
      case 'dns':
        return [name, `--config=${join(this.directory, 'dns.json')}`];
    }
  }

  url(name: DaemonName | 'dnsHttp', path: string): string {
    return `http://127.0.0.1:${this.ports[name]}${path}`;
  }

  output(): string {
    return [...this.programs].map(([name, each]) => `[${name}]\n${each.output()}`).join('\n');
  }

  /** The starts that tasks have written down. */
  starts(): string[] {
    try {
      return readFileSync(join(this.directory, 'starts'), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }

  async runningTaskIds(daemon: 'master' | 'agent' = 'master'): Promise<string[]> {
    const state = await http('GET', this.url(daemon, '/state'));
    const holders =
      daemon === 'master'
        ? listAt(state.body, 'frameworks')
        : listAt(state.body, 'frameworks').flatMap((each) => listAt(each, 'executors'));
    return holders
      .flatMap((holder) => listAt(holder, 'tasks'))
      .filter((task) => at(task, 'state') === 'TASK_RUNNING')
      .map((task) => textAt(task, 'id'))
      .sort();
  }

  /** Everything that must hold again after a restart. */
  async healed(expected: readonly string[]): Promise<void> {
    await eventually(
      'master, Marathon, Chronos and DNS agree on the ten tasks again',
      async () => {
        const running = await this.runningTaskIds();
        if (running.join() !== expected.join()) return undefined;
        if ((await this.runningTaskIds('agent')).join() !== expected.join()) return undefined;
        const app = await http('GET', this.url('marathon', '/v2/apps/steady'));
        if (numberAt(app.body, 'app', 'tasksRunning') !== SERVICE_COUNT) return undefined;
        if (listAt(app.body, 'app', 'deployments').length > 0) return undefined;
        const jobs = await http('GET', this.url('chronos', '/scheduler/jobs'));
        if (listAt(jobs.body).length !== 1) return undefined;
        const frameworks = await http('GET', this.url('master', '/frameworks'));
        const active = listAt(frameworks.body, 'frameworks').filter((each) => at(each, 'active'));
        if (active.length !== 2) return undefined;
        const names = await http('GET', this.url('dnsHttp', '/v1/hosts/steady.marathon.mesos'));
        return listAt(names.body).length > 0 ? true : undefined;
      },
      () => `${this.starts().join('\n')}\n${this.output()}`,
    );
  }
}

test('killing any daemon loses no task and starts none twice', async (t) => {
  const directory = await temporaryDirectory('crash');
  const cluster = new Cluster(directory, await freePorts(6));
  t.after(async () => {
    for (const name of ['dns', 'chronos', 'marathon'] as const) {
      await cluster.programs.get(name)?.stop('SIGTERM');
    }
    // SIGUSR1 ends an agent together with its tasks and their launcher.
    await cluster.programs.get('agent')?.stop('SIGUSR1');
    await cluster.programs.get('master')?.stop('SIGTERM');
    for (const line of cluster.starts()) {
      const pid = Number(line.split(' ')[1]);
      if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    await removeDirectory(directory);
  });
  for (const name of ['master', 'agent', 'marathon', 'chronos', 'dns'] as const) {
    cluster.start(name);
  }
  const ready = async (name: DaemonName | 'dnsHttp', path: string): Promise<void> => {
    await eventually(
      `${name} answers`,
      async () => ((await http('GET', cluster.url(name, path))).status === 200 ? true : undefined),
      () => cluster.output(),
    );
  };
  await ready('master', '/health');
  await ready('agent', '/health');
  await ready('marathon', '/ping');
  await ready('chronos', '/ping');
  const command = `echo "$MESOS_TASK_ID $$" >> ${directory}/starts; exec sleep 100000`;
  const posted = await http('POST', cluster.url('marathon', '/v2/apps'), {
    id: 'steady',
    cmd: command,
    cpus: 0.1,
    mem: 16,
    instances: SERVICE_COUNT,
  });
  assert.equal(posted.status, 201, posted.text);
  const job = await http('POST', cluster.url('chronos', '/scheduler/iso8601'), {
    name: 'long',
    schedule: 'R1//PT24H',
    command: `echo "chronos $$" >> ${directory}/starts; exec sleep 100000`,
    owner: 'me@example.com',
    cpus: 0.1,
    mem: 16,
    disk: 1,
  });
  assert.equal(job.status, 204, job.text);
  const tasks = await eventually(
    'ten tasks run',
    async () => {
      const running = await cluster.runningTaskIds();
      return running.length === TASK_COUNT && cluster.starts().length === TASK_COUNT
        ? running
        : undefined;
    },
    () => `${cluster.starts().join('\n')}\n${cluster.output()}`,
  );
  const pids = cluster.starts().map((line) => Number(line.split(' ')[1]));
  await cluster.healed(tasks);
  for (const name of ['agent', 'master', 'marathon', 'chronos', 'dns'] as const) {
    await t.test(`kill -9 of ${name}`, async () => {
      await cluster.programs.get(name)?.stop('SIGKILL');
      assert.deepEqual(
        pids.filter((pid) => !isAlive(pid)),
        [],
        'tasks live without the daemon',
      );
      cluster.start(name);
      await cluster.healed(tasks);
      assert.equal(cluster.starts().length, TASK_COUNT, 'none was started again');
      assert.deepEqual(
        pids.filter((pid) => !isAlive(pid)),
        [],
        'the same processes still run',
      );
    });
  }
  await t.test('afterwards the cluster still works: one more instance starts', async () => {
    const scaled = await http('PUT', cluster.url('marathon', '/v2/apps/steady'), {
      instances: SERVICE_COUNT + 1,
    });
    assert.equal(scaled.status, 200, scaled.text);
    await eventually('the new instance starts', () =>
      cluster.starts().length === TASK_COUNT + 1 ? true : undefined,
    );
  });
  await t.test('afterwards kills work too: destroying the app ends its processes', async () => {
    const deleted = await http('DELETE', cluster.url('marathon', '/v2/apps/steady'));
    assert.equal(deleted.status, 200, deleted.text);
    await eventually('only the job runs', async () =>
      (await cluster.runningTaskIds()).length === 1 ? true : undefined,
    );
  });
});
