import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LabelRule, toDomainFragment, toLabel } from '../../dns/labels.ts';
import { hashOfTaskId, suffixOfAgentId } from '../../dns/task-hash.ts';

const DASHES = '-'.repeat(56);

test('labels are made by the rules of the original', () => {
  const table: readonly (readonly [string, string, string])[] = [
    ['4abc123', '4abc123', 'abc123'],
    ['-4abc123', '4abc123', 'abc123'],
    ['fd%gsf---gs7-f$gs--d7fddg-123', 'fdgsf---gs7-fgs--d7fddg-123', 'fdgsf---gs7-fgs--d7fddg1'],
    [
      '89fdgsf---gs7-fgs--d7fddg---123',
      '89fdgsf---gs7-fgs--d7fddg---123',
      'fdgsf---gs7-fgs--d7fddg1',
    ],
    ['a.b.c.d.e', 'a-b-c-d-e', 'a-b-c-d-e'],
    ['---a---b', 'a---b', 'a---b'],
    ['-', '', ''],
    ['', '', ''],
    [
      'chronos with a space AND----------MIXED--',
      'chronoswithaspaceand----------mixed',
      'chronoswithaspaceandmixe',
    ],
    [`hello${DASHES}f`, `hello${DASHES}f`, 'hellof'],
    [`hello${DASHES}--f`, 'hellof', 'hellof'],
    ['web_1', 'web-1', 'web-1'],
    ['größe', 'gre', 'gre'],
  ];
  for (const [name, rfc1123, rfc952] of table) {
    assert.equal(toLabel(name, 'rfc1123'), rfc1123, name);
    assert.equal(toLabel(name, 'rfc952'), rfc952, name);
  }
});

test('a domain fragment keeps its dots and drops empty parts', () => {
  const table: readonly (readonly [string, string, string])[] = [
    [
      'pod_123$abc.marathon-0.6.0-dev.mesos',
      'pod-123abc.marathon-0.6.0-dev.mesos',
      'pod-123abc.marathon-0.dev.mesos',
    ],
    ['(@ host . com', 'host.com', 'host.com'],
    ['...', '', ''],
    ['marathon', 'marathon', 'marathon'],
  ];
  for (const [name, rfc1123, rfc952] of table) {
    assert.equal(toDomainFragment(name, 'rfc1123'), rfc1123, name);
    assert.equal(toDomainFragment(name, 'rfc952'), rfc952, name);
  }
});

test('any text gives a label that fits, without dashes at its start', () => {
  const rules: fc.Arbitrary<LabelRule> = fc.constantFrom('rfc1123', 'rfc952');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), rules, (name, rule) => {
      const label = toLabel(name, rule);
      assert.match(label, rule === 'rfc952' ? /^([a-z][a-z0-9-]*)?$/ : /^([a-z0-9][a-z0-9-]*)?$/);
      assert.ok(label.length <= (rule === 'rfc952' ? 24 : 63));
    }),
  );
});

test('the hash of a task id is the first characters of its z-base-32 digest', () => {
  assert.equal(hashOfTaskId('test'), 'iffe9');
  assert.equal(hashOfTaskId('liquor-store.b8db9f73-562f-11e4-a088-c20493233aa5'), '4dfjd');
});

test('the suffix of an agent id is what is behind its last dash', () => {
  assert.equal(suffixOfAgentId('20140803-S12'), 's12');
  assert.equal(suffixOfAgentId('20140803-194712-3041283216-5050-2410-0'), '0');
  assert.equal(suffixOfAgentId('bare'), 'bare');
});
