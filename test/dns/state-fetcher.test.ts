/** Which masters are asked for their state, in which order, and what is wrong when none gives it (spec mesos-dns, section 6.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../core/base/log.ts';
import type { HttpClient, HttpRequest } from '../../core/net/ports.ts';
import { SimulatedClock } from '../../core/testing/index.ts';
import { StateFetcher } from '../../dns/state-fetcher.ts';

const TIMEOUT_MS = 300_000;

/** What a master says: a document, a place to ask instead, any other text, or nothing, ever. */
type Says =
  | { readonly leader: string }
  | { readonly location: string }
  | { readonly text: string }
  | 'nothing'
  | 'gone';

class Masters {
  readonly clock = new SimulatedClock();
  readonly asked: HttpRequest[] = [];
  private readonly says: Readonly<Record<string, Says>>;

  constructor(says: Readonly<Record<string, Says>>) {
    this.says = says;
  }

  /** The leader of the document that came, or why none did. */
  async fetch(...masters: readonly string[]): Promise<string> {
    const access = {
      scheme: 'http',
      headers: async () => ({ authorization: 'Basic eA==' }),
    } as const;
    const signal = new AbortController().signal;
    const ports = { clock: this.clock, http: this.client(), log: silentLog };
    const fetcher = new StateFetcher(ports, { timeoutMs: TIMEOUT_MS, access, signal });
    const fetched = await fetcher.fetch(masters);
    return fetched.ok ? `${fetched.value.leader}` : fetched.error;
  }

  get hosts(): readonly string[] {
    return this.asked.map((request) => new URL(request.url).host);
  }

  private client(): HttpClient {
    return {
      request: async (request) => {
        this.asked.push(request);
        const says = this.says[new URL(request.url).host] ?? 'gone';
        if (says === 'gone') throw new Error('connection refused');
        if (says === 'nothing') return await untilAborted(request);
        const headers: Record<string, string> = 'location' in says ? { ...says } : {};
        const text = 'text' in says ? says.text : JSON.stringify(says);
        return {
          status: 'location' in says ? 307 : 500,
          headers,
          body: (async function* () {})(),
          text: async () => text,
          bytes: async () => Buffer.from(text),
          cancel: () => {},
        };
      },
      close: async () => {},
    };
  }
}

function untilAborted({ signal }: HttpRequest): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

const LEADER = 'master@1.1.1.1:5050';

const ROWS: readonly (readonly [
  what: string,
  masters: readonly string[],
  says: Readonly<Record<string, Says>>,
  result: string,
  asked: readonly string[],
])[] = [
  ['nobody is known', [], {}, 'no masters given to fetch state.json', []],
  ['only nobody leads', [''], {}, 'no masters given to fetch state.json', []],
  [
    'the first one leads',
    ['1.1.1.1:5050', '2.2.2.2:5050'],
    { '1.1.1.1:5050': { leader: LEADER } },
    LEADER,
    ['1.1.1.1:5050'],
  ],
  [
    'the first ones do not answer',
    ['', '3.3.3.3:5050', '4.4.4.4:5050', '1.1.1.1:5050'],
    { '4.4.4.4:5050': { text: '<html>' }, '1.1.1.1:5050': { leader: LEADER } },
    LEADER,
    ['3.3.3.3:5050', '4.4.4.4:5050', '1.1.1.1:5050'],
  ],
  [
    'the last error counts',
    ['3.3.3.3:1', '4.4.4.4:1'],
    {},
    'connection refused',
    ['3.3.3.3:1', '4.4.4.4:1'],
  ],
  [
    'a standby names the leader, on another port: the port stays that of the standby',
    ['2.2.2.2:8000'],
    { '2.2.2.2:8000': { leader: LEADER }, '1.1.1.1:8000': { leader: 'master@9.9.9.9:5050' } },
    'master@9.9.9.9:5050',
    ['2.2.2.2:8000', '1.1.1.1:8000'],
  ],
  [
    'a standby sends elsewhere',
    ['2.2.2.2:5050'],
    {
      '2.2.2.2:5050': { location: '//1.1.1.1:5050/master/state' },
      '1.1.1.1:5050': { leader: LEADER },
    },
    LEADER,
    ['2.2.2.2:5050', '1.1.1.1:5050'],
  ],
  [
    'two send to one another',
    ['2.2.2.2:5050'],
    { '2.2.2.2:5050': { location: '/master/state' } },
    'too many redirects',
    Array.from({ length: 6 }, () => '2.2.2.2:5050'),
  ],
  [
    'nobody leads',
    ['2.2.2.2:5050'],
    { '2.2.2.2:5050': { leader: '' } },
    'fetched state does not contain leader information',
    ['2.2.2.2:5050'],
  ],
  [
    'who shall lead does not know it',
    ['2.2.2.2:5050'],
    { '2.2.2.2:5050': { leader: LEADER }, '1.1.1.1:5050': { leader: '' } },
    'empty master',
    ['2.2.2.2:5050', '1.1.1.1:5050'],
  ],
  [
    'an address of version 6',
    ['[2001:db8::1]:5050'],
    { '[2001:db8::1]:5050': { leader: 'master@[2001:db8::1]:5050' } },
    'master@[2001:db8::1]:5050',
    ['[2001:db8::1]:5050'],
  ],
];

for (const [what, list, says, result, asked] of ROWS) {
  test(`the state is fetched where ${what}`, async () => {
    const masters = new Masters(says);
    assert.equal(await masters.fetch(...list), result);
    assert.deepEqual(masters.hosts, asked);
  });
}

test('the request says who asks', async () => {
  const masters = new Masters({ '1.1.1.1:5050': { leader: LEADER } });
  await masters.fetch('1.1.1.1:5050');
  const [request] = masters.asked;
  assert.equal(request?.url, 'http://1.1.1.1:5050/master/state');
  assert.deepEqual(request?.headers, {
    authorization: 'Basic eA==',
    'user-agent': 'Mesos-DNS',
    'content-type': 'application/json',
  });
});

test('a master that never answers is left after the time-out', async () => {
  const masters = new Masters({ '2.2.2.2:5050': 'nothing', '1.1.1.1:5050': { leader: LEADER } });
  const fetching = masters.fetch('2.2.2.2:5050', '1.1.1.1:5050');
  await masters.clock.advance(TIMEOUT_MS - 1);
  assert.deepEqual(masters.hosts, ['2.2.2.2:5050']);
  await masters.clock.advance(1);
  assert.equal(await fetching, LEADER);
});
