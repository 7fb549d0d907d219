import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoopbackNetwork, type LoopbackTransport } from '../../../core/net/loopback.ts';
import type { Upid } from '../../../core/net/ports.ts';

class Tasks {
  private readonly waiting: (() => void)[] = [];
  readonly defer = (task: () => void): void => {
    this.waiting.push(task);
  };

  settle(): void {
    for (let task = this.waiting.shift(); task !== undefined; task = this.waiting.shift()) task();
  }
}

function arrange() {
  const tasks = new Tasks();
  const network = new LoopbackNetwork(tasks.defer);
  const master = network.createTransport('10.0.0.1', 5050);
  const agent = network.createTransport('10.0.0.2', 5051);
  return { tasks, network, master, agent };
}

function upid(transport: LoopbackTransport, id: string): Upid {
  return { id, ip: transport.ip, port: transport.port };
}

test('messages arrive in order, after the sender has returned', () => {
  const { tasks, master, agent } = arrange();
  const seen: string[] = [];
  agent.register('slave(1)', ({ name, from }) => seen.push(`${from.id} ${name}`));
  const from = upid(master, 'master');
  const to = upid(agent, 'slave(1)');
  for (const name of ['a', 'b', 'c']) master.send({ from, to, name, body: new Uint8Array() });
  assert.deepEqual(seen, []);
  tasks.settle();
  assert.deepEqual(seen, ['master a', 'master b', 'master c']);
});

test('messages to nobody and to stopped processes are lost', () => {
  const { tasks, master, agent } = arrange();
  const from = upid(master, 'master');
  let count = 0;
  agent.register('slave(1)', () => {
    count += 1;
  });
  master.send({ from, to: upid(agent, 'nobody'), name: 'a', body: new Uint8Array() });
  master.send({ from, to: upid(agent, 'slave(1)'), name: 'b', body: new Uint8Array() });
  agent.stop();
  tasks.settle();
  assert.equal(count, 0);
});

test('each watcher of a stopped process is told once, unlinked ones are not', () => {
  const { tasks, master, agent } = arrange();
  const told: string[] = [];
  master.link(upid(agent, 'slave(1)'), () => told.push('first'));
  master.link(upid(agent, 'executor(1)'), () => told.push('second'));
  master.link(upid(agent, 'slave(1)'), () => told.push('unlinked'))();
  agent.stop();
  agent.stop();
  tasks.settle();
  assert.deepEqual(told, ['first', 'second']);
});

test('a link to a process that is not there ends at once', () => {
  const { tasks, master } = arrange();
  let told = 0;
  master.link({ id: 'x', ip: '10.9.9.9', port: 1 }, () => {
    told += 1;
  });
  tasks.settle();
  assert.equal(told, 1);
});
