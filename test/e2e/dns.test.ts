/** The DNS daemon as a process, fed by a master that says what the test wants, asked with `dig`. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type FakeMaster, startFakeMaster, v1 } from '../dns/support/fake-master.ts';
import { eventually, freePorts, type Program, startProgram } from './support/programs.ts';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'orrery-dns-'));
let master: FakeMaster;
let daemon: Program;
let dnsPort = 0;
let httpPort = 0;

before(async () => {
  master = await startFakeMaster();
  master.snapshot = {
    get_agents: { agents: [v1.agent('x-S0', '10.1.1.1')] },
    get_frameworks: { frameworks: [v1.framework('F1', 'marathon', '10.1.1.9')] },
    get_tasks: {
      tasks: [
        v1.task({
          id: 'web.1',
          name: 'web',
          framework: 'F1',
          agent: 'x-S0',
          ports: [[31_000, 31_001]],
          state: 'TASK_RUNNING',
          ip: '10.2.2.2',
        }),
      ],
    },
  };
  [dnsPort = 0, httpPort = 0] = await freePorts(2);
  const config = join(directory, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({
      masters: [`127.0.0.1:${master.port}`],
      listener: '127.0.0.1',
      httpListener: '127.0.0.1',
      PORT: dnsPort,
      HTTPport: httpPort,
      externalon: false,
    }),
  );
  daemon = startProgram(process.execPath, ['dns/main.ts', `-config=${config}`]);
  await eventually('READY', () => daemon.output().includes('READY'), daemon.output);
});

after(async () => {
  const code = await daemon.stop();
  await master.close();
  rmSync(directory, { recursive: true });
  assert.equal(code, 0);
});

async function dig(...words: readonly string[]): Promise<string> {
  const place = ['@127.0.0.1', '-p', String(dnsPort), '+tries=1', '+time=60'];
  const { stdout } = await run('dig', [...place, ...words]);
  return stdout.trim();
}

test('dig finds the addresses of a task over UDP and TCP', async () => {
  assert.equal(await dig('web.marathon.mesos', 'A', '+short'), '10.2.2.2');
  assert.equal(await dig('web.marathon.mesos', 'A', '+short', '+tcp'), '10.2.2.2');
  assert.equal(await dig('WEB.Marathon.mesos', 'A', '+short'), '10.2.2.2');
  assert.equal(await dig('web.marathon.slave.mesos', 'A', '+short'), '10.1.1.1');
  assert.equal(await dig('leader.mesos', 'A', '+short'), '127.0.0.1');
});

test('dig finds the ports of a task by SRV, with the addresses of the targets beside them', async () => {
  const words = ['_web._tcp.marathon.mesos', 'SRV'];
  const target = 'web-e844k-s0.marathon.slave.mesos.';
  for (const transport of ['+notcp', '+tcp']) {
    const short = (await dig(...words, '+short', transport)).split('\n').sort();
    assert.deepEqual(short, [`0 1 31000 ${target}`, `0 1 31001 ${target}`]);
  }
  const additional = await dig(...words, '+noall', '+additional');
  assert.match(additional, /^web-e844k-s0\.marathon\.slave\.mesos\.\s+60\s+IN\s+A\s+10\.1\.1\.1$/m);
});

test('a name that is not there is NXDOMAIN with SOA, names elsewhere are refused', async () => {
  const unknown = await dig('nothing.marathon.mesos', 'A');
  assert.match(unknown, /status: NXDOMAIN/);
  assert.match(unknown, /flags: qr aa rd ra;/);
  assert.match(unknown, /SOA\s+ns1\.mesos\. root\.ns1\.mesos\. \d+ 60 600 86400 60/);
  assert.match(await dig('example.com', 'A'), /status: REFUSED/);
});

test('what dig adds to a question is answered as the original does', async () => {
  // Names come back as they were spelt, a star is left out, checking and EDNS flags do no harm.
  const spelt = await dig('wEb.*.Marathon.MESOS', 'A', '+cd', '+edns', '+bufsize=4096', '+dnssec');
  assert.match(spelt, /flags: qr aa rd ra cd;/);
  assert.match(spelt, /^;wEb\.\*\.Marathon\.MESOS\.\s+IN\s+A$/m);
  assert.match(spelt, /^web\.marathon\.mesos\.\s+60\s+IN\s+A\s+10\.2\.2\.2$/m);
  assert.doesNotMatch(spelt, /OPT PSEUDOSECTION/);
  const any = await dig('web.marathon.mesos', 'ANY', '+notcp');
  assert.match(any, /status: NOERROR/);
  assert.match(any, /ANSWER: 1, AUTHORITY: 2, ADDITIONAL: 0/);
  assert.match(await dig('web.marathon.mesos', 'TXT'), /status: NOERROR/);
  assert.match(await dig('web.marathon.mesos', 'TXT'), /ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 0/);
  assert.match(await dig('-x', '10.2.2.2'), /status: REFUSED/);
});

test('dig asks again over TCP for what does not fit, and without that sees what does', async () => {
  const ips = Array.from({ length: 40 }, (_, at) => `10.4.0.${at}`);
  for (const ip of ips) {
    const id = `many.${ip}`;
    master.send(v1.taskAdded(v1.task({ id, name: 'many', framework: 'F1', agent: 'x-S0' })));
    master.send(v1.taskUpdated('F1', id, 'TASK_RUNNING', ip));
  }
  await eventually(
    'all have addresses',
    async () => (await hosts('many.marathon.mesos.')).split('"ip"').length > ips.length,
  );
  const cut = await dig('many.marathon.mesos', 'A', '+ignore', '+noedns');
  assert.match(cut, /flags: qr aa tc rd ra;/);
  // 17 bytes and the name of 20 with its dot leave room for 29 records of 16.
  assert.match(cut, /ANSWER: 29, /);
  assert.match(await dig('many.marathon.mesos', 'A', '+ignore', '+bufsize=4096'), /ANSWER: 29, /);
  const whole = await dig('many.marathon.mesos', 'A', '+short');
  assert.deepEqual(
    whole
      .split('\n')
      .filter((line) => line.startsWith('10.'))
      .sort(),
    ips.sort(),
  );
});

test('a task that starts to run is found at once, and gone when it ends', async () => {
  const task = { id: 'api.1', name: 'api', framework: 'F1', agent: 'x-S0' };
  master.send(v1.taskAdded(v1.task(task)));
  master.send(v1.taskUpdated('F1', 'api.1', 'TASK_RUNNING', '10.2.2.3'));
  await answers('api.marathon.mesos.', '10.2.2.3');
  assert.equal(await dig('api.marathon.mesos', 'A', '+short'), '10.2.2.3');
  master.send(v1.taskUpdated('F1', 'api.1', 'TASK_FINISHED'));
  await answers('api.marathon.mesos.', '');
  assert.match(await dig('api.marathon.mesos', 'A'), /status: NXDOMAIN/);
});

test('the last known names are served while no master answers', async () => {
  master.endStreams();
  assert.equal(await dig('web.marathon.mesos', 'A', '+short'), '10.2.2.2');
});

/** Asks the HTTP interface, which is quicker than a process per question. */
async function answers(host: string, ip: string): Promise<void> {
  let last = '';
  await eventually(
    `${host} is '${ip}'`,
    async () => {
      last = await hosts(host);
      return last.includes(`"ip": "${ip}"`);
    },
    () => last,
  );
}

async function hosts(host: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/v1/hosts/${host}`);
  return await response.text();
}
