/** One request of a fuzz run, complete: it can be sent again, shrunk and printed. */

export interface FuzzRequest {
  readonly target: 'master' | 'agent';
  readonly method: string;
  /** Path and query as they go over the wire. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A libprocess message to one of the two. */
export interface FuzzMessage {
  readonly target: 'master' | 'agent';
  readonly from: 'master' | 'agent' | 'stranger';
  readonly toId: string;
  readonly name: string;
  readonly body: Buffer;
}

export type FuzzCase =
  | { readonly kind: 'http'; readonly request: FuzzRequest }
  | { readonly kind: 'message'; readonly message: FuzzMessage };

/** As one line of JSON, with bytes in base64 when they are no text. */
export function printCase(it: FuzzCase): string {
  if (it.kind === 'http')
    return JSON.stringify({ ...it.request, body: printBytes(it.request.body) });
  return JSON.stringify({ ...it.message, body: printBytes(it.message.body) });
}

function printBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : `base64:${bytes.toString('base64')}`;
}

export function bodyOfCase(it: FuzzCase): Buffer {
  return it.kind === 'http' ? it.request.body : it.message.body;
}

export function withBody(it: FuzzCase, body: Buffer): FuzzCase {
  if (it.kind === 'http') return { kind: 'http', request: { ...it.request, body } };
  return { kind: 'message', message: { ...it.message, body } };
}
