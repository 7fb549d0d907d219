import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generateTypes } from '../../../core/wire/generate-types.ts';

const FOLDER = new URL('../../../core/wire/types/', import.meta.url);

test('the committed types are what the .proto files give', () => {
  const files = generateTypes();
  assert.deepEqual(readdirSync(FOLDER).sort(), [...files.keys()].sort());
  for (const [name, content] of files) {
    const committed = readFileSync(new URL(name, FOLDER), 'utf8');
    assert.ok(committed === content, `${name} is out of date: run npm run generate`);
  }
});
