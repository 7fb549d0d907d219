/** The master's shell: streams, stopping, restarts on the same storage. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMaster } from './master-builder.ts';

const SUBSCRIBE = {
  type: 'SUBSCRIBE',
  subscribe: { framework_info: { user: 'app', name: 'f' } },
} as const;

test('a stopping master closes the streams but ends no framework', async () => {
  const it = await startMaster();
  const ended: string[] = [];
  let closed = 0;
  it.master.onOperatorEvent((event) => ended.push(event.kind));
  const id = it.master.subscribe(SUBSCRIBE, {
    send: () => {},
    close: () => {
      closed += 1;
      it.master.disconnected(id);
    },
  });
  await it.master.stop();
  assert.equal(closed, 1);
  assert.equal(ended.includes('framework-removed'), false);
  await it[Symbol.asyncDispose]();
});

test('calls without a socket get the refusals of the endpoint', async () => {
  await using it = await startMaster();
  const id = it.master.subscribe(SUBSCRIBE, { send: () => {}, close: () => {} });
  const framework = [...it.master.state.frameworks.keys()][0] ?? '';
  const call = { type: 'REVIVE', framework_id: { value: framework } } as const;
  const origin = { principal: undefined, streamId: id };
  assert.equal(it.master.call(call, origin), undefined);
  assert.equal(it.master.call(call, { ...origin, streamId: undefined })?.status, 400);
  assert.deepEqual(it.master.call({ type: 'REVIVE' }, origin), {
    status: 400,
    text: "Failed to validate scheduler::Call: Expecting 'framework_id' to be present",
  });
  it.master.disconnected(id);
  assert.equal(it.master.call(call, origin)?.text, 'Framework cannot be found');
});

test('a call of type UNKNOWN is answered 501 instead of ending the master', async () => {
  await using it = await startMaster();
  const id = it.master.subscribe(SUBSCRIBE, { send: () => {}, close: () => {} });
  const framework = [...it.master.state.frameworks.keys()][0] ?? '';
  const call = { type: 'UNKNOWN', framework_id: { value: framework } } as const;
  assert.deepEqual(it.master.call(call, { principal: undefined, streamId: id }), {
    status: 501,
    text: '501 Not Implemented.',
  });
});
