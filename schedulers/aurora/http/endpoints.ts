/** Pages of figures and state for people and monitors (spec aurora-scheduler, section 10). */
import type { FastifyInstance } from 'fastify';
import type { AuroraMachine } from '../machine/aurora-machine.ts';
import { keyText } from '../machine/job-key.ts';
import { quotaAmountsOf } from '../machine/task-amounts.ts';
import { isActive } from '../machine/task-table.ts';
import type { MaintenanceMode } from '../thrift/types.ts';

export interface EndpointPorts {
  readonly machine: AuroraMachine;
  readonly now: () => number;
  /** Figures by name. */
  readonly vars: () => ReadonlyMap<string, number>;
}

export function declareEndpoints(app: FastifyInstance, ports: EndpointPorts): void {
  const { machine } = ports;
  app.get('/health', (_request, reply) => reply.type('text/plain').send('OK'));
  app.get('/vars', (_request, reply) => {
    const lines = [...ports.vars()].map(([name, value]) => `${name} ${value}`).sort();
    return reply.type('text/plain').send(`${lines.join('\n')}\n`);
  });
  app.get<{ Querystring: { pretty?: string } }>('/vars.json', ({ query }, reply) => {
    const vars = Object.fromEntries([...ports.vars()].sort(([a], [b]) => (a < b ? -1 : 1)));
    const indent = query.pretty === undefined ? undefined : 2;
    return reply.type('application/json').send(JSON.stringify(vars, undefined, indent));
  });
  app.get('/offers', () => [...machine.offers.all()].map(({ offer }) => offer));
  app.get('/pendingtasks', () => pendingTasks(ports));
  app.get<{ Querystring: { role?: string } }>('/quotas', ({ query }) =>
    quotas(machine, query.role),
  );
  app.get('/maintenance', () => maintenance(machine));
  app.get('/cron', () => ({
    scheduled: Object.fromEntries(
      [...machine.state.cronJobs].map(([key, job]) => [key, job.cronSchedule ?? '']),
    ),
  }));
  app.get('/tiers', () => tiers(machine));
}

function pendingTasks({ machine, now }: EndpointPorts): readonly unknown[] {
  return [...machine.groups.all()].map(({ id, config, taskIds, penaltyMs }) => ({
    penaltyMs,
    taskIds: [...taskIds],
    name: config.job === undefined ? '' : keyText(config.job),
    reason: `[${machine.groups.fits.reasons(id, now()).join(', ')}]`,
  }));
}

function quotas(machine: AuroraMachine, role: string | undefined): unknown {
  const shown = [...machine.state.quotas].filter(([each]) => role === undefined || each === role);
  return Object.fromEntries(
    shown.map(([each, { resources }]) => {
      const { cpus, ramMb, diskMb } = quotaAmountsOf(resources);
      return [each, { cpu_cores: cpus, ram_mb: ramMb, disk_mb: diskMb }];
    }),
  );
}

function maintenance(machine: AuroraMachine): unknown {
  const hosts = [...machine.state.hosts.values()];
  const inMode = (mode: MaintenanceMode): readonly string[] =>
    hosts.filter((each) => each.mode === mode).map(({ host }) => host);
  // Those that still run there, whether they were told to go or wait for their policy.
  const draining = inMode('DRAINING').map((host) => [
    host,
    machine.state.tasks
      .onHost(host)
      .filter(isActive)
      .map(({ assignedTask }) => assignedTask.taskId),
  ]);
  return {
    SCHEDULED: inMode('SCHEDULED'),
    DRAINING: Object.fromEntries(draining),
    DRAINED: inMode('DRAINED'),
  };
}

function tiers(machine: AuroraMachine): unknown {
  const { defaultName, byName } = machine.tiers;
  return {
    default: defaultName,
    tiers: Object.fromEntries(
      [...byName].map(([name, { isPreemptible, isRevocable }]) => [
        name,
        { preemptible: isPreemptible, revocable: isRevocable },
      ]),
    ),
  };
}
