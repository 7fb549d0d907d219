import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countRoots } from '../../../core/agent/metrics.ts';
import { AgentKit, commandTask } from './agent-builder.ts';

test('containers with an image are counted from their launch to their end', () => {
  const it = new AgentKit().registered();
  const image = { type: 'DOCKER', docker: { name: 'busybox' } } as const;
  const container = { type: 'MESOS', mesos: { image } } as const;
  it.run({ ...commandTask('t1'), container });
  assert.equal(countRoots(it.machine.state), 0);
  it.prepared();
  assert.equal(countRoots(it.machine.state), 1);
  it.launcher({ kind: 'exited', containerId: it.containerOf(), status: 9 });
  it.acknowledgeHead('t1');
  assert.equal(countRoots(it.machine.state), 0);
});
