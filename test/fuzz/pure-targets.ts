/** What `pure-run.ts` plays: a DNS responder over UDP, and the machine of Chronos. */
import assert from 'node:assert/strict';
import type { Instant } from '../../core/base/clock.ts';
import { SeededRandom } from '../../core/base/random.ts';
import { writeJson } from '../../core/wire/json-text.ts';
import { limitForwarded } from '../../dns/forwarded-reply.ts';
import type { Responder } from '../../dns/responder.ts';
import { decodeJob } from '../../schedulers/chronos/job-decode.ts';
import { encodeJob } from '../../schedulers/chronos/job-encode.ts';
import { ChronosMachine } from '../../schedulers/chronos/machine.ts';
import { CHRONOS_DEFAULTS } from '../../schedulers/chronos/options.ts';
import { optRecord, query, recordsOf, responderOf, TYPES, UDP } from '../dns/support/ask.ts';
import type { Dice } from './dice.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { jsonText, mutateJsonText, mutateTree } from './mutate-json.ts';
import type { PureTarget } from './pure-run.ts';

const CHANGES_MAX = 4;
const SHAPE = { fillsFetch: false, isVersion2: true };

/** Every reply is one to its query and no longer than the limit. */
export function dnsTarget(): PureTarget {
  const many = Array.from({ length: 60 }, (_, at) => `many.mesos. A 10.0.0.${at}`);
  const services = Array.from({ length: 40 }, (_, at) => `_many._tcp.mesos. SRV t${at}.mesos.:80`);
  const records = recordsOf('a.mesos. A 10.0.0.1', 'a.mesos. AAAA ::1', ...many, ...services);
  const { responder } = responderOf(records, { resolvers: ['9.9.9.9'] });
  const types = Object.values(TYPES);
  const names = ['a.mesos', 'many.mesos', '_many._tcp.mesos', 'no.mesos', 'mesos', 'elsewhere.org'];
  return {
    make: (dice) => {
      const tail = dice.once(2) ? optRecord(dice.below(65_536)) : undefined;
      const type = dice.pickAny(types) ?? TYPES.A;
      let packet = query(dice.pickAny(names) ?? 'mesos', type, tail && { tail });
      for (let left = dice.below(CHANGES_MAX); left > 0; left -= 1) {
        packet = mutateBytes(dice, packet);
      }
      const setsBit = dice.once(2);
      return () => {
        playPacket(responder, packet);
        // The same bytes as if a resolver had sent them.
        if (packet.length >= 12) limitForwarded(Buffer.from(packet), 'udp', setsBit);
      };
    },
  };
}

function playPacket(responder: Responder, packet: Buffer): void {
  const decision = responder.decide(packet, UDP);
  if (decision.kind !== 'reply') return;
  assert.ok(decision.bytes.length <= UDP, `${decision.bytes.length} bytes`);
  assert.equal(decision.bytes.readUInt16BE(0), packet.readUInt16BE(0));
  assert.ok(((decision.bytes[2] ?? 0) & 0x80) !== 0, 'no reply');
}

const JOBS = [
  {
    name: 'a',
    schedule: 'R5/2026-01-01T00:00:00Z/PT10M',
    scheduleTimeZone: 'PST',
    epsilon: 'PT5M',
  },
  {
    name: 'b',
    schedule: 'cron 0 3 * * MON-FRI',
    overlap: 'skip',
    scheduleTimeZone: 'Europe/Berlin',
  },
  { name: 'c', parents: ['a', 'b'], softError: true, arguments: ['x'], shell: false },
  {
    name: 'd',
    schedule: 'R//P1M',
    constraints: [['rack', 'LIKE', 'r.*']],
    fetch: [{ uri: 'http://x/y', extract: true }],
    environmentVariables: [{ name: 'A', value: 'b' }],
    container: {
      type: 'DOCKER',
      image: 'i',
      volumes: [{ containerPath: '/c', hostPath: '/h', mode: 'RO' }],
      networkInfos: [{ name: 'n', portMappings: [{ hostPort: 1, containerPort: 2 }] }],
    },
  },
] as const;

const WORDS = [
  'name',
  'schedule',
  'parents',
  'cron',
  'epsilon',
  'R/2026/P1D',
  'PT-1S',
  'P',
  'null',
];
/** Jobs kept by one machine; then there is a new one. */
const MACHINE_CASES = 500;
const NOW = Date.UTC(2026, 5, 1);

/** A job is refused with a sentence, or taken; what is taken is printed, read again, and runs on. */
export function jobTarget(): PureTarget {
  let machine = newMachine();
  let played = 0;
  return {
    make: (dice) => {
      played += 1;
      if (played % MACHINE_CASES === 0) machine = newMachine();
      const value = mutatedJob(dice);
      const now = NOW + dice.below(1_000_000_000);
      const later = now + dice.below(100_000_000);
      return () => value !== undefined && playJob(machine, value, now, later);
    },
  };
}

function playJob(machine: ChronosMachine, value: unknown, now: Instant, later: Instant): void {
  const job = decodeJob(value, CHRONOS_DEFAULTS.jobDefaults, now);
  if (!job.ok) {
    assert.ok(job.error.length > 0);
    return;
  }
  const shown: unknown = JSON.parse(writeJson(encodeJob(job.value, SHAPE)));
  const kind = job.value.trigger.kind === 'parents' ? 'put-dependent' : 'put-scheduled';
  const answer = machine.command({ kind, job: job.value }, now);
  if (!answer.ok) {
    assert.ok(answer.error.message.length > 0);
    return;
  }
  const again = decodeJob(shown, CHRONOS_DEFAULTS.jobDefaults, now);
  assert.ok(again.ok, `what was printed is refused: ${again.ok ? '' : again.error}`);
  machine.handle({ kind: 'woke' }, later);
}

function newMachine(): ChronosMachine {
  return new ChronosMachine(CHRONOS_DEFAULTS, new SeededRandom(1));
}

/** Undefined where the text is no JSON any more: the server refuses that before. */
function mutatedJob(dice: Dice): unknown {
  let tree: unknown = dice.pickAny(JOBS);
  for (let left = dice.below(CHANGES_MAX); left > 0; left -= 1) {
    tree = mutateTree(dice, tree, WORDS);
  }
  const text = jsonText(tree);
  try {
    return JSON.parse(dice.once(4) ? mutateJsonText(dice, text) : text);
  } catch {
    // Half of what is changed as text is no JSON.
    return undefined;
  }
}
