import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SandboxFiles } from '../../../../core/agent/http/sandbox-files.ts';
import { allocate } from '../../../../core/resources/select.ts';
import type { Resource } from '../../../../core/wire/types/mesos.v1.ts';
import { AGENT_ID, AgentKit, resources } from '../agent-builder.ts';

function volume(id: string, path: string): readonly Resource[] {
  return allocate(resources('disk(web):1'), 'web').map((each) => ({
    ...each,
    disk: { persistence: { id }, volume: { mode: 'RW', container_path: path } },
  }));
}

test('persistent volumes of the tasks of a group are found below their sandboxes', () => {
  const it = new AgentKit().registered();
  it.machine.state.checkpointedResources = [...volume('own', 'data'), ...volume('pod', 'all')].map(
    ({ allocation_info: _, ...each }) => each,
  );
  it.runGroup(
    [
      {
        name: 'a',
        task_id: { value: 'a' },
        agent_id: { value: AGENT_ID },
        command: { value: 'true' },
        resources: volume('own', 'data'),
        container: {
          type: 'MESOS',
          volumes: [
            {
              mode: 'RW',
              container_path: 'shared',
              source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'all' } },
            },
          ],
        },
      },
    ],
    volume('pod', 'all'),
  );
  it.prepared('pod');
  it.started('pod');
  const { state } = it.machine;
  const files = new SandboxFiles({ state, options: { workDir: '/work-dir' } });
  const [executor] = state.containers.values();
  const run = executor?.directory ?? '';
  const latest = '/frameworks/F/executors/pod/runs/latest';
  assert.equal(files.find(run), run);
  for (const name of [run, latest]) {
    assert.equal(files.find(`${name}/tasks/a/data`), '/work-dir/volumes/roles/web/own');
    assert.equal(files.find(`${name}/tasks/a/shared`), '/work-dir/volumes/roles/web/pod');
  }
  assert.equal(files.needOf(`${run}/tasks/a/data`)?.action, 'access_sandboxes');
  for (const other of ['tasks/a/data/x', 'tasks/b/data', 'tasks/a', 'data']) {
    assert.equal(files.find(`${run}/${other}`), undefined, other);
  }
});
