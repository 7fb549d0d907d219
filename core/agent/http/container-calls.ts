/** The v1 calls about containers: launch, wait, kill, remove, attach (spec operator-api, section 10). */
import type { FastifyReply } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import { replyEmpty, replyText } from '../../operator/replies.ts';
import type { Call, Response, ResponseWaitContainer } from '../../wire/types/mesos.v1.agent.ts';
import type {
  CommandInfo,
  ContainerInfo,
  Image,
  Resource,
  TaskInfo,
} from '../../wire/types/mesos.v1.ts';
import { containerLimits } from '../containerizer/port.ts';
import type { AgentContainers, Launched } from '../containers/containers.ts';
import { pathOf } from '../containers/ids.ts';
import type { Termination } from '../containers/waiters.ts';
import type { CallEnvelope } from './call-envelope.ts';
import { containerIdOf } from './container-validation.ts';
import { OutputStream } from './process-io.ts';

const SIGKILL = 9;

export interface ContainerCall {
  readonly call: Call;
  readonly envelope: CallEnvelope;
  readonly reply: FastifyReply;
  readonly containers: AgentContainers;
  readonly images: { pruneImages(excluded: readonly Image[]): Promise<void> };
  readonly clock: Clock;
  respond(response: Response): FastifyReply;
}

/** Undefined when the call is none of these. */
export function answerContainerCall(
  asked: ContainerCall,
): Promise<FastifyReply> | FastifyReply | undefined {
  const { call } = asked;
  if (call.type === 'PRUNE_IMAGES') {
    return pruneImages(asked, call.prune_images?.excluded_images ?? []);
  }
  const containerId = containerIdOf(call);
  if (containerId === undefined) return undefined;
  const id = pathOf(containerId);
  switch (call.type) {
    case 'LAUNCH_CONTAINER':
      return launch(asked, id, call.launch_container ?? {});
    case 'LAUNCH_NESTED_CONTAINER':
      return launch(asked, id, call.launch_nested_container ?? {});
    case 'LAUNCH_NESTED_CONTAINER_SESSION':
      return launchSession(asked, id, call.launch_nested_container_session ?? {});
    case 'WAIT_CONTAINER':
    case 'WAIT_NESTED_CONTAINER':
      return wait(asked, id);
    case 'KILL_CONTAINER':
      return kill(asked, id, call.kill_container?.signal);
    case 'KILL_NESTED_CONTAINER':
      return kill(asked, id, call.kill_nested_container?.signal);
    case 'REMOVE_CONTAINER':
    case 'REMOVE_NESTED_CONTAINER':
      return remove(asked, id);
    case 'ATTACH_CONTAINER_OUTPUT':
      return attachOutput(asked, id);
    default:
      return undefined;
  }
}

async function pruneImages(
  { images, reply }: ContainerCall,
  excluded: readonly Image[],
): Promise<FastifyReply> {
  await images.pruneImages(excluded);
  return replyEmpty(reply, 200);
}

interface LaunchArguments {
  readonly command?: CommandInfo | undefined;
  readonly container?: ContainerInfo | undefined;
  readonly resources?: readonly Resource[] | undefined;
  readonly limits?: TaskInfo['limits'];
}

async function launch(
  asked: ContainerCall,
  id: string,
  wanted: LaunchArguments,
): Promise<FastifyReply> {
  if (!isSupported(wanted)) return replyUnsupported(asked.reply);
  const launched = await asked.containers.launch({
    id,
    command: wanted.command,
    info: wanted.container,
    resources: wanted.resources ?? [],
    limits: containerLimits(wanted.limits),
    isTerminal: wanted.container?.tty_info !== undefined,
    session: undefined,
  });
  return replyLaunched(asked.reply, launched);
}

/** Others than those of Mesos have executors; what is inside is refused, never ignored, when it is planned. */
function isSupported({ container }: LaunchArguments): boolean {
  return container === undefined || container.type === 'MESOS';
}

function replyUnsupported(reply: FastifyReply): FastifyReply {
  return replyText(reply, 400, 'The provided ContainerInfo is not supported');
}

function replyLaunched(reply: FastifyReply, launched: Launched): FastifyReply {
  switch (launched.kind) {
    case 'launched':
      return replyEmpty(reply, 200);
    case 'exists':
      return replyEmpty(reply, 202);
    case 'refused':
      return replyText(reply, 400, launched.text);
    case 'failed':
      return replyText(reply, 500, launched.text);
  }
}

async function launchSession(
  asked: ContainerCall,
  id: string,
  wanted: LaunchArguments,
): Promise<FastifyReply> {
  const { containers, reply, envelope, clock } = asked;
  if (!isSupported(wanted)) return replyUnsupported(reply);
  const stream = new OutputStream({
    clock,
    envelope,
    heartbeatMs: containers.heartbeatMs,
    // Nobody is left to see what the session does.
    onLost: () => containers.destroy(id),
    onDropped: () => containers.clientDropped(),
    onBacklog: (isBehind) => containers.throttle(id, isBehind),
  });
  let isGone = false;
  reply.raw.once('close', () => {
    isGone = true;
  });
  const launched = await containers.launch({
    id,
    command: wanted.command,
    resources: [],
    isTerminal: wanted.container?.tty_info !== undefined,
    session: stream,
  });
  if (launched.kind !== 'launched') return replyLaunched(reply, launched);
  if (isGone) {
    containers.destroy(id);
    return reply.hijack();
  }
  stream.open(reply);
  return reply;
}

function wait(asked: ContainerCall, id: string): Promise<FastifyReply> {
  const { containers, reply, call } = asked;
  return new Promise((resolve) => {
    const giveUp = containers.wait(id, (end) => {
      if (end === undefined) {
        resolve(replyText(reply, 404, `Container ${id} cannot be found`));
        return;
      }
      const result = terminationOf(end);
      resolve(
        asked.respond(
          call.type === 'WAIT_CONTAINER'
            ? { type: 'WAIT_CONTAINER', wait_container: result }
            : { type: 'WAIT_NESTED_CONTAINER', wait_nested_container: result },
        ),
      );
    });
    reply.raw.once('close', giveUp);
  });
}

function terminationOf({ status, limitation }: Termination): ResponseWaitContainer {
  const exit = status < 0 ? {} : { exit_status: status };
  if (limitation === undefined) return exit;
  const { reason, message, resources } = limitation;
  const spent = resources.length === 0 ? {} : { limitation: { resources } };
  return { ...exit, state: 'TASK_FAILED', reason, ...spent, message };
}

function kill(asked: ContainerCall, id: string, signal: number | undefined): FastifyReply {
  if (asked.containers.kill(id, signal ?? SIGKILL)) return replyEmpty(asked.reply, 200);
  const text = `Container '${id}' cannot be found (or is already killed)`;
  return replyText(asked.reply, 404, text);
}

function remove(asked: ContainerCall, id: string): FastifyReply {
  const refusal = asked.containers.remove(id);
  return refusal === undefined
    ? replyEmpty(asked.reply, 200)
    : replyText(asked.reply, 500, refusal);
}

function attachOutput(asked: ContainerCall, id: string): FastifyReply {
  const { containers, reply, envelope, clock } = asked;
  let detach = (): void => {};
  const stream = new OutputStream({
    clock,
    envelope,
    heartbeatMs: containers.heartbeatMs,
    onLost: () => detach(),
    onDropped: () => containers.clientDropped(),
  });
  const attached = containers.attachOutput(id, stream);
  switch (attached.kind) {
    case 'attached':
      detach = attached.value;
      stream.open(reply);
      return reply;
    case 'unknown':
      return replyText(reply, 404, `Container ${id} cannot be found`);
    case 'ended':
      return replyText(reply, 500, `Unknown container ${id}`);
    default:
      return replyText(reply, 500, 'I/O switchboard server was disabled for this container');
  }
}
