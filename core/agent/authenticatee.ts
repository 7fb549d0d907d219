/**
 * The agent's end of CRAM-MD5 on the network (spec libprocess, section 9): one actor
 * `crammd5-authenticatee(N)` per attempt, which answers whoever the master sent.
 */
import {
  type AuthenticationMessage,
  type ClientEnd,
  isAuthenticationName,
} from '../auth/crammd5.ts';
import type { Envelope, MessageTransport, Upid } from '../net/ports.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import { formatUpid } from '../wire/upid.ts';
import type { AuthenticationResult } from './authentication.ts';

export class Authenticatee {
  private readonly newEnd: () => ClientEnd;
  private readonly transport: MessageTransport;
  private actor: string | undefined;

  constructor(newEnd: () => ClientEnd, transport: MessageTransport) {
    this.newEnd = newEnd;
    this.transport = transport;
  }

  /** Gives an earlier attempt up. `onEnd` is called at most once, and never for one given up. */
  begin(
    attempt: number,
    peers: { readonly master: Upid; readonly self: Upid },
    onEnd: (result: AuthenticationResult) => void,
  ): void {
    this.stop();
    const actor = `crammd5-authenticatee(${attempt})`;
    const client = this.newEnd();
    this.actor = actor;
    this.transport.register(actor, (envelope) => {
      const { outcome } = this.receive(actor, client, envelope);
      if (outcome === undefined) return;
      this.stop();
      onEnd(outcome);
    });
    const body = encodeMessage('mesos.internal.AuthenticateMessage', {
      pid: formatUpid(peers.self),
    });
    this.send(actor, peers.master, 'mesos.internal.AuthenticateMessage', body);
  }

  stop(): void {
    if (this.actor !== undefined) this.transport.unregister(this.actor);
    this.actor = undefined;
  }

  private receive(actor: string, client: ClientEnd, { from, name, body }: Envelope) {
    if (!isAuthenticationName(name)) return {};
    const read = decodeMessage(name, body);
    if (!read.ok) return { outcome: { kind: 'error', error: read.error } } as const;
    // The name decides the type of the value.
    const answer = client.receive({ name, value: read.value } as AuthenticationMessage);
    const { message } = answer;
    if (message !== undefined) {
      const bytes = encodeMessage(message.name, message.value as never);
      this.send(actor, from, message.name, bytes);
    }
    return answer;
  }

  private send(actor: string, to: Upid, name: string, body: Uint8Array): void {
    const { ip, port } = this.transport;
    this.transport.send({ from: { id: actor, ip, port }, to, name, body });
  }
}
