/** Rows of the specification's tables as tests: each is one request, or a few, and what comes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, at, World } from '../world.ts';

export const FEATURES = { enable_features: 'secrets,gpu_resources,external_volumes' };

/** Worlds by flags, one for all rows of a file: starting one takes longer than a row. */
export function worlds(): {
  readonly of: (flags?: Readonly<Record<string, string>>) => Promise<World>;
} {
  const known = new Map<string, Promise<World>>();
  return {
    of: (flags = {}) => {
      const key = JSON.stringify(flags);
      const world = known.get(key) ?? World.start(flags, []);
      known.set(key, world);
      return world;
    },
  };
}

export interface RefusedRow {
  readonly name: string;
  readonly body: unknown;
  readonly path: string;
  readonly error: string;
  readonly flags?: Readonly<Record<string, string>>;
}

export type Row = readonly [name: string, body: object, path: string, error: string];

export function refused(
  rows: readonly Row[],
  flags: Readonly<Record<string, string>> = {},
): RefusedRow[] {
  return rows.map(([name, body, path, error]) => ({ name, body, path, error, flags }));
}

const MACHINE_CODE = /^error\./;

/** One test per row: `POST url` with the body is a 422 with that error at that path. */
export function testRefusals(url: string, rows: readonly RefusedRow[]): void {
  const started = worlds();
  for (const { name, body, path, error, flags } of rows) {
    test(`POST ${url}, ${name}: ${error}`, async () => {
      const world = await started.of(flags);
      const answer = await world.call('POST', url, body);
      assert.equal(answer.status, 422, answer.text);
      const message = MACHINE_CODE.test(error) ? 'Invalid JSON' : 'Object is not valid';
      assert.equal(at(answer.body, 'message'), message, answer.text);
      assert.ok(errorsAt(answer, path).includes(error), answer.text);
    });
  }
}

export function errorsAt(answer: Answer, path: string): readonly unknown[] {
  const details = Object.values(at(answer.body, 'details') ?? {});
  const found = details.find((each) => at(each, 'path') === path);
  return Object.values(at(found, 'errors') ?? {});
}

/** The members that are named, so that a row speaks about one field. */
export function pick(document: unknown, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, at(document, name)]));
}
