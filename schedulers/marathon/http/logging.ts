/** Routes of `/logging` (spec marathon-rest, section 10). All loggers are one here. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Timer } from '../../../core/base/clock.ts';
import type { LevelledLog, LogLevel } from '../../../core/base/log.ts';
import { ajv } from '../model/app-schema.ts';
import { violationsOfSchema } from '../model/violations.ts';
import { declare, readBody, sendJson } from './api.ts';
import { modelProblem, sendProblem } from './problems.ts';

interface LoggingChange {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly logger: string;
  readonly durationSeconds?: number;
}

const isChange = ajv.compile<LoggingChange>({
  type: 'object',
  properties: {
    level: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
    logger: { type: 'string', minLength: 1 },
    durationSeconds: { type: 'integer', minimum: 1 },
  },
  required: ['level', 'logger'],
});

const ROOT_LOGGER = 'ROOT';

/** What the original's own loggers begin with. */
const OWN_LOGGER = 'mesosphere.marathon';

/** Names that are remembered; the one asked longest ago is forgotten. */
const LOGGERS_MAX = 100;

export function declareLogging(app: FastifyInstance, log: LevelledLog, clock: Clock): void {
  /** By name, with the level that was asked for it; undefined = that of the one log. */
  const asked = new Map<string, string | undefined>([[OWN_LOGGER, undefined]]);
  let timer: Timer | undefined;
  const show = (): Record<string, string> => {
    const level = log.level().toUpperCase();
    const named = [...asked].map(([name, own]) => [name, own ?? `${level} (inherited)`] as const);
    return { [ROOT_LOGGER]: level, ...Object.fromEntries(named) };
  };
  const reset = (): void => {
    for (const name of asked.keys()) asked.set(name, undefined);
  };
  declare(app, '/logging', {
    GET: (_request, reply) => sendJson(reply, 200, show()),
    POST: (request: FastifyRequest, reply: FastifyReply) => {
      const body = readBody(request);
      if (!body.ok) return sendProblem(reply, body.error);
      if (!isChange(body.value)) {
        return sendProblem(reply, modelProblem(violationsOfSchema(isChange.errors ?? [])));
      }
      const { level, logger, durationSeconds } = body.value;
      timer?.cancel();
      log.setLevel(levelOf(level));
      // There is one log: who is asked last decides for all.
      reset();
      if (logger !== ROOT_LOGGER) {
        // The order of the map is that of the asking.
        if (logger !== OWN_LOGGER) asked.delete(logger);
        asked.set(logger, level.toUpperCase());
      }
      if (asked.size > LOGGERS_MAX) asked.delete([...asked.keys()][1] ?? logger);
      if (durationSeconds !== undefined) {
        timer = clock.setTimer(durationSeconds * 1_000, () => {
          log.setLevel(undefined);
          reset();
        });
      }
      return sendJson(reply, 200, { level, logger, durationSeconds });
    },
  });
}

function levelOf(level: LoggingChange['level']): LogLevel {
  return level === 'trace' ? 'debug' : level;
}
