/**
 * The parts of a master for `/__processes__` (spec operator-api, section 6.8). The originals' ids are given
 * to the parts that do the same here; what comes and goes is numbered: agents' observers, open
 * connections, streams of frameworks.
 */
import type { OperatorContext } from './operator.ts';

const PARTS: readonly string[] = [
  'master',
  'files',
  'system',
  'metrics',
  'allocator',
  'help',
  'profiler',
  'version',
  'logging',
  'registrar(1)',
  'whitelist(1)',
  'crammd5-authenticator(1)',
  '__authentication_router__(1)',
  '__limiter__(1)',
  '__reaper__(1)',
  '__processes__',
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((count) => `__auth_handlers__(${count})`),
];

const ELECTION: readonly string[] = [
  'zookeeper(1)',
  'zookeeper-group(1)',
  'zookeeper-leader-contender(1)',
  'zookeeper-leader-detector(1)',
  'zookeeper-master-contender(1)',
  'zookeeper-master-detector(1)',
];

export function masterProcesses(context: OperatorContext): readonly string[] {
  const { server, master, flags } = context;
  const isElected = flags['zk'] !== undefined;
  const election = isElected ? ELECTION : ['standalone-master-detector(1)'];
  const storage = isElected
    ? 'zookeeper-storage(1)'
    : flags['registry'] === 'in_memory'
      ? 'in-memory-storage(1)'
      : 'leveldb-storage(1)';
  const connections = server.openConnections().map((number) => `__http__(${number})`);
  const state = master.hasState ? context.state : undefined;
  const observers = [...(state?.agents.values() ?? [])].map(
    ({ observer }) => `slave-observer(${observer})`,
  );
  const frameworks = [...(state?.frameworks.values() ?? [])].filter(
    ({ connection }) => connection !== undefined,
  );
  const heartbeats = frameworks.map((_, at) => `heartbeater(${at + 1})`);
  return [...PARTS, ...election, storage, ...observers, ...connections, ...heartbeats];
}
