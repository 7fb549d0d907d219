import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convertJob } from '../../../../schedulers/aurora/config/job-configuration.ts';
import {
  bindingOf,
  bindJob,
  type JobKeyPattern,
  loadJson,
  loadText,
  pickJob,
} from '../../../../schedulers/aurora/config/loader.ts';
import { load, surroundingsOf, TASK } from './support/load.ts';

const TWO = ['devel', 'prod']
  .map((each) => `Job(cluster='c', role='r', environment='${each}', name='n', task=${TASK})`)
  .join(', ');

function picked(text: string, pattern: JobKeyPattern): string {
  const loaded = load(text);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.error);
  const found = pickJob(loaded.value, pattern);
  return found.ok ? String(found.value.fields.get('environment')?.repr()) : found.error;
}

const CANDIDATES = 'Candidates are:\n  c/r/devel/n\n  c/r/prod/n';

const PICKED: readonly (readonly [text: string, pattern: JobKeyPattern, answer: string])[] = [
  ['', {}, 'No job defined in this config!'],
  ['jobs = []', { name: 'n' }, 'No job defined in this config!'],
  [`jobs = [${TWO}]`, {}, 'Configuration has multiple jobs but no job name specified!'],
  [`jobs = [${TWO}]`, { name: 'n', environment: 'prod' }, 'String(prod)'],
  [`jobs = [${TWO}]`, { name: 'x', cluster: 'c' }, `Could not find job c/*/*/x\n${CANDIDATES}`],
  [
    `jobs = [${TWO}]`,
    { name: 'n' },
    `Multiple jobs match, please disambiguate by specifying a job key.\n${CANDIDATES}`,
  ],
  [
    "jobs = [Job(cluster='c', role='r', name='n')]",
    { name: 'n', environment: 'prod' },
    "Could not find job */*/prod/n\nJob c/r/{MISSING}/n in configuration file doesn't specify an environment\n" +
      'Candidates are:\n  c/r/{MISSING}/n',
  ],
  [`jobs = (${TWO.split('), Job')[0]}),)`, {}, 'String(devel)'],
];

for (const [text, pattern, answer] of PICKED) {
  test(`${JSON.stringify(pattern)} picks: ${answer.replaceAll('\n', ' ')} (${text.length})`, () => {
    assert.equal(picked(text, pattern), answer);
  });
}

test('bindings of the command line are bound to the job, with dotted names and keys', () => {
  const task = TASK.replace("'true'", "'{{a}} {{profile.package.name}} {{m[k]}}'");
  const loaded = load(
    `jobs = [Job(cluster='c', role='r', environment='devel', name='n', task=${task})]`,
  );
  assert.ok(loaded.ok);
  const bindings = ['a=1=2', 'profile.package.name=p', 'm[k]=v'].map((each) => {
    const binding = bindingOf(each);
    assert.ok(binding.ok);
    return binding.value;
  });
  const [job] = loaded.value.jobs;
  assert.ok(job !== undefined);
  const made = convertJob(bindJob(job, bindings), { user: 'u', calls: loaded.value.calls });
  assert.ok(made.ok, made.ok ? '' : made.error);
  assert.match(
    made.value.configuration.taskConfig?.executorConfig?.data ?? '',
    /"cmdline": "1=2 p v"/,
  );
});

test('a binding without a name or a value is refused', () => {
  const refused = (text: string): string => {
    const read = bindingOf(text);
    return read.ok ? 'read' : read.error;
  };
  assert.equal(refused('a'), 'Binding parameter must be formatted name=value');
  for (const address of ['', 'a b', '[x]']) {
    const text = `${address}=y`;
    const error = `Could not parse binding parameter ${text}: Badly formed address ${address}`;
    assert.equal(refused(text), error);
  }
});

test('JSON with one job or several is read, and what no job has is refused', () => {
  const job = { cluster: 'c', role: 'r', environment: 'e', name: 'n', task: { name: 't' } };
  const read = (json: unknown): ReturnType<typeof loadJson> =>
    loadJson('/j', { surroundings: surroundingsOf({ files: { '/j': JSON.stringify(json) } }) });
  for (const json of [job, { jobs: [job] }]) {
    const loaded = read(json);
    assert.equal(loaded.ok && loaded.value.jobs.length, 1);
  }
  const refused = read({ ...job, nope: 1 });
  assert.match(refused.ok ? '' : refused.error, /Unknown schema attribute nope/);
  const broken = loadJson('/j', { surroundings: surroundingsOf({ files: { '/j': '{' } }) });
  assert.match(broken.ok ? '' : broken.error, /No JSON object could be decoded/);
});

test('jobs that are none are refused', () => {
  for (const jobs of ['5', '[5]', 'Process(name="a")', '[Task()]'])
    assert.ok(!load(`jobs = ${jobs}`).ok, jobs);
});

test('a stream has no directory to include from', () => {
  const loaded = loadText('<stdin>', "include('a')", {
    surroundings: surroundingsOf({ files: { a: '' } }),
  });
  assert.match(
    loaded.ok ? '' : loaded.error,
    /a relative path cannot be included from a stream: 'a'/,
  );
});
