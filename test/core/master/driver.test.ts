/** Frameworks of the classic driver: the rows of the table of spec libprocess, section 8.1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { frameworkId } from '../../../core/base/ids.ts';
import type { Outgoing } from '../../../core/master/effects.ts';
import type { Upid } from '../../../core/net/ports.ts';
import {
  DRIVER,
  DRIVER_INFO,
  heard,
  heardNames,
  OTHER_DRIVER,
  registerDriver,
  reregisterDriver,
  say,
} from './driver-scene.ts';
import { MasterScene, task } from './machine-builder.ts';

type MessageOf<Name extends Outgoing['name']> = Extract<
  Outgoing,
  { readonly name: Name }
>['message'];

/** The one message of that name since the last look. */
function only<Name extends Outgoing['name']>(
  it: MasterScene,
  driver: Upid,
  name: Name,
): MessageOf<Name> {
  const found = heard(it, driver).filter((each) => each.name === name);
  assert.equal(found.length, 1, `${found.length} messages ${name}`);
  return defined(found[0], name).message as MessageOf<Name>;
}

function launch(it: MasterScene, framework: string, agent: string): void {
  const { offers } = only(it, DRIVER, 'mesos.internal.ResourceOffersMessage');
  say(it, DRIVER, 'mesos.internal.LaunchTasksMessage', {
    framework_id: { value: framework },
    tasks: [task('t1', agent)],
    filters: {},
    offer_ids: (offers ?? []).map((each) => each.id),
  });
}

test('a registered driver gets offers with the pids of their agents', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  assert.equal(registerDriver(it), 'M-0000');
  it.agent('a2');
  const { offers, pids } = only(it, DRIVER, 'mesos.internal.ResourceOffersMessage');
  assert.deepEqual(pids, ['slave(1)@10.0.1.2:5051']);
  assert.equal(offers?.length, 1);
  assert.notEqual(offers?.[0]?.agent_id.value, agent);
  assert.equal(offers?.[0]?.allocation_info, undefined);
});

test('a driver that repeats its registration is told the same id', () => {
  const it = new MasterScene();
  const id = registerDriver(it);
  assert.equal(registerDriver(it), id);
  assert.equal(it.state.frameworks.size, 1);
});

test('an id that does not belong in a message is refused in the original words', () => {
  const it = new MasterScene();
  const framework = { ...DRIVER_INFO, id: { value: 'x' } };
  say(it, DRIVER, 'mesos.internal.RegisterFrameworkMessage', { framework });
  say(it, DRIVER, 'mesos.internal.ReregisterFrameworkMessage', {
    framework: DRIVER_INFO,
    failover: false,
  });
  assert.deepEqual(heardNames(it, DRIVER), [
    "FrameworkErrorMessage: Registering with 'id' already set",
    "FrameworkErrorMessage: Re-registering without an 'id'",
  ]);
});

test('a driver with an id the master does not know is registered under it', () => {
  const it = new MasterScene();
  reregisterDriver(it, 'kept', { from: DRIVER, failover: true });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkRegisteredMessage']);
  assert.ok(it.state.frameworks.has(frameworkId('kept')));
});

test('another pid without failover is the one that is refused', () => {
  const it = new MasterScene();
  const id = registerDriver(it);
  reregisterDriver(it, id, { from: OTHER_DRIVER, failover: false });
  assert.deepEqual(heardNames(it, OTHER_DRIVER), ['FrameworkErrorMessage: Framework failed over']);
  assert.deepEqual(heardNames(it, DRIVER), []);
});

test('a failover goes to the new pid, the old one is told', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = registerDriver(it);
  heard(it, DRIVER);
  it.sentTo('a1');
  reregisterDriver(it, id, { from: OTHER_DRIVER, failover: true });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkErrorMessage: Framework failed over']);
  assert.deepEqual(heardNames(it, OTHER_DRIVER), [
    'FrameworkRegisteredMessage',
    'ResourceOffersMessage',
  ]);
  const [update] = it.sentTo('a1');
  assert.equal(update?.name, 'mesos.internal.UpdateFrameworkMessage');
  assert.equal(update.message.pid, 'scheduler-2@10.0.2.2:7000');
});

test('the same pid without failover keeps its place: offers are rescinded, it is re-registered', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = registerDriver(it);
  it.agent('a2');
  heard(it, DRIVER);
  reregisterDriver(it, id, { from: DRIVER, failover: false });
  assert.deepEqual(heardNames(it, DRIVER), [
    'RescindResourceOfferMessage',
    'RescindResourceOfferMessage',
    'FrameworkReregisteredMessage',
    'ResourceOffersMessage',
  ]);
});

test('a subscription from the pid of another framework is dropped', () => {
  const it = new MasterScene();
  registerDriver(it);
  reregisterDriver(it, 'another', { from: DRIVER, failover: true });
  assert.deepEqual(heardNames(it, DRIVER), []);
  assert.equal(it.state.frameworks.size, 1);
});

test('a driver of a completed framework is told that it was removed', () => {
  const it = new MasterScene();
  const id = registerDriver(it);
  say(it, DRIVER, 'mesos.internal.UnregisterFrameworkMessage', { framework_id: { value: id } });
  reregisterDriver(it, id, { from: DRIVER, failover: true });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkErrorMessage: Framework has been removed']);
});

test('messages of another pid than the registered one are dropped', () => {
  const it = new MasterScene();
  const id = registerDriver(it);
  for (const name of ['UnregisterFrameworkMessage', 'DeactivateFrameworkMessage'] as const) {
    say(it, OTHER_DRIVER, `mesos.internal.${name}`, { framework_id: { value: id } });
  }
  assert.equal(it.state.frameworks.get(frameworkId(id))?.state, 'active');
  assert.deepEqual(heardNames(it, OTHER_DRIVER), []);
});

test('a broken link disconnects the framework; it returns within its failover timeout', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = registerDriver(it);
  heard(it, DRIVER);
  it.input({ kind: 'exited', pid: DRIVER });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkErrorMessage: Framework disconnected']);
  say(it, DRIVER, 'mesos.internal.ReviveOffersMessage', { framework_id: { value: id } });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkErrorMessage: Framework disconnected']);
  it.advance(59_000);
  reregisterDriver(it, id, { from: DRIVER, failover: false });
  assert.deepEqual(heardNames(it, DRIVER), [
    'FrameworkReregisteredMessage',
    'ResourceOffersMessage',
  ]);
  it.advance(60_000);
  assert.ok(it.state.frameworks.has(frameworkId(id)));
});

test('a framework whose driver does not return is removed after its failover timeout', () => {
  const it = new MasterScene();
  const id = registerDriver(it);
  it.input({ kind: 'exited', pid: DRIVER });
  it.advance(60_000);
  assert.ok(it.state.completedFrameworks.has(frameworkId(id)));
  assert.equal(it.state.frameworksByPid.size, 0);
});

test('a deactivated framework keeps its tasks, loses its offers and gets no more', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = registerFramework(it);
  launch(it, id, agent);
  it.advance(10_000);
  heard(it, DRIVER);
  say(it, DRIVER, 'mesos.internal.DeactivateFrameworkMessage', { framework_id: { value: id } });
  it.agent('a2');
  assert.deepEqual(heardNames(it, DRIVER), ['RescindResourceOfferMessage']);
  const framework = defined(it.state.frameworks.get(frameworkId(id)), 'framework');
  assert.equal(framework.state, 'inactive');
  assert.equal(framework.tasks.size, 1);
});

/** Like `registerDriver`, but leaves the first offers to be heard. */
function registerFramework(it: MasterScene): string {
  say(it, DRIVER, 'mesos.internal.RegisterFrameworkMessage', { framework: DRIVER_INFO });
  return defined([...it.state.frameworks.keys()][0], 'framework');
}

test('tasks are launched with the pid of the driver and their updates come as they were sent', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = registerFramework(it);
  it.sentTo('a1');
  launch(it, id, agent);
  const [run] = it.sentTo('a1');
  assert.equal(run?.name, 'mesos.internal.RunTaskMessage');
  assert.equal(run.message.pid, 'scheduler-1@10.0.2.1:7000');
  const uuid = it.update('a1', { framework: id, id: 't1', agent }, 'TASK_FINISHED');
  const { update } = only(it, DRIVER, 'mesos.internal.StatusUpdateMessage');
  assert.equal(update.status.state, 'TASK_FINISHED');
  assert.equal(update.latest_state, 'TASK_FINISHED');
  assert.deepEqual(update.uuid, uuid);
  say(it, DRIVER, 'mesos.internal.StatusUpdateAcknowledgementMessage', {
    slave_id: { value: agent },
    framework_id: { value: id },
    task_id: { value: 't1' },
    uuid,
  });
  assert.deepEqual(it.sentNames('a1'), ['StatusUpdateAcknowledgementMessage']);
  assert.equal(it.state.frameworks.get(frameworkId(id))?.tasks.size, 0);
});

test('updates the master makes have an empty uuid and the pid that means none', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = registerFramework(it);
  launch(it, id, agent);
  heard(it, DRIVER);
  say(it, DRIVER, 'mesos.internal.ReconcileTasksMessage', {
    framework_id: { value: id },
    statuses: [{ task_id: { value: 'nobody' }, state: 'TASK_RUNNING' }],
  });
  const { update, pid } = only(it, DRIVER, 'mesos.internal.StatusUpdateMessage');
  assert.equal(pid, '@0.0.0.0:0');
  assert.deepEqual(update.uuid, new Uint8Array(0));
  assert.equal(update.status.state, 'TASK_LOST');
});

test('old drivers decline by launching nothing', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = registerFramework(it);
  const { offers } = only(it, DRIVER, 'mesos.internal.ResourceOffersMessage');
  say(it, DRIVER, 'mesos.internal.LaunchTasksMessage', {
    framework_id: { value: id },
    filters: { refuse_seconds: 5 },
    offer_ids: (offers ?? []).map((each) => each.id),
  });
  it.advance(4_900);
  assert.deepEqual(heardNames(it, DRIVER), []);
  it.advance(1_200);
  assert.deepEqual(heardNames(it, DRIVER), ['ResourceOffersMessage']);
});

test('kills, messages to executors and reconciliation reach the agent', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = registerFramework(it);
  launch(it, id, agent);
  it.sentTo('a1');
  const framework_id = { value: id };
  say(it, DRIVER, 'mesos.internal.KillTaskMessage', { framework_id, task_id: { value: 't1' } });
  say(it, DRIVER, 'mesos.internal.FrameworkToExecutorMessage', {
    slave_id: { value: agent },
    framework_id,
    executor_id: { value: 'e' },
    data: Uint8Array.of(1),
  });
  say(it, DRIVER, 'mesos.internal.ResourceRequestMessage', { framework_id });
  assert.deepEqual(it.sentNames('a1'), ['KillTaskMessage', 'FrameworkToExecutorMessage']);
});

test('messages of executors and lost agents come in the old words', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = registerFramework(it);
  heard(it, DRIVER);
  const common = {
    slave_id: { value: agent },
    framework_id: { value: id },
    executor_id: { value: 'e' },
  };
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: {
      name: 'mesos.internal.ExecutorToFrameworkMessage',
      message: { ...common, data: Uint8Array.of(7) },
    },
  });
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: {
      name: 'mesos.internal.UnregisterSlaveMessage',
      message: { slave_id: { value: agent } },
    },
  });
  const all = heard(it, DRIVER);
  assert.deepEqual(
    all.map((each) => each.message),
    [
      { ...common, data: Uint8Array.of(7) },
      { offer_id: { value: 'M-O0' } },
      { slave_id: { value: agent } },
    ],
  );
});

test('a scheduler of the HTTP API takes over from a driver, and a driver from it', () => {
  const it = new MasterScene();
  const id = registerDriver(it);
  it.subscribeAs('http', { ...DRIVER_INFO, id: { value: id } });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkErrorMessage: Framework failed over']);
  say(it, DRIVER, 'mesos.internal.ReviveOffersMessage', { framework_id: { value: id } });
  assert.deepEqual(heardNames(it, DRIVER), []);
  it.lines('http');
  reregisterDriver(it, id, { from: DRIVER, failover: false });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkErrorMessage: Framework failed over']);
  reregisterDriver(it, id, { from: DRIVER, failover: true });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkRegisteredMessage']);
  assert.deepEqual(it.lines('http'), ['ERROR Framework failed over']);
  assert.ok(it.isClosed('http'));
});

test('a framework that agents have told of is registered when its driver comes', () => {
  const it = new MasterScene();
  it.reregister('a1', 'old-S1', { frameworks: [{ ...DRIVER_INFO, id: { value: 'kept' } }] });
  it.sentTo('a1');
  reregisterDriver(it, 'kept', { from: DRIVER, failover: false });
  assert.deepEqual(heardNames(it, DRIVER), ['FrameworkRegisteredMessage', 'ResourceOffersMessage']);
  assert.deepEqual(it.sentNames('a1'), ['UpdateFrameworkMessage']);
});

test('operations with an id are refused to drivers, who would not hear what became of them', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = registerFramework(it);
  const { offers } = only(it, DRIVER, 'mesos.internal.ResourceOffersMessage');
  const offer = defined(offers?.[0], 'offer');
  it.sentTo('a1');
  it.input({
    kind: 'driver',
    from: DRIVER,
    request: {
      kind: 'call',
      message: 'mesos.scheduler.Call',
      force: false,
      call: {
        type: 'ACCEPT',
        framework_id: { value: id },
        accept: {
          offer_ids: [offer.id],
          operations: [{ type: 'RESERVE', id: { value: 'o' }, reserve: { resources: [] } }],
        },
      },
    },
  });
  assert.deepEqual(it.sentNames('a1'), []);
  assert.deepEqual(only(it, DRIVER, 'mesos.internal.FrameworkErrorMessage'), {
    message:
      "The 'id' field was set in an offer operation, but operation feedback is not supported for the SchedulerDriver API; please use the HTTP scheduler API for this feature",
  });
});

test('an update of a driver that HTTP would answer with a status is an error', () => {
  const it = new MasterScene();
  const id = registerDriver(it);
  heard(it, DRIVER);
  const framework_info = { ...DRIVER_INFO, user: 'other', id: { value: id } };
  say(it, DRIVER, 'mesos.scheduler.Call', {
    type: 'UPDATE_FRAMEWORK',
    framework_id: { value: id },
    update_framework: { framework_info, suppressed_roles: [] },
  });
  assert.deepEqual(heardNames(it, DRIVER), [
    "FrameworkErrorMessage: FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; attempted to update from 'app' to 'other'",
  ]);
});

test('a driver that must authenticate and has not is refused, one that has is let in', () => {
  const it = new MasterScene({ authenticateFrameworks: true });
  assert.equal(registerDriver(it), '');
  it.input({ kind: 'identified', pid: DRIVER, principal: 'p' });
  const id = registerDriver(it);
  assert.equal(id, 'M-0000');
  assert.equal(it.state.frameworks.get(frameworkId(id))?.info.principal, 'p');
});

test('texts of refused authentication are the original ones', () => {
  const it = new MasterScene({ authenticateFrameworks: true });
  say(it, DRIVER, 'mesos.internal.RegisterFrameworkMessage', { framework: DRIVER_INFO });
  it.input({ kind: 'identified', pid: DRIVER, principal: 'p' });
  const framework = { ...DRIVER_INFO, principal: 'q' };
  say(it, DRIVER, 'mesos.internal.RegisterFrameworkMessage', { framework });
  assert.deepEqual(heardNames(it, DRIVER), [
    'FrameworkErrorMessage: Framework at scheduler-1@10.0.2.1:7000 is not authenticated',
    "FrameworkErrorMessage: Framework principal 'q' does not match authenticated principal 'p'",
  ]);
});

test('a driver whose link broke must authenticate again', () => {
  const it = new MasterScene({ authenticateFrameworks: true });
  it.input({ kind: 'identified', pid: DRIVER, principal: 'p' });
  const id = registerDriver(it);
  it.input({ kind: 'exited', pid: DRIVER });
  heard(it, DRIVER);
  reregisterDriver(it, id, { from: DRIVER, failover: false });
  const [refusal] = heardNames(it, DRIVER);
  assert.match(refusal ?? '', /is not authenticated$/);
});

test('an agent that must authenticate is ignored until it has', () => {
  const it = new MasterScene({ authenticateAgents: true });
  assert.equal(it.agent('a1'), '');
  it.reregister('a1', 'old-S1');
  assert.deepEqual(it.sentNames('a1'), []);
  it.input({ kind: 'identified', pid: it.pid('a1'), principal: 'agent' });
  assert.equal(it.agent('a1'), 'M-S0');
  it.input({ kind: 'identified', pid: it.pid('a1'), principal: undefined });
  it.reregister('a1', 'M-S0');
  assert.deepEqual(it.sentNames('a1'), ['SlaveRegisteredMessage']);
});
