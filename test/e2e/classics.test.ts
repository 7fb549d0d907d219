/**
 * The examples that every newcomer types first, against a whole cluster with real processes: the
 * netcat web server that serves one request and must come back, a typing error in the JSON, and the
 * Hello World job that starts in the past and runs ten times, every two seconds.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { at, listAt, textAt } from './support/json.ts';
import {
  eventually,
  freePorts,
  http,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const NETCAT =
  '{"id":"netcat","cmd":"{ echo -ne \\"HTTP/1.0 200 OK\\\\r\\\\nContent-Length: 12\\\\r\\\\n\\\\r\\\\n\\"; ' +
  'echo \\"Hello World\\"; } | nc -l -p $PORT0","mem":10,"cpus":0.1,"instances":1}';

/** Everything the server sends until it closes. Bytes, because `echo -ne` differs between shells. */
function readAll(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('GET / HTTP/1.0\r\n\r\n'));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

test('the classic examples run as posted', async (t) => {
  const directory = await temporaryDirectory('classics');
  const [master = 0, agent = 0, marathon = 0, chronos = 0, dns = 0, dnsHttp = 0] =
    await freePorts(6);
  const cluster = startOrrery([
    'local',
    `--work_dir=${join(directory, 'state')}`,
    `--master_port=${master}`,
    `--agent_port=${agent}`,
    `--marathon_port=${marathon}`,
    `--chronos_port=${chronos}`,
    `--dns_port=${dns}`,
    `--dns_http_port=${dnsHttp}`,
    '--no-aurora',
  ]);
  t.after(async () => {
    await cluster.stop('SIGINT');
    await removeDirectory(directory);
  });
  const output = (): string => cluster.output();
  await eventually('READY', () => (/^READY$/m.test(output()) ? true : undefined), output);
  const apps = `http://127.0.0.1:${marathon}/v2/apps`;

  await t.test('netcat serves one request, ends, and is started again, for ever', async () => {
    const posted = await http('POST', apps, NETCAT);
    assert.equal(posted.status, 201, posted.text);
    const served = new Set<string>();
    for (let request = 1; request <= 3; request += 1) {
      await eventually(
        `request ${request} is served by a new instance`,
        async () => {
          const answer = await http('GET', `${apps}/netcat/tasks`);
          const task = listAt(answer.body, 'tasks').find(
            (each) => at(each, 'state') === 'TASK_RUNNING' && !served.has(textAt(each, 'id')),
          );
          if (task === undefined) return undefined;
          const text = await readAll(Number(at(task, 'ports', 0)));
          if (!text.endsWith('Hello World\n')) return undefined;
          served.add(textAt(task, 'id'));
          return true;
        },
        output,
      );
    }
    assert.equal(served.size, 3);
  });

  await t.test('a trailing comma is a 400 that says where', async () => {
    const posted = await http('POST', apps, '{\n  "id": "x",\n  "cmd": "sleep 1",\n}');
    assert.equal(posted.status, 400);
    assert.equal(at(posted.body, 'message'), 'Invalid JSON');
    assert.match(JSON.stringify(at(posted.body, 'details')), /line: 4, column: 1\b/);
  });

  await t.test('the Hello World job runs ten times and is then done', async () => {
    const file = join(directory, 'HelloWorldOut');
    const posted = await http('POST', `http://127.0.0.1:${chronos}/scheduler/iso8601`, {
      schedule: 'R10/2015-02-01T05:52:00Z/PT2S',
      name: 'HelloWorldJob',
      epsilon: 'PT15M',
      command: `echo 'Hello World' >> ${file}`,
      owner: 'me@example.com',
      async: false,
    });
    assert.equal(posted.status, 204, posted.text);
    const runs = (): number => {
      try {
        return readFileSync(file, 'utf8').trim().split('\n').length;
      } catch {
        return 0;
      }
    };
    await eventually('ten runs', () => (runs() >= 10 ? true : undefined), output);
    const job = await eventually('the job counts ten successes', async () => {
      const jobs = await http('GET', `http://127.0.0.1:${chronos}/scheduler/jobs`);
      const found = listAt(jobs.body).find((each) => at(each, 'name') === 'HelloWorldJob');
      return at(found, 'successCount') === 10 ? found : undefined;
    });
    assert.match(textAt(job, 'schedule'), /^R0\//);
    assert.equal(runs(), 10);
  });
});
