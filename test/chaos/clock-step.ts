/**
 * Loaded before a daemon (`node --import`): its wall clock is off by what the file named in CHAOS_CLOCK
 * says, in milliseconds, and steps when that changes. Its timers run on as those of a real machine do.
 */
import { readFileSync } from 'node:fs';

const LOOK_MS = 100;

const file = process.env['CHAOS_CLOCK'] ?? '';
const RealDate = Date;
let offsetMs = 0;

function look(): void {
  offsetMs = Number(readFileSync(file, 'utf8'));
}

const steppedNow = (): number => RealDate.now() + offsetMs;

look();
setInterval(look, LOOK_MS).unref();
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [steppedNow()] : args),
  get: (target, key) => (key === 'now' ? steppedNow : Reflect.get(target, key)),
});
