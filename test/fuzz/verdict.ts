/** Whether an answer is one that the API defines; undefined when it is, else what is wrong. */
import { decodeMessage } from '../../core/wire/codec.ts';
import { RecordDecoder } from '../../core/wire/recordio.ts';
import type { Answer } from './inject.ts';
import type { FuzzRequest } from './request.ts';
import { SECRET } from './world.ts';

/** Statuses of spec operator-api, section 1.2, scheduler-api, section 2, and executor-api, section 1. */
const DEFINED: ReadonlySet<number> = new Set([
  200, 202, 307, 400, 401, 403, 404, 405, 406, 409, 413, 415, 501, 503,
]);

/**
 * What is answered with 500 on purpose: bodies and messages that do not decode (spec operator-api, section
 * 1.1; libprocess-and-internal-protocol), and what calls about containers end with (operator-api, section 10).
 */
const DEFINED_500: readonly RegExp[] = [
  /^failed to decode body$/,
  /^Failed to decode URL path: \S.*$/s,
  /^Unknown container \S.*$/s,
  /^Unknown root container$/,
  /^I\/O switchboard (server was disabled for this container|has shutdown)$/,
  /^Failed to create sandbox: \S.*$/s,
  /^(Nested container|Container) has not terminated yet$/,
  /^Missing required flag --resource_provider_config_dir$/,
];

/** Traces of our own insides. */
const TRACES =
  /\n\s+at .+:\d+:\d+|TypeError|RangeError|ReferenceError|SyntaxError|Cannot read propert|is not a function|is not iterable|Maximum call stack|\[object |FST_ERR|AssertionFailed|node:internal|\/core\/|"statusCode":/;

export function verdictOn(request: FuzzRequest, answer: Answer): string | undefined {
  const { status, body } = answer;
  const text = body.toString('utf8');
  if (text.includes(SECRET)) return 'a file outside of the sandbox was given away';
  if (status === 500 && DEFINED_500.some((each) => each.test(text))) return undefined;
  if (!DEFINED.has(status)) return `status ${status}: ${text.slice(0, 300)}`;
  if (status !== 200 && TRACES.test(text) && !TRACES.test(inputOf(request))) {
    return `status ${status} shows a trace: ${text.slice(0, 300)}`;
  }
  return wrongBody(request, answer, text);
}

function wrongBody(request: FuzzRequest, answer: Answer, text: string): string | undefined {
  const type = answer.headers['content-type'] ?? '';
  if (answer.stream !== undefined || request.method === 'HEAD') return undefined;
  if (answer.headers['content-encoding'] === 'gzip') return undefined;
  if (type.startsWith('application/json') && !request.url.includes('/files/')) {
    try {
      for (const document of documentsIn(answer.body)) JSON.parse(document);
    } catch {
      return `JSON that is none: ${text.slice(0, 200)}`;
    }
  }
  const isCall = /\/api\/v1$/.test(request.url);
  if (type === 'application/x-protobuf' && isCall && answer.status === 200) {
    const name =
      request.target === 'master' ? 'mesos.v1.master.Response' : 'mesos.v1.agent.Response';
    const decoded = decodeMessage(name, answer.body);
    if (!decoded.ok) return `protobuf that is none: ${decoded.error}`;
  }
  return undefined;
}

/** One document, or the records of a stream that has ended. */
function documentsIn(body: Buffer): readonly string[] {
  if (!/^\d+\n/.test(body.toString('latin1', 0, 20))) return [body.toString('utf8')];
  const records = new RecordDecoder().push(body);
  return Array.from(records, (record) => Buffer.from(record).toString('utf8'));
}

function inputOf(request: FuzzRequest): string {
  return `${request.url} ${JSON.stringify(request.headers)} ${request.body.toString('utf8')}`;
}
