/**
 * Some cases of the crash matrix (`npm run matrix` runs all): a real agent kills itself between RunTask and
 * the acknowledgement of the end, alone, with its launcher, with its machine.
 */
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type AgentCase, describeCase, runAgentCase } from '../matrix/agent-case.ts';
import {
  eventually,
  freePorts,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const CASES: readonly AgentCase[] = [
  { way: 'fails', companion: 'nobody', step: 'agent.launch.after', pass: 1 },
  { way: 'killed', companion: 'launcher', step: 'agent.append.before', pass: 3 },
  { way: 'finishes', companion: 'machine', step: 'agent.acknowledge.after', pass: 2 },
];
const JOBS = 3;

let directory = '';
let master: Program | undefined;
let masterPort = 0;

before(async () => {
  directory = await temporaryDirectory('agent-matrix');
  process.env['NODE_COMPILE_CACHE'] = join(directory, 'compiled');
  [masterPort = 0] = await freePorts(1);
  const place = [`--port=${masterPort}`, `--work_dir=${join(directory, 'master')}`];
  const started = startOrrery(['master', '--ip=127.0.0.1', ...place]);
  master = started;
  await eventually('the master is ready', () => started.output().includes('READY') || undefined);
});

after(async () => {
  await master?.stop();
  await removeDirectory(directory);
});

test('an agent that dies', { concurrency: JOBS }, async (context) => {
  const cases = CASES.map((each) =>
    context.test(`and brings a task to its one end: ${describeCase(each)}`, async () => {
      if (!(await runAgentCase(each, masterPort))) throw new Error('it did not come to that step');
    }),
  );
  await Promise.all(cases);
});
