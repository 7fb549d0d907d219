/** One test per form of a label selector (spec marathon-rest, section 2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelSelector } from '../../../../schedulers/marathon/http/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

const STRANGE = String.raw`\{\{\{ in (\*\*\*, \&\&\&, \$\$\$), \^\^\^ notin (\-\-\-, \!\!\!, \@\@\@), \#\#\#`;
const ALL = 'foo==one, bla!=one, foo in (one, two, three), bla notin (one, two, three), there';

const ROWS: readonly (readonly [selector: string, labels: Labels, matches: boolean])[] = [
  ['there', { there: 'one' }, true],
  ['there', { none: 'one' }, false],
  ['foo == one', { foo: 'one' }, true],
  ['foo==one', { foo: 'four' }, false],
  ['foo==one', { bla: 'one' }, false],
  ['foo != one', { foo: 'one' }, false],
  ['foo!=one', { foo: 'four' }, true],
  ['foo!=one', { bla: 'one' }, false],
  [String.raw`foo in (one, two, three\ is\ cool)`, { foo: 'three is cool' }, true],
  ['foo in (one, two)', { foo: 'four' }, false],
  ['foo in (one, two)', { bla: 'one' }, false],
  ['bla notin (one, two)', { bla: 'one' }, false],
  ['bla notin (one, two)', { bla: 'four' }, true],
  ['bla notin (one, two)', { rest: 'one' }, false],
  [ALL, { foo: 'one', bla: 'four', there: 'true' }, true],
  [ALL, { foo: 'one' }, false],
  [ALL, { bla: 'four' }, false],
  [STRANGE, { '{{{': '&&&', '^^^': '&&&', '###': '&&&' }, true],
  [STRANGE, { '^^^': '---' }, false],
  [STRANGE, { '###': 'four' }, false],
  ['a.b_c-d==1.2', { 'a.b_c-d': '1.2' }, true],
];

for (const [selector, labels, matches] of ROWS) {
  const verb = matches ? 'matches' : 'does not match';
  test(`${selector} ${verb} ${JSON.stringify(labels)}`, () => {
    const parsed = parseLabelSelector(selector);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
    assert.equal(parsed.value(labels), matches);
  });
}

for (const selector of [
  'foo some (one, two)',
  'foo in one',
  'foo test',
  'foo=one',
  'a b',
  'a,',
  ',',
]) {
  test(`${selector} is no selector`, () => {
    const parsed = parseLabelSelector(selector);
    assert.ok(!parsed.ok);
    assert.ok(parsed.error.startsWith(`Can not parse label selector ${selector}. Reason: `));
  });
}
