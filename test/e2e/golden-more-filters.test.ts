/**
 * Replays what was recorded about several operations with a launch between them, what the JSON
 * reader accepts, filters across re-subscription, and tasks that cannot start.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { at } from './support/json.ts';
import { eventually, freePorts, http } from './support/programs.ts';
import { type Handler, Replay } from './support/replay.ts';
import { SmallCluster } from './support/small-cluster.ts';

test('what the JSON reader accepts comes out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-input');
  const replay = new Replay(cluster);
  await replay.section(
    t,
    'reserve, create, destroy and unreserve in one call, with a launch in between',
    {
      // Of the section before.
      TEARDOWN: () => Promise.resolve(),
    },
  );
  await replay.section(t, 'what the JSON reader accepts', {
    // The original master aborts on this call; this one answers as it was meant to.
    'input: unknown type UNKNOWN': async (step) => {
      const answer = await replay.session.post(replay.translated(step['request']));
      assert.equal(answer.status, 501);
      assert.equal(answer.text, '501 Not Implemented.');
    },
  });
});

test('filters across re-subscription come out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-filters');
  const replay = new Replay(cluster);
  const slowUrl = await startSlowServer(t);
  await replay.section(t, 'filters and re-subscription', {
    nothing: async () => {
      await pause(1_500);
      assert.equal(replay.session.held.size, 0);
      replay.session.stream.close();
      await eventually('the master sees the end of the stream', async () => {
        const answer = await http('GET', `${cluster.masterUrl}/frameworks`);
        return answer.text.includes('"connected":false') ? true : undefined;
      });
    },
    ACCEPT: withSlowStart(slowUrl),
    'missing program': withPidOfLauncher,
  });
});

/** Accepts connections and never answers. */
async function startSlowServer(t: TestContext): Promise<string> {
  const [port = 0] = await freePorts(1);
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}/slow`;
}

/**
 * A hosted executor takes its task within milliseconds, the recorded one was a process that had to
 * start first. A download that does not come holds the delivery back as long.
 */
const withSlowStart =
  (url: string): Handler =>
  async (step, replay) => {
    const slow = structuredClone(step);
    const task = at(slow, 'request', 'accept', 'operations', 0, 'launch', 'task_infos', 0);
    Reflect.set(Object(at(task, 'command')), 'uris', [{ value: url }]);
    await replay.call(slow);
  };

/**
 * The linux launcher has a process waiting before it runs the program, as the original has its
 * executor; the posix one has none when the program cannot be started.
 */
const withPidOfLauncher: Handler = async (step, replay) => {
  const amended = structuredClone(step);
  const flags = await http('GET', `${replay.cluster.agentUrl}/flags`);
  if (at(flags.body, 'flags', 'launcher') !== 'linux') {
    const status = at(amended, 'event', 'update', 'status', 'container_status');
    Reflect.deleteProperty(Object(status), 'executor_pid');
  }
  await replay.event(amended);
};
