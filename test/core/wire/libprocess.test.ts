import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  encodeAnswer,
  encodeRequest,
  type ParsedRequest,
  RequestParser,
} from '../../../core/wire/libprocess.ts';
import { parseUpid } from '../../../core/wire/upid.ts';
import { recordedMessages } from './golden.ts';

const from = { id: 'master', ip: '10.0.0.5', port: 5050 };
const to = { id: 'slave(1)', ip: '10.0.0.7', port: 5051 };

/** What the tests compare: bodies as text, one line per request. */
function lines(requests: readonly ParsedRequest[]): readonly string[] {
  return requests.map((request) => {
    switch (request.kind) {
      case 'message': {
        const body = Buffer.from(request.body).toString('latin1');
        return `${request.from?.id ?? '?'} > ${request.toId} ${request.name} [${body}]`;
      }
      case 'refused':
        return `${request.status} ${request.reason}`;
      case 'other':
        return `other ${Buffer.from(request.rest).toString('latin1')}`;
      default:
        return request.kind;
    }
  });
}

function parse(text: string | Uint8Array): readonly string[] {
  return lines(new RequestParser().push(Buffer.from(text)));
}

test('a message is written with the headers, order and single chunk of the original', () => {
  const bytes = encodeRequest({ from, to, name: 'mesos.internal.X', body: Buffer.alloc(47, 'b') });
  assert.equal(
    Buffer.from(bytes).toString('latin1'),
    'POST /slave(1)/mesos.internal.X HTTP/1.1\r\nUser-Agent: libprocess/master@10.0.0.5:5050\r\n' +
      'Libprocess-From: master@10.0.0.5:5050\r\nConnection: Keep-Alive\r\n' +
      `Host: 10.0.0.7:5051\r\nTransfer-Encoding: chunked\r\n\r\n2f\r\n${'b'.repeat(47)}\r\n` +
      '0\r\n\r\n',
  );
});

test('an empty message has no body headers', () => {
  const bytes = encodeRequest({ from, to, name: 'mesos.internal.Pong', body: Buffer.alloc(0) });
  assert.match(Buffer.from(bytes).toString('latin1'), /\r\nHost: 10\.0\.0\.7:5051\r\n\r\n$/);
});

test('every recorded message is written with the recorded head', () => {
  for (const { label, path, headers, body } of recordedMessages()) {
    const [, id = '', name = ''] = path.split('/');
    const host = headers.find((header) => header.startsWith('Host: '))?.slice(6) ?? '';
    const sender = headers.find((header) => header.startsWith('Libprocess-From: '))?.slice(17);
    const peer = parseUpid(`x@${host}`);
    const self = parseUpid(sender ?? '');
    assert.ok(peer !== undefined && self !== undefined, label);
    const bytes = encodeRequest({ from: self, to: { ...peer, id }, name, body });
    const head = Buffer.from(bytes).toString('latin1').split('\r\n\r\n', 1)[0];
    assert.equal(head, [`POST ${path} HTTP/1.1`, ...headers].join('\r\n'), label);
  }
});

const PIPELINE = Buffer.concat([
  encodeRequest({ from, to, name: 'a.One', body: Buffer.from('first') }),
  encodeRequest({ from, to, name: 'a.Empty', body: Buffer.alloc(0) }),
  Buffer.from('POST /slave%281%29/a.Length HTTP/1.1\r\nlibprocess-from: x@1.2.3.4:5\r\n'),
  Buffer.from('Content-Length: 4\r\n\r\n\r\n\r\n'),
  Buffer.from('POST /m/a.Chunks HTTP/1.1\r\nUser-Agent: libprocess/m@1.2.3.4:5\r\n'),
  Buffer.from(
    'Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n01\r\nc\r\n0\r\nTrailer: x\r\n\r\n',
  ),
  Buffer.from('GET /state HTTP/1.1\r\nHost: x\r\n\r\n'),
]);
const PIPELINE_LINES = [
  'master > slave(1) a.One [first]',
  'master > slave(1) a.Empty []',
  'x > slave(1) a.Length [\r\n\r\n]',
  'm > m a.Chunks [abc]',
];

test('pipelined requests of all forms come out in order at every chunk border', () => {
  for (let border = 0; border <= PIPELINE.length; border += 1) {
    const parser = new RequestParser();
    const requests = [PIPELINE.subarray(0, border), PIPELINE.subarray(border)].flatMap((part) =>
      parser.push(part),
    );
    assert.deepEqual(lines(requests).slice(0, 4), PIPELINE_LINES, `border ${border}`);
    assert.equal(requests.length, 5);
    assert.equal(requests[4]?.kind, 'other');
  }
});

test('pipelined requests come out in order byte by byte', () => {
  const parser = new RequestParser();
  const requests = [...PIPELINE].flatMap((byte) => parser.push(Uint8Array.of(byte)));
  assert.deepEqual(lines(requests), [...PIPELINE_LINES, 'other G']);
});

test('what is no message is left to the HTTP server from its first byte on', () => {
  const request = 'POST /api/v1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}';
  assert.deepEqual(parse(request), [`other ${request}`]);
  assert.deepEqual(parse('PO'), []);
});

test('a gzip body is decompressed, and refused when it is none', () => {
  const head = (length: number): Buffer =>
    Buffer.from(
      'POST /a/b HTTP/1.1\r\nUser-Agent: libprocess/m@1.2.3.4:5\r\nContent-Encoding: gzip\r\n' +
        `Content-Length: ${length}\r\n\r\n`,
    );
  const zipped = gzipSync('hello');
  assert.deepEqual(parse(Buffer.concat([head(zipped.length), zipped])), ['m > a b [hello]']);
  assert.deepEqual(parse(Buffer.concat([head(1), Buffer.from('x')])), [
    '500 failed to decode body',
  ]);
});

test('bad paths are refused with the original texts', () => {
  const request = (path: string): string => `POST ${path} HTTP/1.1\r\nLibprocess-From: g\r\n\r\n`;
  assert.deepEqual(parse(request('*')), ["400 Request URL path must start with '/'"]);
  assert.deepEqual(parse(request('/mas%zzter/x')), [
    "500 Failed to decode URL path: Malformed % escape in 'mas%zzter': '%zz'",
  ]);
  assert.deepEqual(parse(request('/a+b/x')), ['? > a b x []']);
});

test('answers are those of the original', () => {
  const date = 'Fri, 17 Nov 2023 10:00:00 GMT';
  const answer = (...given: Parameters<typeof encodeAnswer>): string =>
    Buffer.from(encodeAnswer(...given)).toString('latin1');
  assert.equal(
    answer(202, date),
    `HTTP/1.1 202 Accepted\r\nDate: ${date}\r\nContent-Length: 0\r\n\r\n`,
  );
  assert.equal(
    answer(404, date),
    `HTTP/1.1 404 Not Found\r\nDate: ${date}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      'Content-Length: 14\r\n\r\n404 Not Found.',
  );
});

test('garbage never throws and never grows without end', () => {
  for (const bad of ['POST /a/b HTTP/1.1\r\nLibprocess-From: g\r\nContent-Length: x\r\n\r\n']) {
    assert.deepEqual(parse(bad), ['broken']);
  }
  assert.deepEqual(parse(`POST /${'a'.repeat(70_000)}`), ['broken']);
  const chunked = 'POST /a/b HTTP/1.1\r\nLibprocess-From: g\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.deepEqual(parse(`${chunked}zz\r\n`), ['broken']);
  assert.deepEqual(parse(`${chunked}ffffffff\r\n`), ['broken']);
  assert.deepEqual(parse(`${chunked}0\r\nx: y\r\n\r\n`).length, 1);
  assert.deepEqual(parse(`${chunked}0\r\n${'x: y\r\n'.repeat(20_000)}`), ['broken']);
  assert.deepEqual(parse(`${chunked}0\r\n${'x'.repeat(70_000)}`), ['broken']);
});
