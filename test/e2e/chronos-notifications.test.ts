/** Notifications of Chronos against real servers on this machine (spec chronos, section 7.2). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import net from 'node:net';
import test from 'node:test';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { SeededRandom } from '../../core/base/random.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { decodeJob } from '../../schedulers/chronos/job-decode.ts';
import { createMailer } from '../../schedulers/chronos/mail.ts';
import { Notifier } from '../../schedulers/chronos/notifier.ts';
import { CHRONOS_DEFAULTS } from '../../schedulers/chronos/options.ts';
import { parseSentryAddress } from '../../schedulers/chronos/sentry.ts';

interface Listening extends AsyncDisposable {
  readonly port: number;
}

async function listening(server: net.Server): Promise<Listening> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Speaks as much SMTP as one mail after login needs; gives every line of every client. */
async function startMailServer(lines: string[]): Promise<Listening> {
  const server = net.createServer((socket) => {
    let isData = false;
    let rest = '';
    socket.write('220 test\r\n');
    socket.on('data', (chunk) => {
      rest += chunk.toString();
      const parts = rest.split('\r\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        if (isData && line !== '.') continue;
        if (line.startsWith('EHLO')) socket.write('250-test\r\n250 AUTH PLAIN\r\n');
        else if (line.startsWith('AUTH')) socket.write('235 ok\r\n');
        else if (line === 'DATA') socket.write('354 go\r\n');
        else if (line === 'QUIT') socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
        isData = line === 'DATA';
      }
    });
    socket.on('error', () => socket.destroy());
  });
  return listening(server);
}

const JOB = {
  name: 'nightly',
  command: 'x',
  owner: 'a@example.com, b@example.com',
  fetch: [{ uri: 'u' }],
};

function failed(owner?: string) {
  const job = decodeJob({ ...JOB, ...(owner && { owner }) }, CHRONOS_DEFAULTS.jobDefaults, 0);
  assert.ok(job.ok);
  const notice = { kind: 'failed', taskId: 'ct:1:2:nightly:', text: 'exit status 3' } as const;
  return { kind: 'notify', job: job.value, notice, at: Date.UTC(2026, 0, 1) } as const;
}

const MESSAGE =
  "\n'2026-01-01T00:00:00.000Z'. Retries attempted: 2.\nTask id: ct:1:2:nightly:\n" +
  'The scheduler provided this message:\n\nexit status 3';

test('each owner gets a mail, after a login', async () => {
  const lines: string[] = [];
  await using server = await startMailServer(lines);
  const mailer = createMailer({
    host: '127.0.0.1',
    port: server.port,
    from: 'chronos@example.com',
    isTls: false,
    credentials: { user: 'me', password: 'secret' },
  });
  const http = createHttpClient();
  const ports = {
    clock: new SystemClock(),
    http,
    log: silentLog,
    random: new SeededRandom(1),
    mailer,
  };
  const notifier = new Notifier(CHRONOS_DEFAULTS.notifications, ports);
  notifier.notify(failed());
  await notifier.stop();
  await http.close();
  assert.equal(lines.filter((line) => line === 'MAIL FROM:<chronos@example.com>').length, 2);
  assert.deepEqual(lines.filter((line) => line.startsWith('RCPT')).sort(), [
    'RCPT TO:<a@example.com>',
    'RCPT TO:<b@example.com>',
  ]);
  const login = Buffer.from('\0me\0secret').toString('base64');
  assert.equal(lines.filter((line) => line === `AUTH PLAIN ${login}`).length, 2);
  const text = lines.join('\n');
  assert.match(text, /^Subject: {2}\[Chronos\] job 'nightly' failed!$/m);
  assert.match(text, /Retries attempted: 2\./);
  assert.match(text, /^exit status 3$/m);
});

test('Slack, Mattermost, a web hook and Sentry get their JSON, and too many letters come as one', async () => {
  const posts: {
    path: string;
    type: string;
    login: string;
    sentry: unknown;
    body: Record<string, string>;
  }[] = [];
  await using server = await listening(
    createHttp((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        const { 'content-type': type = '', authorization: login = '' } = request.headers;
        const sentry = request.headers['x-sentry-auth'];
        posts.push({ path: request.url ?? '', type, login, sentry, body: JSON.parse(body) });
        response.writeHead(200, { connection: 'close' }).end('ok');
      });
    }),
  );
  const base = `http://127.0.0.1:${server.port}`;
  const http = createHttpClient();
  const notifier = new Notifier(
    {
      ...CHRONOS_DEFAULTS.notifications,
      clusterName: 'east',
      slackUrl: `${base}/slack`,
      mattermostUrl: `${base}/mattermost`,
      httpUrl: `${base}/hook`,
      httpCredentials: 'u:p',
      sentry: parseSentryAddress(`http://key:word@127.0.0.1:${server.port}/7`),
      ratePerMinute: 2,
    },
    { clock: new SystemClock(), http, log: silentLog, random: new SeededRandom(1) },
  );
  for (let count = 0; count < 5; count += 1) notifier.notify(failed('me@example.com'));
  await notifier.stop();
  await http.close();
  const of = (path: string) => posts.filter((post) => post.path === path);
  const subject = "[east] [Chronos] job 'nightly' failed!";
  // Two letters at once, three more gathered into one that goes when the notifier stops.
  assert.equal(posts.length, 12);
  assert.deepEqual(of('/slack')[0]?.body, { text: `${subject}: ${MESSAGE}` });
  assert.equal(of('/slack')[0]?.type, '');
  assert.equal(of('/mattermost')[0]?.type, 'application/json');
  const hooks = of('/hook');
  assert.equal(hooks[0]?.login, `Basic ${Buffer.from('u:p').toString('base64')}`);
  const single = hooks.find((post) => post.body['subject'] === subject)?.body;
  assert.deepEqual(single, {
    subject,
    message: MESSAGE,
    to: 'me@example.com',
    job: 'nightly',
    command: 'x',
    cpus: '0.1',
    softError: 'false',
    errorCount: '0',
    errorsSinceLastSuccess: '0',
    executor: '',
    executorFlags: '',
    lastError: '',
    lastSuccess: '',
    mem: '128.0',
    retries: '2',
    successCount: '0',
    uris: 'u',
  });
  const joined = hooks.find((post) => post.body['subject'] === '[east] [Chronos] 3 notifications');
  assert.equal(joined?.body['message']?.match(/exit status 3/g)?.length, 3);
  const event = of('/api/7/store/').find((post) => post.body['message']?.startsWith(subject));
  assert.equal(
    event?.sentry,
    'Sentry sentry_version=7, sentry_client=orrery/1.0, sentry_key=key, sentry_secret=word',
  );
  const { event_id, timestamp, ...rest } = event?.body ?? {};
  assert.match(String(event_id), /^[0-9a-f]{32}$/);
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  assert.deepEqual(rest, {
    level: 'error',
    platform: 'other',
    message: `${subject}\n\n${MESSAGE}`,
    tags: { owner: 'me@example.com', job: 'nightly', command: 'x' },
    extra: {
      cpus: 0.1,
      softError: false,
      errorCount: 0,
      errorsSinceLastSuccess: 0,
      executor: '',
      executorFlags: '',
      lastError: '',
      lastSuccess: '',
      mem: 128,
      retries: 2,
      successCount: 0,
      uris: 'u',
    },
  });
});
