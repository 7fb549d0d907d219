/**
 * Any file of the work directory cut at any byte, with any byte changed, or missing: the agent goes on
 * with what is certain, or refuses to start with a sentence; it never dies, and never takes one thing for
 * another (spec agent-runtime, section 2, step 3).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCheckpoint } from '../../../core/agent/checkpoint/read.ts';
import { MemoryFiles } from '../../../core/agent/memory-files.ts';
import { AgentKit, commandTask, customTask, MASTER } from './agent-builder.ts';

const REFUSAL =
  /^exit Failed to perform recovery: (meta\/\S+: \S|Incompatible agent info detected|Checkpointed|Mismatch)/;
const IDS = new Set(['M-S0', 'F', 't1', 't2', 't3', 'e1']);

/** An agent with a running, an ended and a custom task. */
function workDirectory(): MemoryFiles {
  const it = new AgentKit().registered().runningTask('t1');
  it.run(commandTask('t2')).prepared('t2').started('t2');
  it.hostedUpdate('t2', 'TASK_RUNNING').hostedUpdate('t2', 'TASK_FINISHED');
  it.run(customTask('t3')).prepared('e1').started('e1');
  return it.files;
}

function copyOf(files: MemoryFiles): MemoryFiles {
  const copy = new MemoryFiles();
  for (const path of files.paths()) {
    const target = files.readLink(path);
    const bytes = files.read(path);
    if (target !== undefined) copy.symlink(path, target);
    else if (bytes !== undefined) copy.write(path, bytes, false);
  }
  return copy;
}

/** Starts an agent on the files, strictly and not; `what` says what was done to them. */
function startOn(files: MemoryFiles, what: string): void {
  for (const strict of [true, false]) {
    const it = new AgentKit({ files: copyOf(files), seed: 2, strict });
    const exit = it.took().find((word) => word.startsWith('exit'));
    if (exit !== undefined) {
      assert.match(exit, REFUSAL, what);
      continue;
    }
    assert.deepEqual(strangers(it), [], what);
    it.advance(2_000).registered().advance(60_000);
    const again = new AgentKit({ files: it.files, seed: 3, strict: true });
    assert.ok(again.machine.state.status !== 'running', what);
  }
}

function strangers(it: AgentKit): readonly string[] {
  const { state } = it.machine;
  const ids = [state.info.id?.value ?? 'M-S0', ...state.frameworks.keys()];
  for (const executor of state.containers.values()) {
    ids.push(executor.id, ...executor.launchedTasks.keys(), ...executor.terminatedTasks.keys());
  }
  return ids.filter((id) => !IDS.has(id));
}

test('a work directory with any file cut at any byte has a defined outcome', () => {
  const whole = workDirectory();
  for (const path of whole.paths()) {
    const bytes = whole.read(path);
    for (let size = 0; size < (bytes?.length ?? 0); size += 1) {
      const files = copyOf(whole);
      files.truncate(path, size);
      startOn(files, `${path} cut at ${size}`);
    }
  }
});

test('a work directory with any byte of any file changed has a defined outcome', () => {
  const whole = workDirectory();
  let count = 0;
  for (const path of whole.paths()) {
    const bytes = whole.read(path);
    for (let at = 0; at < (bytes?.length ?? 0); at += 1) {
      const changed = Uint8Array.from(bytes ?? []);
      // Another bit for each byte, all eight many times over.
      const bit = count % 8;
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      count += 1;
      const files = copyOf(whole);
      files.write(path, changed, false);
      startOn(files, `${path}, bit ${bit} of byte ${at} changed`);
    }
  }
});

test('a work directory with any file or link missing has a defined outcome', () => {
  const whole = workDirectory();
  for (const path of whole.paths()) {
    const files = copyOf(whole);
    files.remove(path);
    startOn(files, `${path} missing`);
  }
});

test('a file that speaks of something else than its directory says is an error', () => {
  const files = workDirectory();
  const path = files.paths().find((each) => each.endsWith('/t1/task.info')) ?? '';
  const other = files.paths().find((each) => each.endsWith('/t2/task.info')) ?? '';
  files.write(path, files.read(other) ?? new Uint8Array(), false);
  assert.deepEqual(readCheckpoint(files).errors, [`${path}: it is of 't2', not of 't1'`]);
  const [exit] = new AgentKit({ files, seed: 2 }).took();
  assert.equal(exit, `exit Failed to perform recovery: ${path}: it is of 't2', not of 't1'`);
});

test('an update of a framework that names another one leaves a checkpoint that can be read', () => {
  const it = new AgentKit().registered().runningTask('t1', { checkpoint: true });
  it.message({
    name: 'mesos.internal.UpdateFrameworkMessage',
    value: {
      framework_id: { value: 'F' },
      pid: '',
      framework_info: { user: 'root', name: 'new', id: { value: 'G' }, checkpoint: true },
    },
  });
  const { errors, frameworks } = readCheckpoint(it.files);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    frameworks.map(({ info }) => [info.id?.value, info.name]),
    [['F', 'new']],
  );
});

for (const id of ['', '..', 'a/b', 'x'.repeat(256)]) {
  test(`a launch under the id '${id.slice(0, 10)}' makes no directory`, () => {
    const it = new AgentKit().registered();
    const before = it.files.paths();
    const framework = { user: 'root', name: 'f', id: { value: 'F' }, checkpoint: true };
    const task = commandTask('t1');
    const launches = [
      { task, framework: { ...framework, id: { value: id } } },
      { task: { ...task, task_id: { value: id } }, framework },
      { task: customTask('t1', id), framework },
    ];
    for (const { task, framework } of launches) {
      it.message({ name: 'mesos.internal.RunTaskMessage', value: { task, framework, pid: '' } });
    }
    assert.deepEqual(it.files.paths(), before);
    assert.equal(it.machine.state.frameworks.size, 0);
  });
}

test('a registration under an id that names no directory is ignored', () => {
  const it = new AgentKit();
  it.input({ kind: 'master', pid: MASTER }).advance(1_000);
  const name = 'mesos.internal.SlaveRegisteredMessage';
  it.message({ name, value: { slave_id: { value: '../x' } } });
  assert.equal(it.machine.state.status, 'disconnected');
  assert.deepEqual(it.files.paths(), ['meta/boot_id']);
});
