import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDebugText } from '../../../core/wire/debug-text.ts';

test('messages print as protobuf prints them: by number, nested, escaped', () => {
  const text = toDebugText('mesos.v1.TaskInfo', {
    name: 'a\tb',
    task_id: { value: "it's ü" },
    agent_id: { value: 'S0' },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
    data: Uint8Array.of(0, 255),
    limits: { cpus: { value: 2 } },
  });
  assert.equal(
    text,
    [
      'name: "a\\tb"',
      'task_id {',
      '  value: "it\\\'s \\303\\274"',
      '}',
      'agent_id {',
      '  value: "S0"',
      '}',
      'resources {',
      '  name: "cpus"',
      '  type: SCALAR',
      '  scalar {',
      '    value: 0.1',
      '  }',
      '}',
      'resources {',
      '  name: "mem"',
      '  type: SCALAR',
      '  scalar {',
      '    value: 32',
      '  }',
      '}',
      'data: "\\000\\377"',
      'limits {',
      '  key: "cpus"',
      '  value {',
      '    value: 2',
      '  }',
      '}',
      '',
    ].join('\n'),
  );
});
