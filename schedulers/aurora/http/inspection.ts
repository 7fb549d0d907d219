/** What the scheduler holds, for whoever looks for a fault (spec aurora-scheduler, section 10). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { escapeHtml } from '../../../core/base/html.ts';
import type { AuroraMachine } from '../machine/aurora-machine.ts';
import { consumers, isPool, type Pool } from '../machine/consumers.ts';
import { AGENT_ASSIGNED } from '../machine/schedule-status.ts';
import { amountsOf } from '../machine/task-amounts.ts';
import type { ScheduledTask } from '../thrift/types.ts';
import { htmlPage, htmlTable } from './html.ts';
import { plain } from './rest/schemas.ts';

export function declareInspection(app: FastifyInstance, machine: AuroraMachine): void {
  app.get('/state', () => clusterState(machine));
  for (const path of ['/agents', '/slaves']) {
    app.get(path, (_request, reply) => html(reply, agentsPage(machine)));
  }
  declareDumps(app, machine);
  declareUtilization(app, machine);
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page);
}

/** Which configurations run, and which task of which is on which agent. */
function clusterState(machine: AuroraMachine): unknown {
  const numbers = new Map<string, number>();
  const taskConfigs: Record<string, unknown> = {};
  const agents: Record<string, unknown[]> = {};
  for (const status of AGENT_ASSIGNED) {
    for (const { assignedTask } of machine.state.tasks.withStatus(status)) {
      const { slaveId = '', slaveHost, instanceId, taskId, task } = assignedTask;
      const text = machine.state.configText(task);
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      taskConfigs[String(number)] ??= plain(task);
      const onAgent = agents[slaveId] ?? [];
      agents[slaveId] = onAgent;
      onAgent.push({ host: slaveHost, taskId, instanceId, taskConfig: number, status });
    }
  }
  return { taskConfigs, agents };
}

function agentsPage(machine: AuroraMachine): string {
  const rows = [...machine.state.hosts.values()]
    .sort((a, b) => (a.host < b.host ? -1 : 1))
    .map(({ host, slaveId = '', mode = 'NONE', attributes }) => {
      const words = attributes.map(({ name, values }) => `${name}=${[...values].join(',')}`);
      return [host, slaveId, mode, words.sort().join('; ')];
    });
  return htmlPage('Agents', htmlTable(['Host', 'Agent ID', 'Maintenance', 'Attributes'], rows));
}

const DUMP_USAGE =
  '<html>Usage: /structdump/task/{task_id} or /structdump/cron/{role}/{env}/{job}</html>';

function declareDumps(app: FastifyInstance, machine: AuroraMachine): void {
  const dump = (reply: FastifyReply, title: string, value: unknown): FastifyReply => {
    const text =
      value === undefined
        ? 'Entity not found'
        : `<pre>${escapeHtml(JSON.stringify(plain(value), undefined, 2))}</pre>`;
    return html(reply, htmlPage(title, text));
  };
  app.get('/structdump', (_request, reply) => html(reply.code(400), DUMP_USAGE));
  app.get<{ Params: { id: string } }>('/structdump/task/:id', ({ params }, reply) =>
    dump(reply, `Task ${params.id}`, machine.state.tasks.get(params.id)),
  );
  app.get<{ Params: { role: string; env: string; job: string } }>(
    '/structdump/cron/:role/:env/:job',
    ({ params }, reply) => {
      const key = `${params.role}/${params.env}/${params.job}`;
      return dump(reply, `Cron job ${key}`, machine.state.cronJobs.get(key));
    },
  );
}

const SUM_HEAD = ['CPU', 'RAM (MB)', 'Disk (MB)', 'Tasks'];

function declareUtilization(app: FastifyInstance, machine: AuroraMachine): void {
  app.get('/utilization', (_request, reply) => {
    const names: readonly Pool[] = ['total', 'quota', 'free', 'dedicated'];
    const rows = names.map((name) => [name, ...sumOf(consumers(machine, name))]);
    return html(reply, htmlPage('Utilization', htmlTable(['Metric', ...SUM_HEAD], rows)));
  });
  app.get<{ Params: { metric: string; role?: string } }>(
    '/utilization/:metric/:role?',
    ({ params }, reply) => {
      const { metric, role } = params;
      const name = metric.toLowerCase();
      if (!isPool(name)) {
        return reply.code(400).type('text/plain').send('Invalid metric type.');
      }
      const tasks = consumers(machine, name);
      const by = (task: ScheduledTask): string => {
        const job = task.assignedTask.task.job;
        return (role === undefined || role === '' ? job?.role : job?.name) ?? '';
      };
      const shown = tasks.filter(
        ({ assignedTask }) =>
          role === undefined || role === '' || assignedTask.task.job?.role === role,
      );
      const groups = Map.groupBy(shown, by);
      const rows = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
      const head = [role === undefined || role === '' ? 'Role' : 'Job', ...SUM_HEAD];
      const cells = rows.map(([each, own]) => [each, ...sumOf(own)]);
      return html(reply, htmlPage(`Utilization: ${name}`, htmlTable(head, cells)));
    },
  );
}

function sumOf(tasks: readonly ScheduledTask[]): readonly string[] {
  const amounts = tasks.map(({ assignedTask }) => amountsOf(assignedTask.task.resources));
  const total = (of: 'cpus' | 'ramMb' | 'diskMb'): number =>
    amounts.reduce((sum, each) => sum + each[of], 0);
  return [
    total('cpus').toFixed(2),
    String(total('ramMb')),
    String(total('diskMb')),
    String(tasks.length),
  ];
}
