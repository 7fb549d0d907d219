/** Big answers are cut into other pieces than they were made in; their bytes must not change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { replyJsonPieces } from '../../../core/net/sliced-answer.ts';

const SIZES = [0, 1, 50, 4_095, 4_096, 4_097, 65_536, 524_288, 524_289, 1_500_000];

test('an answer of pieces of any sizes is what they are together, plain and compressed', async () => {
  let pieces: readonly Buffer[] = [];
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  server.app.get('/pieces', (request, reply) => replyJsonPieces(request, reply, pieces));
  await server.app.ready();
  const sizes = fc.array(fc.constantFrom(...SIZES), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (lengths, areNeighbours) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const memory = Buffer.from(Array.from({ length: 997 }, (_, at) => 33 + (at % 90)));
      const whole = Buffer.alloc(total, memory);
      let at = 0;
      pieces = lengths.map((length) => {
        const piece = whole.subarray(at, at + length);
        at += length;
        return areNeighbours ? piece : Buffer.from(piece);
      });
      const plain = await server.app.inject('/pieces');
      assert.equal(plain.headers['content-length'], String(total));
      assert.ok(plain.rawPayload.equals(whole));
      const headers = { 'accept-encoding': 'gzip' };
      const packed = await server.app.inject({ url: '/pieces', headers });
      if (total > 1024) assert.equal(packed.headers['content-encoding'], 'gzip');
      const got = total > 1024 ? gunzipSync(packed.rawPayload) : packed.rawPayload;
      assert.ok(got.equals(whole));
    }),
    { numRuns: 30 },
  );
  await server.close();
});
