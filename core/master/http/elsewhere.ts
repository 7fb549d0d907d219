/**
 * What a master answers that does not lead (spec operator-api, section 1.5): a redirect to the
 * leader, or that there is none. Comes before every other check.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { queryIn } from '../../net/query.ts';
import { replyEmpty, replyText } from '../../operator/replies.ts';
import type { MasterInfo } from '../../wire/types/mesos.v1.ts';

/** 307 to the same path at the leader, or 503. `url` has the delegate in front. */
export function answerElsewhere(
  reply: FastifyReply,
  leader: MasterInfo | undefined,
  url: string,
): FastifyReply {
  if (leader === undefined) return replyText(reply, 503, 'No leader elected');
  const location = locationOf(leader) + withQuerySorted(url);
  return replyEmpty(reply.header('location', location), 307);
}

/** `/redirect`: to the bare address, on the leader, too; nothing may stand behind it. */
export function answerRedirect(
  request: FastifyRequest,
  reply: FastifyReply,
  leader: MasterInfo | undefined,
): FastifyReply {
  if (leader === undefined) return replyText(reply, 503, 'No leader elected');
  const path = request.originalUrl.split('?')[0] ?? '';
  if (!path.endsWith('/redirect')) return replyText(reply, 404, '404 Not Found.');
  return replyEmpty(reply.header('location', locationOf(leader)), 307);
}

/** Protocol-relative. */
function locationOf(leader: MasterInfo): string {
  const host = leader.hostname ?? leader.address?.hostname ?? leader.address?.ip ?? '';
  return `//${host}:${leader.port ?? leader.address?.port ?? 5050}`;
}

/** The query is decoded and encoded again, its parameters in the order of their names. */
function withQuerySorted(url: string): string {
  const mark = url.indexOf('?');
  if (mark === -1) return url;
  const query = queryIn(url);
  query.sort();
  const pairs = [...query].map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? url.slice(0, mark) : `${url.slice(0, mark)}?${pairs.join('&')}`;
}
