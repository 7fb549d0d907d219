/** Agent, launcher, both and the machine die at every step between RunTask and the last acknowledgement. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MatrixCase, runMatrixCase, stepsOf, type Victim } from './crash-matrix.ts';
import type { MatrixTask } from './matrix-framework.ts';

const VICTIMS: readonly Victim[] = ['agent', 'launcher', 'both', 'machine'];
/** Fewer steps than these mean that failpoints are missing. */
const STEPS_MIN = 15;

const TASKS: Readonly<Record<MatrixTask, string>> = {
  finishes: 'a task that exits with 0',
  fails: 'a task that exits with 7',
  killed: 'a task that is killed',
  group: 'a task group',
  executor: 'a task of a custom executor',
};

function casesOf(task: MatrixTask): readonly MatrixCase[] {
  const cases: MatrixCase[] = [];
  for (const checkpoint of [true, false]) {
    for (const victim of VICTIMS) {
      cases.push({ task, checkpoint, victim, hearsLastWords: true });
      if (victim !== 'agent' || !checkpoint) continue;
      cases.push({ task, checkpoint, victim, hearsLastWords: false });
    }
  }
  return cases;
}

for (const task of ['finishes', 'fails', 'killed', 'group', 'executor'] as const) {
  test(`${TASKS[task]} comes to one true end whoever dies at whatever step`, async () => {
    const failures: string[] = [];
    for (const each of casesOf(task)) {
      const steps = await stepsOf(each);
      assert.ok(steps.length >= STEPS_MIN, `only ${steps.length} steps: ${steps.join(' ')}`);
      for (let step = 0; step < steps.length; step += 1) {
        await runMatrixCase(each, step).catch((thrown: unknown) => failures.push(String(thrown)));
      }
    }
    assert.deepEqual(failures, []);
  });
}
