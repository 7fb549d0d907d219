/** Master and agent as processes, with flags about their logs, addresses and who is offered. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { at, listAt, textAt } from './support/json.ts';
import {
  eventually,
  freePorts,
  http,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const directory = await temporaryDirectory('flags');
const [masterPort = 0, agentPort = 0] = await freePorts(2);
const masterUrl = `http://127.0.0.1:${masterPort}`;
const agentUrl = `http://127.0.0.1:${agentPort}`;
const whitelist = join(directory, 'whitelist');
const programs: Program[] = [];

function output(): string {
  return programs.map((each) => each.output()).join('\n');
}

before(async () => {
  writeFileSync(whitelist, 'somebody-else\n');
  writeFileSync(join(directory, 'agent.log'), 'written by a supervisor\n');
  programs.push(
    startOrrery(
      [
        'master',
        '--ip_discovery_command=echo 127.0.0.1',
        '--hostname=127.0.0.1',
        `--port=${masterPort}`,
        '--registry=in_memory',
        `--whitelist=${whitelist}`,
        `--log_dir=${join(directory, 'logs')}`,
      ],
      { MESOS_QUIET: 'true' },
    ),
    startOrrery(
      [
        'agent',
        `--master=127.0.0.1:${masterPort}`,
        '--hostname=127.0.0.1',
        `--port=${agentPort}`,
        '--registration_backoff_factor=10ms',
        '--resources=cpus:1;mem:128;disk:128',
        `--work_dir=${join(directory, 'agent')}`,
        `--external_log_file=${join(directory, 'agent.log')}`,
      ],
      { LIBPROCESS_IP: '127.0.0.1' },
    ),
  );
  await eventually(
    'the agent is registered',
    async () => {
      const { body } = await http('GET', `${masterUrl}/slaves`);
      return listAt(body, 'slaves').length === 1 ? true : undefined;
    },
    output,
  );
});

after(async () => {
  for (const program of programs.reverse()) await program.stop('SIGTERM');
  await removeDirectory(directory);
});

test('the log in --log_dir is read as /master/log, also by the v1 API; --quiet keeps stderr empty', async () => {
  const read = await http('GET', `${masterUrl}/files/read?path=/master/log&offset=0&length=65536`);
  assert.match(textAt(read.body, 'data'), /^I\d{4} .* mesos-master:0\] agent registered \{/m);
  const v1 = await http('POST', `${masterUrl}/api/v1`, {
    type: 'READ_FILE',
    read_file: { path: '/master/log', offset: 0 },
  });
  const bytes = Buffer.from(textAt(v1.body, 'read_file', 'data'), 'base64');
  assert.match(bytes.toString(), /agent registered/);
  assert.doesNotMatch(programs[0]?.output() ?? '', /agent registered/);
  const { body } = await http('GET', `${masterUrl}/state`);
  assert.equal(at(body, 'log_dir'), join(directory, 'logs'));
});

test('the file of --external_log_file is read as /slave/log', async () => {
  const read = await http('GET', `${agentUrl}/files/read?path=/slave/log&offset=0&length=100`);
  assert.equal(textAt(read.body, 'data'), 'written by a supervisor\n');
  const { body } = await http('GET', `${agentUrl}/state`);
  assert.equal(at(body, 'external_log_file'), join(directory, 'agent.log'));
});

test('the command of --ip_discovery_command decides where the master listens', async () => {
  const { body } = await http('GET', `${masterUrl}/state`);
  assert.equal(at(body, 'pid'), `master@127.0.0.1:${masterPort}`);
});

test('an agent whose host is not in --whitelist is offered as soon as the file names it', async (t) => {
  const abort = new AbortController();
  t.after(() => abort.abort());
  const answer = await fetch(`${masterUrl}/api/v1/scheduler`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      type: 'SUBSCRIBE',
      subscribe: { framework_info: { user: 'root', name: 'whitelist' } },
    }),
    signal: abort.signal,
  });
  let received = '';
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) received += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  await eventually('it is subscribed', () => (/HEARTBEAT/.test(received) ? true : undefined));
  assert.doesNotMatch(received, /OFFERS/);
  writeFileSync(whitelist, '127.0.0.1\n');
  await eventually('it is offered', () => (/OFFERS/.test(received) ? true : undefined), output);
  abort.abort();
  await reading;
});
