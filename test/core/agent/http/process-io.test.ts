import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { OutputStream } from '../../../../core/agent/http/process-io.ts';
import { seconds } from '../../../../core/base/duration.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';
import { RecordDecoder } from '../../../../core/wire/recordio.ts';

test('what comes before the answer is opened waits, heartbeats follow, the end ends it', async () => {
  const clock = new SimulatedClock();
  let lost = 0;
  const stream = new OutputStream({
    clock,
    envelope: { answer: 'json', isAnswerStream: true },
    heartbeatMs: seconds(30),
    onLost: () => {
      lost += 1;
    },
    onDropped: () => {},
  });
  stream.output('STDOUT', Buffer.from('early'));
  const app = Fastify();
  const opened = Promise.withResolvers<void>();
  app.get('/', (_request, reply) => {
    stream.open(reply);
    opened.resolve();
    return reply;
  });
  const answer = app.inject('/').then((response) => response);
  await opened.promise;
  await clock.advance(seconds(65));
  stream.output('STDERR', Buffer.from('late'));
  stream.ended();
  const { headers, rawPayload } = await answer;
  assert.equal(headers['content-type'], 'application/recordio');
  assert.equal(headers['message-content-type'], 'application/json');
  const records = Array.from(new RecordDecoder().push(rawPayload), (each) =>
    Buffer.from(each).toString(),
  );
  const heartbeat =
    '{"type":"CONTROL","control":{"type":"HEARTBEAT","heartbeat":{"interval":{"nanoseconds":30000000000}}}}';
  assert.deepEqual(records, [
    '{"type":"DATA","data":{"type":"STDOUT","data":"ZWFybHk="}}',
    heartbeat,
    heartbeat,
    '{"type":"DATA","data":{"type":"STDERR","data":"bGF0ZQ=="}}',
  ]);
  assert.equal(lost, 0);
  await app.close();
});
