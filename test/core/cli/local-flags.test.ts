import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from '../../../core/base/flags.ts';
import {
  compileLocalOptions,
  flagOfLocalPort,
  LOCAL_FLAGS,
  type LocalOptions,
  portsOfLocal,
} from '../../../core/cli/local-flags.ts';

function compile(...argv: readonly string[]): LocalOptions | string {
  const flags = parseFlags(LOCAL_FLAGS, { argv, env: {}, envPrefix: undefined, style: 'equals' });
  if (!flags.ok) return flags.error;
  const options = compileLocalOptions(flags.value);
  return options.ok ? options.value : options.error;
}

function options(...argv: readonly string[]): LocalOptions {
  const compiled = compile(...argv);
  if (typeof compiled === 'string') throw new Error(compiled);
  return compiled;
}

test('a local cluster has the ports of the originals', () => {
  const local = options('--work_dir=/w');
  assert.deepEqual(
    portsOfLocal(local).map(({ port, protocol }) => `${protocol} ${port}`),
    [
      'tcp 5050',
      'tcp 8080',
      'tcp 4400',
      'tcp 8081',
      'tcp 8053',
      'tcp 8123',
      'tcp 5051',
      'udp 8053',
    ],
  );
  assert.ok(!portsOfLocal(options('--no-aurora')).some(({ port }) => port === 8_081));
  assert.equal(local.workDir, '/w');
  assert.equal(local.agents[0]?.workDir, '/w/agents/1');
});

test('agents have addresses, ports and task ports of their own, whatever their number', () => {
  const three = options('--agents=3').agents;
  assert.deepEqual(
    three.map(({ ip, port, resources }) => [ip, port, resources]),
    [
      ['127.0.0.1', 5_051, 'ports:[31000-32000]'],
      ['127.0.0.2', 5_052, 'ports:[30000-30999]'],
      ['127.0.0.3', 5_053, 'ports:[29000-29999]'],
    ],
  );
  assert.deepEqual(options('--num_slaves=2').agents, three.slice(0, 2));
  const many = options('--agents=200').agents;
  const begins = many.map((agent) => /\[(\d+)-(\d+)\]/.exec(agent.resources)?.slice(1).map(Number));
  const ranges = begins.map(([begin = 0, end = 0] = []) => ({ begin, end }));
  ranges.sort((a, b) => a.begin - b.begin);
  for (const [at, range] of ranges.entries()) {
    assert.ok(range.begin > (ranges[at - 1]?.end ?? 0) && range.end <= 65_535);
  }
});

test('resources are completed with ports unless they name some', () => {
  const of = (text: string): string | undefined =>
    options(`--resources=${text}`).agents[0]?.resources;
  assert.equal(of('cpus:2;mem:512'), 'cpus:2;mem:512;ports:[31000-32000]');
  assert.equal(of('cpus:2;ports:[1-2]'), 'cpus:2;ports:[1-2]');
  assert.equal(of('[{"name":"cpus"}]'), '[{"name":"cpus"}]');
});

test('on another address than loopback all agents share it', () => {
  const { agents } = options('--agents=2', '--ip=10.0.0.5');
  assert.deepEqual(
    agents.map((agent) => agent.ip),
    ['10.0.0.5', '10.0.0.5'],
  );
});

test('what cannot be is refused with a sentence that names the flag', () => {
  assert.equal(compile('--agents=0'), '--agents must be 1 to 200, not 0');
  assert.equal(compile('--ip=localhost'), "--ip must be an IPv4 address, not 'localhost'");
  assert.equal(compile('--dns_port=70000'), '--dns_port must be at most 65535');
  assert.equal(compile('--agent_port=65535', '--agents=2'), '--agent_port must be at most 65535');
  assert.match(String(compile('--logging_level=loud')), /--logging_level$/);
});

test('each port knows the flag that moves it', () => {
  const local = options('--agents=2');
  const flags = [5_050, 5_051, 5_052, 8_080, 4_400, 8_081, 8_053, 8_123, 1].map((port) =>
    flagOfLocalPort(local, port),
  );
  assert.deepEqual(flags, [
    '--master_port',
    '--agent_port',
    '--agent_port',
    '--marathon_port',
    '--chronos_port',
    '--aurora_port',
    '--dns_port',
    '--dns_http_port',
    undefined,
  ]);
});
