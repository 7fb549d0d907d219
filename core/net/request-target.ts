/** Request targets that never reach a route (spec operator-api, section 1.1). */
import type { IncomingMessage, ServerResponse } from 'node:http';

const NO_PATH = "Request URL path must start with '/'";

/** Answers what is no path, ends the connection for a bad escape in the query; true when it did. */
export function refuseTarget(request: IncomingMessage, response: ServerResponse): boolean {
  const url = request.url ?? '';
  if (url === '*') {
    response.writeHead(400, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(NO_PATH.length),
    });
    response.end(NO_PATH);
    return true;
  }
  const mark = url.indexOf('?');
  if (mark === -1 || !/%(?![0-9a-fA-F]{2})/.test(url.slice(mark))) return false;
  request.socket.destroy();
  return true;
}
