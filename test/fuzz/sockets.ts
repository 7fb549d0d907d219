/**
 * The part of a run that goes over real connections: bytes of requests and messages, cut, broken and in a
 * row. The server answers what is HTTP, ends the connection of what is not, and goes on serving.
 */
import { once } from 'node:events';
import net from 'node:net';
import { encodeRequest } from '../../core/wire/libprocess.ts';
import { type CaseMaker, requestBytes } from './cases.ts';
import type { Dice } from './dice.ts';
import { mutateBytes } from './mutate-bytes.ts';
import type { FuzzCase } from './request.ts';
import type { World } from './world.ts';

/** Turns of the event loop until a connection is left; what comes later belongs to nobody. */
const TURNS = 3;
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

/** Gives the number of connections. */
export async function fuzzSockets(
  world: World,
  maker: CaseMaker,
  dice: Dice,
  count: number,
): Promise<number> {
  for (const target of ['master', 'agent'] as const) {
    const server = await world.server(target);
    const { port } = await server.listen();
    for (let at = 0; at < count / 2; at += 1) {
      const cases = [maker.make(dice, world.living()), maker.make(dice, world.living())];
      const bytes = Buffer.concat(cases.map((it) => bytesOf(it)));
      await exchange(port, dice.once(2) ? mutateBytes(dice, bytes) : bytes);
      if (at % 50 === 0) await world.advance(25);
    }
    const answer = await exchange(
      port,
      Buffer.from('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'),
      200,
    );
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`${target} says to /health: ${answer}`);
  }
  return count;
}

function bytesOf(it: FuzzCase): Buffer {
  if (it.kind === 'http') return requestBytes(it.request);
  const { toId, name, body } = it.message;
  const from = { id: 'x', ip: '127.0.0.1', port: 1 };
  const to = { id: encodeURIComponent(toId.toWellFormed()), ip: '127.0.0.1', port: 1 };
  return Buffer.from(encodeRequest({ from, to, name: encodeURIComponent(name), body }));
}

/** Sends the bytes and gives what came back; throws when that is no answer the API knows. */
async function exchange(port: number, bytes: Buffer, turns = TURNS): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.write(bytes);
  for (let turn = 0; turn < turns && !socket.destroyed; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turns > TURNS && chunks.length > 0) break;
    if (turns > TURNS) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  socket.destroy();
  const text = Buffer.concat(chunks).toString('latin1');
  if (text === '') return text;
  const status = STATUS_LINE.exec(text)?.[1];
  if (status === undefined || /\n {4}at .+:\d+:\d+/.test(text)) {
    throw new Error(`to bytes ${bytes.toString('base64')} came: ${text.slice(0, 300)}`);
  }
  return text;
}
