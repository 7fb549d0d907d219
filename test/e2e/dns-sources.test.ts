/**
 * The DNS daemon with real sockets inside this process: resolvers behind it, masters that fail,
 * move or know no event stream.
 */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { after, test } from 'node:test';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { compileDnsOptions, DEFAULT_DNS_CONFIG, type DnsConfig } from '../../dns/config.ts';
import { createDns, type Dns } from '../../dns/server.ts';
import { query, show, TYPES } from '../dns/support/ask.ts';
import { type FakeMaster, startFakeMaster, v1 } from '../dns/support/fake-master.ts';
import { eventually, freePorts } from './support/programs.ts';

const http = createHttpClient();
after(() => http.close());

async function startDns(
  masters: readonly string[],
  changes: Partial<DnsConfig> = {},
): Promise<Dns> {
  const options = compileDnsOptions(
    {
      ...DEFAULT_DNS_CONFIG,
      ...{ masters, port: 0, httpport: 0, listener: '127.0.0.1', httplistener: '127.0.0.1' },
      ...{ externalon: false, refreshSeconds: 1 },
      ...changes,
    },
    { systemResolvers: () => [], readText: () => '' },
  );
  if (!options.ok) throw new Error(options.error);
  const clock = new SystemClock();
  for (;;) {
    const dns = createDns(options.value, {
      ...{ clock, random: new SystemRandom(), http, log: silentLog },
    });
    try {
      await dns.start();
      return dns;
    } catch (thrown) {
      await dns.stop();
      // The number that UDP was given may be taken for TCP.
      if (!String(thrown).includes('EADDRINUSE')) throw thrown;
    }
  }
}

const addressOf = (master: FakeMaster): string => `127.0.0.1:${master.port}`;

/** One exchange over UDP. */
async function ask(dns: Dns, message: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    const replied = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    socket.send(message, dns.ports.dns ?? 0, '127.0.0.1');
    return await replied;
  } finally {
    socket.close();
  }
}

/** A resolver that answers every query with what the test says. */
async function startResolver(
  answer: (message: Buffer) => Buffer | undefined,
): Promise<{ address: string; socket: Socket }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, peer) => {
    const reply = answer(message);
    if (reply !== undefined) socket.send(reply, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, socket };
}

/** The query as a reply with rcode 3. */
function notThere(message: Buffer): Buffer {
  const reply = Buffer.from(message);
  reply[2] = (reply[2] ?? 0) | 0x80;
  reply[3] = 0x83;
  return reply;
}

test('other names go to the resolvers in order until one answers', async () => {
  const master = await startFakeMaster();
  const silent = await startResolver(() => undefined);
  const forging = await startResolver((message) => {
    const reply = notThere(message);
    reply.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0);
    return reply;
  });
  const good = await startResolver(notThere);
  const resolvers = [silent.address, forging.address, good.address];
  // The good one must answer within it on a busy machine.
  const timeout = 2;
  const dns = await startDns([addressOf(master)], { externalon: true, resolvers, timeout });
  const dead = await startDns([addressOf(master)], {
    ...{ externalon: true, resolvers: [silent.address], timeout },
  });
  const [found, failed] = await Promise.all([
    ask(dns, query('example.com', TYPES.A, { id: 9 })),
    ask(dead, query('example.com', TYPES.A)),
  ]);
  const reply = show(found);
  assert.deepEqual([reply.id, reply.rcode, reply.flags], [9, 3, 'qr rd ra']);
  assert.equal(show(failed).rcode, 2);
  await Promise.all([dns.stop(), dead.stop(), master.close()]);
  for (const { socket } of [silent, forging, good]) socket.close();
});

test('ports open only after the first good state', async () => {
  const [port = 0] = await freePorts(1);
  const starting = startDns([`127.0.0.1:${port}`, '127.0.0.1:1']);
  const state = await Promise.race([
    starting.then(() => 'serving'),
    new Promise((resolve) => setTimeout(resolve, 300, 'waiting')),
  ]);
  assert.equal(state, 'waiting');
  const back = await startFakeMaster('127.0.0.1', port);
  const dns = await starting;
  assert.equal(dns.records.values('leader.mesos.', 'A').length, 1);
  await Promise.all([dns.stop(), back.close()]);
});

test('a master without event stream is polled', async () => {
  const master = await startFakeMaster();
  master.snapshot = undefined;
  const dns = await startDns([addressOf(master)]);
  assert.equal(dns.records.get('web.marathon.mesos.'), undefined);
  master.state = {
    slaves: [{ id: 'x-S0', pid: 'slave(1)@10.1.1.1:5051' }],
    frameworks: [
      {
        id: 'F1',
        name: 'marathon',
        pid: 'scheduler-1@10.9.9.9:7',
        tasks: [{ id: 'a', name: 'web', slave_id: 'x-S0', state: 'TASK_RUNNING' }],
      },
    ],
  };
  await eventually('the polled name', () => dns.records.get('web.marathon.mesos.'));
  assert.deepEqual(dns.records.values('_framework._tcp.marathon.mesos.', 'SRV'), [
    'marathon.mesos.:7',
  ]);
  master.state = { slaves: [{ id: 'x-S0', pid: 'malformed' }] };
  const polls = master.stateCount;
  await eventually('two more polls', () => (master.stateCount > polls + 1 ? true : undefined));
  assert.ok(dns.records.get('web.marathon.mesos.') !== undefined, 'old names stay');
  await Promise.all([dns.stop(), master.close()]);
});

test('after a lost stream the next one gives the state anew', async () => {
  const master = await startFakeMaster();
  const dns = await startDns([addressOf(master)]);
  await eventually('the stream', () => (master.streamCount === 1 ? true : undefined));
  const running = { name: 'web', framework: 'F1', agent: 'x-S0', state: 'TASK_RUNNING' } as const;
  master.snapshot = {
    get_agents: { agents: [v1.agent('x-S0', '10.1.1.1')] },
    get_frameworks: { frameworks: [v1.framework('F1', 'marathon')] },
    get_tasks: { tasks: [v1.task({ ...running, id: 'a' })] },
  };
  // News of a task that nobody announced makes the daemon start over by itself.
  master.send(v1.taskUpdated('F1', 'a', 'TASK_RUNNING'));
  await eventually('the name', () => dns.records.get('web.marathon.mesos.'));
  assert.equal(master.streamCount, 1);
  await Promise.all([dns.stop(), master.close()]);
});

test('another leader is asked on the port of the configured master', async () => {
  const [port = 0] = await freePorts(1);
  const leader = await startFakeMaster('127.0.0.2', port);
  const standby = await startFakeMaster('127.0.0.1', leader.port);
  standby.state = { leader: `master@127.0.0.2:${leader.port}` };
  leader.state = { slaves: [{ id: 'x-S0', pid: 'slave(1)@10.1.1.1:5051' }] };
  const dns = await startDns([addressOf(standby)]);
  assert.deepEqual(dns.records.values('leader.mesos.', 'A'), ['127.0.0.2']);
  assert.deepEqual(dns.records.values('master.mesos.', 'A').toSorted(), ['127.0.0.1', '127.0.0.2']);
  await Promise.all([dns.stop(), leader.close(), standby.close()]);
});

test('metrics say when what is served may be old, and drained agents are asked for beside the stream', async () => {
  const master = await startFakeMaster();
  master.snapshot = {
    get_agents: { agents: [v1.agent('x-S0', '10.1.1.1')] },
    get_frameworks: { frameworks: [v1.framework('F1', 'marathon')] },
    get_tasks: {
      tasks: [
        v1.task({ id: 'a', name: 'web', framework: 'F1', agent: 'x-S0', state: 'TASK_RUNNING' }),
      ],
    },
  };
  const dns = await startDns([addressOf(master)], { leaveOutDraining: true });
  const metric = async (name: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${dns.ports.http}/v1/metrics`);
    return Number(Object(await response.json())[`dns/${name}`]);
  };
  await eventually('the name', () => dns.records.get('web.marathon.mesos.'));
  assert.deepEqual([await metric('state_is_followed'), await metric('state_is_stale')], [1, 0]);
  const drained = { id: 'x-S0', pid: 'slave(1)@10.1.1.1:5051', drain_info: { state: 'DRAINING' } };
  master.state = { slaves: [drained] };
  await eventually('the name goes', () =>
    dns.records.get('web.marathon.mesos.') === undefined ? true : undefined,
  );
  await master.close();
  await eventually('the state is stale', async () =>
    (await metric('state_is_stale')) === 1 ? true : undefined,
  );
  assert.equal(await metric('state_is_followed'), 0);
  assert.ok((await metric('state_failures')) >= 1);
  assert.ok((await metric('state_age_seconds')) > 0);
  assert.ok((await metric('names')) > 0, 'old names stay');
  await dns.stop();
});
