/** `/logging/toggle`, in the original's words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { LoggingLevel, registerGlobals } from '../../../core/operator/globals.ts';
import { RequestPace } from '../../../core/operator/request-pace.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';

const ANSWERS: readonly (readonly [query: string, status: number, body: string])[] = [
  ['', 200, '0\n'],
  ['?level=1', 400, "Expecting 'duration=value' in query.\n"],
  ['?duration=1secs', 400, "Expecting 'level=value' in query.\n"],
  ['?level=-1&duration=1secs', 400, "Invalid level '-1'.\n"],
  ['?level=x&duration=1secs', 400, "Failed to convert 'x' to number.\n"],
  ['?level=2147483648&duration=1secs', 400, "Failed to convert '2147483648' to number.\n"],
  ['?level=0x2&duration=1secs', 200, ''],
  ['', 200, '2\n'],
];

test('the verbosity is taken for a while, and what is no number of 32 bits is not', async () => {
  const clock = new SimulatedClock();
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  registerGlobals(server, {
    ...{ metrics: new Metrics(), clock, logging: new LoggingLevel(clock) },
    ...{ pace: new RequestPace(clock), processIds: () => [], help: {} },
  });
  const get = async (query: string): Promise<readonly [number, string]> => {
    const { statusCode, body } = await server.app.inject(`/logging/toggle${query}`);
    return [statusCode, body];
  };
  for (const [query, status, body] of ANSWERS) {
    assert.deepEqual(await get(query), [status, body], query);
  }
  await clock.advance(1_000);
  assert.deepEqual(await get(''), [200, '0\n']);
  await server.close();
});
