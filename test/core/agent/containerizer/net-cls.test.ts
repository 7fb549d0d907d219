import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileNetCls, NetClsHandles } from '../../../../core/agent/containerizer/net-cls.ts';

const TWO = { primary: 0x10, secondaries: [1, 2] } as const;

test('each container has a handle of its own, again free when the container has ended', () => {
  const handles = new NetClsHandles(TWO, () => new Map());
  assert.deepEqual(handles.claim('a'), { ok: true, value: 0x10_0001 });
  assert.deepEqual(handles.claim('b.c'), { ok: true, value: 0x10_0002 });
  assert.deepEqual(handles.claim('a'), { ok: true, value: 0x10_0001 });
  assert.deepEqual(handles.claim('d'), {
    ok: false,
    error: 'Failed to allocate a net_cls handle: 0x1,0x2 of 0x10 are all in use',
  });
  handles.release('b');
  assert.deepEqual(handles.claim('d'), { ok: true, value: 0x10_0002 });
  assert.deepEqual([handles.of('a'), handles.of('b.c')], [0x10_0001, undefined]);
});

test('handles of containers that were there before stay theirs, until their cgroups are gone', () => {
  const there = new Map([['old', 0x10_0001]]);
  const handles = new NetClsHandles(TWO, () => there);
  assert.equal(handles.of('old'), 0x10_0001);
  assert.deepEqual(handles.claim('a'), { ok: true, value: 0x10_0002 });
  assert.equal(handles.claim('b').ok, false);
  there.delete('old');
  assert.deepEqual(handles.claim('b'), { ok: true, value: 0x10_0001 });
});

test('the flags of handles', () => {
  const compile = (primary?: string, secondaries?: string) =>
    compileNetCls(primary, secondaries, ['cgroups/net_cls']);
  const value = { primary: 0xaaaa, secondaries: [1, 0xffff] };
  assert.deepEqual(compile('0xAAAA'), { ok: true, value });
  assert.deepEqual(compile('16', '0x2,0x3'), {
    ok: true,
    value: { primary: 16, secondaries: [2, 3] },
  });
  assert.deepEqual(compile(), { ok: true, value: undefined });
  const refusals: readonly (readonly [string | undefined, string | undefined, RegExp])[] = [
    ['x', undefined, /^Failed to parse the primary handle 'x' set in flag --cgroups_net_cls_pr/],
    ['0x10000', undefined, /^Failed to parse the primary handle/],
    ['1', '1', /^Failed to parse the range of secondary handles '1' set in flag --cgroups_net/],
    ['1', '1,2,3', /^Failed to parse the range/],
    ['1', '0,2', /^The secondary handle has to be a non-zero value\.$/],
    ['1', '3,2', /is empty$/],
    [undefined, '1,2', /needs 'cgroups_net_cls_primary_handle'$/],
  ];
  for (const [primary, secondaries, text] of refusals) {
    const got = compile(primary, secondaries);
    assert.match(got.ok ? 'accepted' : got.error, text);
  }
  const without = compileNetCls('1', undefined, ['cgroups/cpu']);
  assert.match(without.ok ? '' : without.error, /needs the isolator 'cgroups\/net_cls'$/);
});
