/**
 * ATTACH_CONTAINER_INPUT: a RecordIO stream of calls (spec operator-api, section 10).
 *
 *   stream := CONTAINER_ID PROCESS_IO*
 *
 * One record is under way at a time: a process that does not read makes the client wait.
 */
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { describeError } from '../../base/errors.ts';
import type { Encoding } from '../../operator/envelope.ts';
import { replyEmptyRelayed, replyText } from '../../operator/replies.ts';
import { RecordDecoder } from '../../wire/recordio.ts';
import type { Call, ProcessIO } from '../../wire/types/mesos.v1.agent.ts';
import type { AgentContainers, ContainerInput } from '../containers/containers.ts';
import { pathOf } from '../containers/ids.ts';
import { decodeAgentCall } from './call-envelope.ts';
import { containerCallFault } from './container-validation.ts';

/** Largest record of input that is taken. */
const INPUT_RECORD_MAX_BYTES = 16 * 1024 ** 2;

/** A fault of the client or of the container; its text is the answer. */
class InputFault extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/** The calls of a streamed request, one after another. */
export class CallStream {
  private readonly body: Readable;
  private readonly encoding: Encoding;
  private readonly records: AsyncGenerator<Uint8Array>;

  constructor(body: Readable, encoding: Encoding) {
    this.body = body;
    this.encoding = encoding;
    this.records = recordsOf(body);
  }

  /** Undefined at the end of the stream. Throws `InputFault`, or when the client has gone. */
  async next(): Promise<Call | undefined> {
    const record = await this.records.next();
    if (record.done === true) return undefined;
    const call = decodeAgentCall(this.encoding, record.value);
    if (!call.ok) throw new InputFault(call.error.status, call.error.text);
    return call.value;
  }

  /** What is left of the body is read and thrown away, so that the answer can be sent. */
  async close(): Promise<void> {
    await this.records.return(undefined);
    this.body.resume();
  }
}

async function* recordsOf(body: Readable): AsyncGenerator<Uint8Array> {
  const decoder = new RecordDecoder(INPUT_RECORD_MAX_BYTES);
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    yield* decodedFrom(decoder, chunk);
  }
  if (!decoder.isBetweenRecords) throw new InputFault(400, 'Failed to read a whole record');
}

function* decodedFrom(decoder: RecordDecoder, chunk: Uint8Array): Generator<Uint8Array> {
  try {
    yield* decoder.push(chunk);
  } catch (thrown) {
    throw new InputFault(400, describeError(thrown));
  }
}

/** The first call of a stream; undefined when there is none and that has been answered. */
export async function firstCall(calls: CallStream, reply: FastifyReply): Promise<Call | undefined> {
  try {
    const call = await calls.next();
    if (call === undefined) replyText(reply, 400, 'Received EOF while reading request body');
    return call;
  } catch (thrown) {
    await refuse(thrown, calls, reply);
    return undefined;
  }
}

async function refuse(
  thrown: unknown,
  calls: CallStream,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await calls.close();
  if (thrown instanceof InputFault) return replyText(reply, thrown.status, thrown.message);
  // The client has gone in the middle; nobody is there to be answered.
  reply.raw.destroy();
  return reply.hijack();
}

export async function attachInput(
  containers: AgentContainers,
  stream: { readonly first: Call; readonly calls: CallStream },
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const input = open(containers, stream.first);
    try {
      await pump(stream.calls, input);
    } finally {
      input.close();
    }
    return replyEmptyRelayed(reply, 200);
  } catch (thrown) {
    return await refuse(thrown, stream.calls, reply);
  }
}

function open(containers: AgentContainers, first: Call): ContainerInput {
  const { type, container_id } = first.attach_container_input ?? {};
  if (type !== 'CONTAINER_ID' || container_id === undefined) {
    throw new InputFault(400, "Expecting 'attach_container_input.type' to be CONTAINER_ID");
  }
  const id = pathOf(container_id);
  const attached = containers.attachInput(id);
  switch (attached.kind) {
    case 'attached':
      return attached.value;
    case 'busy':
      throw new InputFault(409, 'Multiple input connections are not allowed');
    case 'disabled':
      throw new InputFault(500, 'I/O switchboard server was disabled for this container');
    default:
      throw new InputFault(500, `Unknown container ${id}`);
  }
}

async function pump(calls: CallStream, input: ContainerInput): Promise<void> {
  let isEnded = false;
  for (let call = await calls.next(); call !== undefined; call = await calls.next()) {
    const fault = containerCallFault(call);
    if (fault !== undefined) throw new InputFault(400, fault);
    const io = call.attach_container_input?.process_io;
    if (io === undefined) {
      throw new InputFault(400, "Expecting 'attach_container_input.type' to be PROCESS_IO");
    }
    const isTaken = await feed(input, io);
    // A process that ends because its input has ended has done all that was asked.
    if (!isTaken && !isEnded) throw new InputFault(500, 'I/O switchboard has shutdown');
    isEnded ||= io.type === 'DATA' && io.data?.data?.length === 0;
  }
}

/** False when the container has ended. */
async function feed(input: ContainerInput, io: ProcessIO): Promise<boolean> {
  if (io.type === 'DATA' && io.data?.data !== undefined) {
    const isTaken = await input.write(io.data.data);
    return isTaken || io.data.data.length === 0;
  }
  const size = io.control?.tty_info?.window_size;
  if (size !== undefined) input.resize(size.rows, size.columns);
  return true;
}
