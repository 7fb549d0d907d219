import assert from 'node:assert/strict';
import { test } from 'node:test';
import { legacyAttributes, parseAttributes } from '../../../core/resources/attributes.ts';
import { formatResources, legacyModel } from '../../../core/resources/format.ts';
import { parseResourceEntries, parseResourceText } from '../../../core/resources/parse.ts';
import { parseResources } from '../../../core/resources/parse-flag.ts';
import {
  toEndpointForm,
  toPostReservationRefinement,
  toPreReservationRefinement,
} from '../../../core/resources/refinement.ts';
import { roleLineage, validateRole } from '../../../core/resources/roles.ts';
import { allocate } from '../../../core/resources/select.ts';
import { validateResources } from '../../../core/resources/validate.ts';
import type { Resource } from '../../../core/wire/types/mesos.v1.ts';

const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});

test('texts are parsed and written as the original writes them', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['cpus:4;mem:1024', 'cpus:4; mem:1024'],
    ['cpus:0.1235', 'cpus:0.124'],
    ['cpus:1;cpus:2.5', 'cpus:3.5'],
    ['ports:[31000-32000, 33000-34000]', 'ports:[31000-32000, 33000-34000]'],
    ['ports:[5-9,1-4]', 'ports:[1-9]'],
    ['bugs:{a, b}', 'bugs:{a, b}'],
    [
      'cpus(prod):16;cpus(test):2;disk(*):1024',
      'cpus(reservations: [(STATIC,prod)]):16; cpus(reservations: [(STATIC,test)]):2; disk:1024',
    ],
    ['disk:0;cpus:1;', 'cpus:1'],
    ['', '{}'],
  ];
  for (const [text, expected] of cases) {
    const parsed = parseResourceText(text);
    assert.ok(parsed.ok, text);
    assert.equal(formatResources(parsed.value), expected);
  }
});

test('the default role applies to entries without one, and zero entries are kept on request', () => {
  const parsed = parseResourceEntries('disk:0;cpus:1', 'prod');
  assert.ok(parsed.ok);
  assert.equal(
    formatResources(parsed.value),
    'disk(reservations: [(STATIC,prod)]):0; cpus(reservations: [(STATIC,prod)]):1',
  );
});

test('no ranges at all are none of a resource that is named', () => {
  const parsed = parseResourceEntries('ports:[]');
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.value.map(({ name, ranges }) => [name, ranges]),
    [['ports', { range: [] }]],
  );
  assert.deepEqual(parseResourceText('ports:[]'), { ok: true, value: [] });
});

test('bad texts are refused with the original sentence', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['cpus', "Bad value for resources, missing or extra ':' in cpus"],
    ['cpus:1:2', "Bad value for resources, missing or extra ':' in cpus:1:2"],
    ['cpus(a:1', 'Bad value for resources, mismatched parentheses in cpus(a:1'],
    ['foo:bar', 'Bad type for resource foo value bar type TEXT'],
    ['ports:[1-2', 'Failed to parse resource ports value [1-2 error Mismatched brackets'],
    [
      'ports:[1-2,3]',
      'Failed to parse resource ports value [1-2,3] error Expecting one or more "ranges"',
    ],
    [
      'ports:[a-2]',
      "Failed to parse resource ports value [a-2] error Expecting non-negative integers in 'a'",
    ],
    ['ports:1[2-3]', "Failed to parse resource ports value 1[2-3] error Unexpected '[' found"],
    ['bugs:a{b}', "Failed to parse resource bugs value a{b} error Unexpected '{' found"],
    ['cpus:-1', "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0"],
  ];
  for (const [text, error] of cases)
    assert.deepEqual(parseResourceText(text), { ok: false, error });
});

test('the flag also takes a JSON array', () => {
  const parsed = parseResources(
    '[{"name":"cpus","type":"SCALAR","scalar":{"value":24}},' +
      '{"name":"bugs","type":"SET","set":{"item":["a","b"]},"role":"debug_role"},' +
      '{"name":"disk","type":"SCALAR","scalar":{"value":4096},"disk":{"source":{"type":"MOUNT","mount":{"root":"/mnt/ssd"}}}}]',
  );
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  assert.equal(
    formatResources(parsed.value),
    'cpus:24; bugs(reservations: [(STATIC,debug_role)]):{a, b}; disk[MOUNT:/mnt/ssd]:4096',
  );
});

test('the flag refuses what an agent cannot start with', () => {
  const entry = (rest: string) => `[{"name":"disk","type":"SCALAR","scalar":{"value":1},${rest}}]`;
  for (const [text, why] of [
    [entry('"revocable":{}'), /revocable/],
    [
      entry(
        '"role":"a","disk":{"persistence":{"id":"v"},"volume":{"container_path":"p","mode":"RW"}}',
      ),
      /Persistent/,
    ],
    [entry('"role":"a","reservation":{"principal":"p"}'), /Dynamic/],
    [
      'cpus:1;cpus:[1-2]',
      /Resources with the same name \('cpus'\) but different types are not allowed/,
    ],
    ['[{"name":1}]', /Some JSON resources were not formatted properly: /],
  ] as const) {
    const parsed = parseResources(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.error, why);
  }
});

test('allocations, reservations and volumes show in the text', () => {
  const volume: Resource = {
    ...scalar('disk', 64),
    reservations: [{ type: 'DYNAMIC', role: 'web', principal: 'edge' }],
    disk: { persistence: { id: 'vol-1' }, volume: { container_path: 'data', mode: 'RW' } },
    shared: {},
  };
  const [allocated] = allocate([volume], 'web');
  assert.ok(allocated);
  assert.equal(
    formatResources([allocated, { ...scalar('cpus', 0.5), revocable: {} }]),
    'disk(allocated: web)(reservations: [(DYNAMIC,web,edge)])[vol-1:data]<SHARED>:64; cpus{REV}:0.5',
  );
});

test('each reservation form converts to the other and back', () => {
  const cases: readonly (readonly [Partial<Resource>, Partial<Resource>])[] = [
    [{ role: '*' }, {}],
    [{ role: 'a' }, { reservations: [{ type: 'STATIC', role: 'a' }] }],
    [
      { role: 'a', reservation: { principal: 'p' } },
      { reservations: [{ type: 'DYNAMIC', role: 'a', principal: 'p' }] },
    ],
  ];
  for (const [old, list] of cases) {
    const [before, after] = [
      { ...scalar('cpus', 1), ...old },
      { ...scalar('cpus', 1), ...list },
    ];
    assert.deepEqual(toPostReservationRefinement([before]), [after]);
    assert.deepEqual(toPreReservationRefinement([after]), [before]);
    assert.deepEqual(toEndpointForm([after]), [{ ...before, ...list }]);
  }
  const refined: Resource = {
    ...scalar('cpus', 1),
    reservations: [
      { type: 'STATIC', role: 'a' },
      { type: 'DYNAMIC', role: 'a/b' },
    ],
  };
  assert.deepEqual(toPreReservationRefinement([refined]), []);
  assert.deepEqual(toEndpointForm([refined]), [refined]);
});

test('invalid resources are named with their text and the reason', () => {
  const cases: readonly (readonly [Resource, string])[] = [
    [scalar('', 1), 'Empty resource name'],
    [{ name: 'cpus', type: 'SCALAR' }, 'Invalid scalar resource'],
    [scalar('cpus', -1), 'Invalid scalar resource: value <= 0'],
    [scalar('cpus', 0.0004), 'Invalid scalar resource: value <= 0'],
    [
      { name: 'p', type: 'RANGES', ranges: { range: [{ begin: 2, end: 1 }] } },
      'Invalid ranges resource: begin > end',
    ],
    [
      {
        name: 'p',
        type: 'RANGES',
        ranges: {
          range: [
            { begin: 1, end: 2 },
            { begin: 2, end: 3 },
          ],
        },
      },
      'Invalid ranges resource: overlapping ranges',
    ],
    [
      { name: 's', type: 'SET', set: { item: ['a', 'a'] } },
      'Invalid set resource: duplicated elements',
    ],
    [{ name: 't', type: 'TEXT' }, 'Unsupported resource type'],
    [{ ...scalar('cpus', 1), disk: {} }, 'DiskInfo should not be set for cpus resource'],
    [{ ...scalar('cpus', 1), role: '/a' }, "Role '/a' cannot start with a slash"],
    [
      { ...scalar('cpus', 1), role: '*', reservation: {} },
      'Invalid reservation: role "*" cannot be dynamically reserved',
    ],
    [
      {
        ...scalar('cpus', 1),
        reservations: [
          { type: 'STATIC', role: 'a' },
          { type: 'DYNAMIC', role: 'b' },
        ],
      },
      "Invalid refined reservation: role 'b' is not a refinement of 'a'",
    ],
    [{ ...scalar('cpus', 1), shared: {} }, 'Resource cpus cannot be shared'],
    [{ ...scalar('disk', 1), shared: {} }, 'Only persistent volumes can be shared'],
  ];
  for (const [resource, why] of cases) {
    assert.ok(validateResources([resource])?.endsWith(` is invalid: ${why}`), why);
  }
  assert.equal(validateResources([scalar('cpus', 0)]), undefined);
});

test('role names follow the rules', () => {
  for (const role of ['*', 'web', 'web/canary', 'a.b', 'ä'])
    assert.equal(validateRole(role), undefined);
  for (const role of ['', '/a', 'a/', 'a//b', '.', 'a/..', 'a/*', '-a', 'a/-b', 'a b', 'a\tb']) {
    assert.notEqual(validateRole(role), undefined, role);
  }
  assert.deepEqual(roleLineage('a/b/c'), ['a/b/c', 'a/b', 'a']);
});

test('attributes are split at the first colon and typed', () => {
  const parsed = parseAttributes(
    'rack:r1;url:http://x:80/;level:3;range:[1-3, 7-9];neg:-1;inf:inf',
  );
  assert.ok(parsed.ok);
  assert.deepEqual(
    [...legacyAttributes(parsed.value)],
    [
      ['rack', 'r1'],
      ['url', 'http://x:80/'],
      ['level', 3],
      ['range', '[1-3, 7-9]'],
      ['neg', '-1'],
      ['inf', 'inf'],
    ],
  );
  assert.deepEqual(parseAttributes('rack'), {
    ok: false,
    error: "Invalid attribute key:value pair 'rack'",
  });
  assert.ok(!parseAttributes('a:{b}').ok);
});

test('the legacy object has the four names always and revocable ones apart', () => {
  const parsed = parseResourceText('cpus:4;ports:[31000-32000,40000-40010];bugs:{a,b};mem(a):10');
  assert.ok(parsed.ok);
  const list = [...parsed.value, { ...scalar('cpus', 1), revocable: {} }];
  assert.deepEqual(Object.fromEntries(legacyModel(list)), {
    bugs: '{a, b}',
    cpus: 4,
    cpus_revocable: 1,
    disk: 0,
    gpus: 0,
    mem: 10,
    ports: '[31000-32000, 40000-40010]',
  });
});
