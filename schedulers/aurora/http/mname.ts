/** From the name of an instance to where it serves (spec aurora-scheduler, section 10). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuroraMachine } from '../machine/aurora-machine.ts';

const PORT_NAMES: readonly string[] = ['health', 'http', 'HTTP', 'web', 'admin'];
const USAGE = '<html>Usage: /mname/{role}/{env}/{job}/{instance}</html>';

interface Place {
  readonly role: string;
  readonly env: string;
  readonly job: string;
  readonly instance: string;
  readonly '*'?: string;
}

/** 307, so that the method and the body go along. */
export function declareMname(app: FastifyInstance, machine: AuroraMachine): void {
  const method: ['GET', 'PUT', 'POST', 'DELETE'] = ['GET', 'PUT', 'POST', 'DELETE'];
  const url = '/mname/:role/:env/:job/:instance';
  const handler = (request: FastifyRequest<{ Params: Place }>, reply: FastifyReply): FastifyReply =>
    sendOn(machine, request, reply);
  app.route({ method, url, handler });
  app.route({ method, url: `${url}/*`, handler });
  app.get('/mname', (_request, reply) => reply.code(400).type('text/html').send(USAGE));
}

function sendOn(
  machine: AuroraMachine,
  { params, raw }: FastifyRequest<{ Params: Place }>,
  reply: FastifyReply,
): FastifyReply {
  const notFound = (text: string): FastifyReply => reply.code(404).type('text/plain').send(text);
  const { role, env, job, instance } = params;
  if (!/^\d+$/.test(instance)) return notFound('No such live instance found.');
  const task = machine.state.tasks
    .activeOf(`${role}/${env}/${job}`)
    .find(({ assignedTask }) => assignedTask.instanceId === Number(instance));
  if (task === undefined) return notFound('No such live instance found.');
  if (task.status !== 'RUNNING') {
    return notFound(`The selected instance is currently in state ${task.status}`);
  }
  const { assignedPorts, slaveHost = '' } = task.assignedTask;
  const name = PORT_NAMES.find((each) => assignedPorts.has(each));
  if (name === undefined) return notFound('The task does not have a registered http port.');
  const query = /\?.*$/.exec(raw.url ?? '')?.[0] ?? '';
  const target = `http://${slaveHost}:${assignedPorts.get(name)}/${params['*'] ?? ''}${query}`;
  return reply.code(307).header('location', target).send();
}
