/**
 * A master in a process of its own, filled with agents and tasks for `state.ts`. Agents arrive as
 * messages of agents do; only the completed tasks are put into its state directly, because running
 * and ending them would take minutes. Prints one line of JSON when it serves; ends with its stdin.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { background } from '../../core/base/background.ts';
import { SystemClock } from '../../core/base/clock.ts';
import { frameworkId } from '../../core/base/ids.ts';
import { silentLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { decodeAgentMessage } from '../../core/master/agent-messages.ts';
import { createMasterDaemon } from '../../core/master/daemon.ts';
import type { Master } from '../../core/master/master.ts';
import { DEFAULT_MASTER_OPTIONS } from '../../core/master/options.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/codec.ts';
import type { FrameworkInfo } from '../../core/wire/types/mesos.v1.ts';
import { AGENT_RESOURCES, reportedTask } from './simulated-agents.ts';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '20000' },
    running: { type: 'string', default: '200000' },
    completed: { type: 'string', default: '200000' },
    frameworks: { type: 'string', default: '200' },
  },
});
const AGENTS = Number(values.agents);
const FRAMEWORKS = Number(values.frameworks);
const RUNNING_PER_AGENT = Number(values.running) / AGENTS;
const COMPLETED_PER_FRAMEWORK = Number(values.completed) / FRAMEWORKS;

const daemon = createMasterDaemon(
  {
    master: DEFAULT_MASTER_OPTIONS,
    ip: '127.0.0.1',
    port: 0,
    advertiseIp: undefined,
    advertisePort: undefined,
    hostnameLookup: false,
    registryPath: undefined,
  },
  {
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: silentLog,
    addressOfThisHost: async () => '127.0.0.1',
    hostnameOf: async () => 'localhost',
  },
);
await daemon.start();
const memory = [heapBytes()];
await addAgents(daemon.master);
memory.push(heapBytes());
addTasks(daemon.master);
await settle();
memory.push(heapBytes());
addCompletedTasks(daemon.master);
memory.push(heapBytes());
const { port } = daemon.address;
process.stdout.write(`${JSON.stringify({ port, memory })}\n`);
process.stdin.resume();
process.stdin.on('data', (text) => {
  background(silentLog, change(daemon.master, Number(text)), 'change tasks');
});
process.stdin.on('end', () => process.exit());

function frameworkOf(at: number): FrameworkInfo {
  return {
    user: 'bench',
    name: `framework ${at}`,
    id: { value: `bench-${String(at).padStart(4, '0')}` },
    roles: ['bench'],
    failover_timeout: 604_800,
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
  };
}

async function addAgents(master: Master): Promise<void> {
  for (let at = 0; at < AGENTS; at += 1) {
    report(master, at);
    if (at % 1000 === 0) await settle();
  }
  while (master.state.agents.size < AGENTS) await settle();
}

/** The agents are admitted already, so that the cost of a task alone can be seen. */
function addTasks(master: Master): void {
  for (const [at, agent] of [...master.state.agents.values()].entries()) {
    for (let number = 0; number < RUNNING_PER_AGENT; number += 1) {
      const info = frameworkOf((at * RUNNING_PER_AGENT + number) % FRAMEWORKS);
      const framework = master.state.frameworks.get(frameworkId(info.id?.value ?? ''));
      if (framework === undefined) throw new Error('a framework is missing');
      const where = { agent: agent.id, framework: framework.id, host: at };
      const task = reportedTask(`run-${at}-${number}`, where, ['TASK_STARTING', 'TASK_RUNNING']);
      master.state.tasks.add(framework, agent, asReceived(task));
    }
  }
}

function addCompletedTasks(master: Master): void {
  const agents = [...master.state.agents.keys()];
  for (const framework of master.state.frameworks.values()) {
    for (let at = 0; at < COMPLETED_PER_FRAMEWORK; at += 1) {
      const host = at % agents.length;
      const where = { agent: agents[host] ?? '', framework: framework.id, host };
      const states = ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED'] as const;
      master.state.tasks.addCompleted(
        framework,
        asReceived(reportedTask(`done-${framework.id}-${at}`, where, states)),
      );
    }
  }
}

/** As it is after a way over the wire. */
function asReceived<Task extends Parameters<Master['state']['tasks']['addCompleted']>[1]>(
  task: Task,
): Parameters<Master['state']['tasks']['addCompleted']>[1] {
  const decoded = decodeMessage('mesos.v1.Task', encodeMessage('mesos.v1.Task', task));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

function report(master: Master, at: number): void {
  const name = 'mesos.internal.ReregisterSlaveMessage';
  const from = { id: `slave(${at})`, ip: '127.0.0.1', port: daemon.address.port };
  const body = encodeMessage(name, {
    slave: {
      id: { value: `bench-S${at}` },
      hostname: `agent-${at}.example`,
      resources: AGENT_RESOURCES,
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: `r${at % 50}` } }],
    },
    version: '1.11.0',
    agent_capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
    frameworks: [frameworkOf(at % FRAMEWORKS)],
  });
  const content = decodeAgentMessage(name, body);
  if (content?.ok !== true) throw new Error('the message cannot be read');
  master.input({ kind: 'message', from, content: content.value });
}

/** So many running tasks, all over the cluster, get another status: in turns, as their messages would come. */
async function change(master: Master, count: number): Promise<void> {
  let left = count;
  for (const framework of master.state.frameworks.values()) {
    const records = [...framework.tasks.values()];
    const step = Math.max(1, Math.floor((records.length * FRAMEWORKS) / count));
    for (let at = 0; at < records.length && left > 0; at += step) {
      const record = records[at];
      if (record === undefined) continue;
      master.state.tasks.replace(record, { ...record.task });
      left -= 1;
    }
    await nextTurn();
  }
}

function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
