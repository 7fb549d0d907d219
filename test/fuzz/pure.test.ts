import test from 'node:test';
import { auroraTarget } from './aurora-target.ts';
import { fuzzPure } from './pure-run.ts';
import { dnsTarget, jobTarget } from './pure-targets.ts';

test('no DNS packet makes the responder throw, hang, grow or answer more than the limit', () => {
  fuzzPure({ create: dnsTarget, seed: 1, count: 20_000 });
});

test('every job body is refused with a sentence or taken, and what is taken goes on', () => {
  fuzzPure({ create: jobTarget, seed: 1, count: 2_000 });
});

test('every .aurora file is refused with a place and a sentence, or gives jobs that are converted or refused', () => {
  fuzzPure({ create: auroraTarget, seed: 1, count: 1_000 });
});
