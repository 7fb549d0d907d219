/** The event stream `/v2/events` (spec marathon-rest, section 9). */
import type { FastifyInstance } from 'fastify';
import { writeJson } from '../../../core/wire/json-text.ts';
import type { EventHub } from '../../kit/event-hub.ts';
import { type MarathonEvent, marathonEvent } from '../machine/events.ts';
import { plain } from '../model/app-json.ts';
import { type Api, declare, queryAll } from './api.ts';
import { sendProblem } from './problems.ts';

/** Writes each event that somebody wants, once for the streams and (where there are any) the callbacks. */
export class EventPublisher {
  private readonly hub: EventHub;
  private readonly callbacks: { publish(json: string): void } | undefined;

  constructor(hub: EventHub, callbacks: { publish(json: string): void } | undefined) {
    this.hub = hub;
    this.callbacks = callbacks;
  }

  readonly isWanted = (eventType: string): boolean =>
    this.callbacks !== undefined || this.hub.wants(eventType);

  readonly publish = (event: MarathonEvent): void => {
    if (!this.isWanted(event.eventType)) return;
    const json = writeJson(plain(event) ?? {});
    this.hub.publish(event.eventType, json);
    this.callbacks?.publish(json);
  };
}

export function declareEvents(app: FastifyInstance, api: Api, hub: EventHub): void {
  declare(app, '/v2/events', {
    GET: (request, reply) => {
      if (request.method === 'HEAD') return reply.code(200).send();
      if (request.headers.accept?.includes('text/event-stream') !== true) {
        const message = 'HTTP method GET is not supported by this URL';
        return sendProblem(reply, { status: 405, message });
      }
      reply.hijack();
      const types = queryAll(request, 'event_type');
      const { raw } = reply;
      const leave = hub.connect(raw, types.length === 0 ? undefined : new Set(types));
      if (leave === undefined) {
        raw.writeHead(503, { 'content-type': 'application/json' });
        raw.end('{"message":"Too many event stream clients"}');
        return reply;
      }
      raw.writeHead(200, {
        'Content-Type': 'text/event-stream;charset=utf-8',
        'Cache-Control': 'no-cache, no-store, must-revalidate',
        Connection: 'close',
      });
      raw.flushHeaders();
      const remoteAddress = request.ip;
      api.publish(marathonEvent('event_stream_attached', api.shell.now(), { remoteAddress }));
      raw.on('error', () => {});
      raw.once('close', () => {
        leave();
        api.publish(marathonEvent('event_stream_detached', api.shell.now(), { remoteAddress }));
      });
      return reply;
    },
  });
}
