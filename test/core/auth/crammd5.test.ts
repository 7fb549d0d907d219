/** CRAM-MD5: both ends against the recording of an original master and driver, and against each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AuthenticationMessage,
  CramMd5Client,
  CramMd5Server,
  cramMd5Digest,
  isAuthenticationName,
} from '../../../core/auth/crammd5.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import { recordedMessages } from '../wire/golden.ts';

const CREDENTIALS = new Map([['golden', 'golden-secret']]);
const CHALLENGE = '<2293772663.67438@vm>';

/** In the recording the master's messages come before the driver's. */
function recorded(to: string): readonly AuthenticationMessage[] {
  const found: AuthenticationMessage[] = [];
  for (const { path, body, label } of recordedMessages()) {
    const name = path.split('/')[2] ?? '';
    if (!label.startsWith('authentication') || !path.startsWith(`/${to}`)) continue;
    if (!isAuthenticationName(name)) continue;
    const read = decodeMessage(name, body);
    assert.ok(read.ok);
    found.push({ name, value: read.value } as AuthenticationMessage);
  }
  return found;
}

function bytes({ name, value }: AuthenticationMessage): string {
  return `${name} ${Buffer.from(encodeMessage(name, value as never)).toString('hex')}`;
}

test('the digest is the one of RFC 2195', () => {
  const challenge = Buffer.from('<1896.697170952@postoffice.reston.mci.net>');
  const digest = cramMd5Digest('tanstaaftanstaaf', challenge);
  assert.equal(digest, 'b913a602c7eda7a495b4e6e7334d3890');
});

test('our server says to the recorded driver what the original said, byte by byte', () => {
  const server = new CramMd5Server(CREDENTIALS, CHALLENGE);
  const said = [server.greeting()];
  for (const message of recorded('crammd5-authenticator-session')) {
    const { message: answer, outcome } = server.receive(message);
    if (answer !== undefined) said.push(answer);
    if (outcome !== undefined) {
      assert.deepEqual(outcome, { kind: 'completed', principal: 'golden' });
    }
  }
  assert.deepEqual(said.map(bytes), recorded('crammd5-authenticatee').map(bytes));
});

test('our client says to the recorded master what the driver said, byte by byte', () => {
  const client = new CramMd5Client({ principal: 'golden', secret: 'golden-secret' });
  const said: AuthenticationMessage[] = [];
  let outcome: unknown;
  for (const message of recorded('crammd5-authenticatee')) {
    const answer = client.receive(message);
    if (answer.message !== undefined) said.push(answer.message);
    outcome = answer.outcome ?? outcome;
  }
  assert.deepEqual(outcome, { kind: 'completed' });
  assert.deepEqual(said.map(bytes), recorded('crammd5-authenticator-session').map(bytes));
});

function exchange(server: CramMd5Server, client: CramMd5Client) {
  let toClient: AuthenticationMessage | undefined = server.greeting();
  let served: unknown;
  let proved: unknown;
  while (toClient !== undefined) {
    const answer = client.receive(toClient);
    proved = answer.outcome ?? proved;
    if (answer.message === undefined) break;
    const next = server.receive(answer.message);
    served = next.outcome ?? served;
    toClient = next.message;
  }
  return { served, proved };
}

test('only the right secret is let in, whatever the names', () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 20 });
  fc.assert(
    fc.property(word, word, word, (principal, secret, other) => {
      const server = new CramMd5Server(new Map([[principal, secret]]), CHALLENGE);
      const { served, proved } = exchange(server, new CramMd5Client({ principal, secret: other }));
      const isRight = secret === other;
      assert.deepEqual(served, isRight ? { kind: 'completed', principal } : { kind: 'failed' });
      assert.deepEqual(proved, isRight ? { kind: 'completed' } : { kind: 'refused' });
    }),
  );
});

test('an unknown principal is refused, even with an empty secret', () => {
  const client = new CramMd5Client({ principal: 'nobody', secret: '' });
  const { served } = exchange(new CramMd5Server(CREDENTIALS, CHALLENGE), client);
  assert.deepEqual(served, { kind: 'failed' });
});

const START: AuthenticationMessage = {
  name: 'mesos.internal.AuthenticationStartMessage',
  value: { mechanism: 'CRAM-MD5' },
};
const STEP: AuthenticationMessage = {
  name: 'mesos.internal.AuthenticationStepMessage',
  value: { data: Buffer.from('golden') },
};

for (const [what, messages, error] of [
  ['a step before the start', [STEP], "Unexpected authentication 'step' received"],
  ['a second start', [START, START], "Unexpected authentication 'start' received"],
  ['a response without a digest', [START, STEP], 'bad protocol / cancel'],
] as const) {
  test(`${what} is an error that ends the exchange`, () => {
    const server = new CramMd5Server(CREDENTIALS, CHALLENGE);
    const answers = messages.map((message) => server.receive(message));
    assert.deepEqual(answers.at(-1)?.outcome, { kind: 'error', error });
    assert.deepEqual(server.receive(START), { message: undefined });
  });
}

test('another mechanism than CRAM-MD5 is an error on both ends', () => {
  const server = new CramMd5Server(CREDENTIALS, CHALLENGE);
  const start = { ...START, value: { mechanism: 'PLAIN' } } as AuthenticationMessage;
  const error = 'no mechanism available';
  assert.deepEqual(server.receive(start).outcome, { kind: 'error', error });
  const client = new CramMd5Client({ principal: 'golden', secret: 's' });
  const { outcome } = client.receive({
    name: 'mesos.internal.AuthenticationMechanismsMessage',
    value: { mechanisms: ['PLAIN'] },
  });
  assert.equal(outcome?.kind, 'error');
});

test('a verdict that nobody asked for proves nothing', () => {
  const client = new CramMd5Client({ principal: 'golden', secret: 's' });
  const name = 'mesos.internal.AuthenticationCompletedMessage';
  assert.equal(client.receive({ name, value: {} }).outcome?.kind, 'error');
});
