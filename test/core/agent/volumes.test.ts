import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentKit, commandTask, resources } from './agent-builder.ts';

test('no link is made to a volume at a path that leads out of the sandbox', () => {
  const linksTo = (path: string) => {
    const it = new AgentKit().registered();
    const task = commandTask('t1');
    const volumes = resources('disk(web):8').map((each) => ({
      ...each,
      disk: { persistence: { id: 'v' }, volume: { container_path: path, mode: 'RW' as const } },
    }));
    it.machine.state.checkpointedResources = volumes;
    it.run({ ...task, resources: [...(task.resources ?? []), ...volumes] });
    const prepare = it.effectsTaken().find((effect) => effect.kind === 'prepare');
    assert.ok(prepare?.kind === 'prepare');
    return prepare.links.map((link) => link.path);
  };
  assert.deepEqual(linksTo('a/data'), ['a/data']);
  for (const path of ['../data', 'a/../../data']) assert.deepEqual(linksTo(path), [], path);
});
