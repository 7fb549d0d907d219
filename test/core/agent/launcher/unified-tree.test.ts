/** What the launcher does to a hierarchy of cgroups version 2, in a directory that looks like one. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { usageOf } from '../../../../core/agent/containerizer/cgroup-usage.ts';
import {
  isolationHost,
  kernelFiles,
  prepareHost,
} from '../../../../core/agent/containerizer/isolation-host.ts';
import {
  type IsolationOptions,
  NO_ISOLATION,
} from '../../../../core/agent/containerizer/isolation-options.ts';
import { createIsolators } from '../../../../core/agent/containerizer/isolators.ts';
import type { IsolationPlan } from '../../../../core/agent/containerizer/plan.ts';
import { IsolationPlanner } from '../../../../core/agent/containerizer/planner.ts';
import { NodeIsolation } from '../../../../core/agent/launcher/isolation.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';
import type { ContainerInfo } from '../../../../core/wire/types/mesos.v1.ts';
import { resources } from '../agent-builder.ts';

const MB = 1024 ** 2;

class Tree {
  readonly hierarchy: string;
  readonly options: IsolationOptions;
  readonly planner: IsolationPlanner;
  readonly isolation = new NodeIsolation(new SimulatedClock(), 1_000);

  constructor(t: TestContext) {
    this.hierarchy = mkdtempSync(join(tmpdir(), 'unified-'));
    t.after(() => rmSync(this.hierarchy, { recursive: true }));
    writeFileSync(join(this.hierarchy, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    this.options = {
      ...NO_ISOLATION,
      ...{ isolators: ['cgroups/cpu', 'cgroups/mem'], launcher: 'linux' },
      cgroups: { version: 2, hierarchy: this.hierarchy, root: 'mesos' },
      subsystems: ['cpu', 'memory'],
      hostMemoryBytes: 1024 * MB,
    };
    const sources = { volumeDirectory: () => undefined };
    this.planner = new IsolationPlanner(createIsolators(this.options, sources));
  }

  plan(id: string, text: string, containerInfo?: ContainerInfo): IsolationPlan {
    const planned = this.planner.plan({
      ...{ id, sandbox: '/s', sandboxDirectory: '/m', containerInfo, command: undefined },
      ...{ resources: { requests: resources(text), limits: {} }, user: undefined },
    });
    assert.ok(planned.ok && planned.value.plan !== undefined);
    return planned.value.plan;
  }

  text(path: string): string {
    return readFileSync(join(this.hierarchy, path), 'utf8');
  }
}

test('the host tells its version and its controllers, which are given on to the containers', (t) => {
  const it = new Tree(t);
  assert.equal(isolationHost.cgroupVersion(it.hierarchy), 2);
  assert.deepEqual(isolationHost.subsystems(it.hierarchy), [
    ...['cpuset', 'cpu', 'io', 'memory', 'pids'],
  ]);
  prepareHost(it.options);
  assert.equal(it.text('cgroup.subtree_control'), '+cpu +memory');
  assert.equal(it.text('mesos/cgroup.subtree_control'), '+cpu +memory');
});

test('a container gets its directory with values, and its processes a leaf of it', (t) => {
  const it = new Tree(t);
  prepareHost(it.options);
  const plan = it.plan('c1', 'cpus:0.5;mem:128');
  assert.equal(it.isolation.make(plan), undefined);
  assert.equal(it.text('mesos/c1/cpu.weight'), '50');
  assert.equal(it.text('mesos/c1/cpu.max'), 'max 100000');
  assert.equal(it.text('mesos/c1/memory.max'), String(128 * MB));
  assert.equal(it.isolation.join(plan, process.pid), undefined);
  assert.equal(it.text('mesos/c1/leaf/cgroup.procs'), String(process.pid));
  const nested = it.plan('c1.n1', 'cpus:1;mem:64', {
    type: 'MESOS',
    linux_info: { share_cgroups: false },
  });
  assert.equal(it.isolation.make(nested), undefined);
  assert.equal(it.text('mesos/c1/cgroup.subtree_control'), '+cpu +memory');
  assert.equal(it.text('mesos/c1/mesos/n1/memory.max'), String(64 * MB));
  it.isolation.kill(plan);
  assert.equal(it.text('mesos/c1/cgroup.kill'), '1');
});

test('a new grant is written; the limit of memory only when it rises', (t) => {
  const it = new Tree(t);
  it.isolation.make(it.plan('c1', 'cpus:0.5;mem:128'));
  const grant = (text: string): string | undefined => {
    const granted = { requests: resources(text), limits: {} };
    const { writes } = it.planner.update({ id: 'c1', sandbox: '/s', resources: granted });
    return it.isolation.write(writes);
  };
  assert.equal(grant('cpus:2;mem:64'), undefined);
  assert.equal(it.text('mesos/c1/cpu.weight'), '200');
  assert.equal(it.text('mesos/c1/memory.low'), String(64 * MB));
  assert.equal(it.text('mesos/c1/memory.max'), String(128 * MB));
  assert.equal(grant('cpus:2;mem:256'), undefined);
  assert.equal(it.text('mesos/c1/memory.max'), String(256 * MB));
});

test('a limit that was reached is seen in the counters of the kernel, and use is read there', (t) => {
  const it = new Tree(t);
  const plan = it.plan('c1', 'cpus:0.5;mem:128');
  it.isolation.make(plan);
  const write = (name: string, text: string): void => {
    writeFileSync(join(it.hierarchy, 'mesos/c1', name), text);
  };
  write('memory.events', 'low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\n');
  assert.equal(it.isolation.check(plan.watches), undefined);
  write('memory.events', 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n');
  write('memory.peak', String(128 * MB));
  write('memory.stat', 'anon 1\n');
  const limitation = it.isolation.check(plan.watches);
  assert.equal(limitation?.reason, 'REASON_CONTAINER_LIMITATION_MEMORY');
  assert.match(limitation.message, /^Memory limit exceeded: Requested: 128MB Maximum Used: 128MB/);
  write('memory.current', String(5 * MB));
  write('cpu.stat', 'usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\n');
  const usage = usageOf('c1', it.options, { files: kernelFiles, more: {} });
  assert.equal(usage?.cpus_user_time_secs, 2);
  assert.equal(usage.mem_total_bytes, 5 * MB);
});

test('a hierarchy that cannot be written fails the container with its path', (t) => {
  const it = new Tree(t);
  mkdirSync(join(it.hierarchy, 'mesos'));
  writeFileSync(join(it.hierarchy, 'mesos/c1'), '');
  const failure = it.isolation.make(it.plan('c1', 'cpus:1;mem:64'));
  assert.ok(failure?.startsWith(`Failed to prepare cgroup '${it.hierarchy}/mesos/c1`), failure);
});
