/** Headers of a request as the originals read them, where the HTTP library reads them otherwise. */
import type { IncomingMessage } from 'node:http';

/** A content type that the library would refuse is one that nobody knows. */
export function replaceInvalidContentType(request: IncomingMessage): void {
  const given = request.headers['content-type'];
  if (given === undefined || MEDIA_TYPE.test(given)) return;
  request.headers['content-type'] = 'application/octet-stream';
}

const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(\s*;.*)?$/;

/**
 * Of an `Accept` that comes several times libprocess keeps the last, where the library joins them all. There are
 * clients that add the wanted type to the one they send always: only the last is what they mean.
 */
export function keepLastAccept(request: IncomingMessage): void {
  const { headers, rawHeaders } = request;
  for (const name of ['accept', 'message-accept']) {
    const given = headers[name];
    if (typeof given !== 'string' || !given.includes(',')) continue;
    // Names and values in turns.
    const at = rawHeaders.findLastIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name);
    headers[name] = rawHeaders[at + 1] ?? given;
  }
}
