import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printed } from './support/load.ts';

const SETUP = `
def t(name, *processes, **kw):
  made = [Process(name=p, cmdline='echo {{x}}') for p in processes]
  return Task(name=name, processes=made, **kw)
def orders(task):
  return [c['order'] for c in task.get()['constraints']]
def names(task):
  return [p['name'] for p in task.get()['processes']]
`;

const ROWS: readonly (readonly [expression: string, shown: string])[] = [
  ['BYTES, KB, MB, GB, TB', '(1, 1024, 1048576, 1073741824, 1099511627776)'],
  [
    '[c.get() for c in order("a", Process(name="b")) + Processes.order("c")]',
    "[{'order': ['a', 'b']}, {'order': ['c']}]",
  ],
  [
    'orders(SequentialTask(processes=[Process(name="a", cmdline="c"), Process(name="b", cmdline="c")]))',
    "[['a', 'b']]",
  ],
  ['orders(SequentialTask(processes=[Process(name="a", cmdline="c")]))', "[['a']]"],
  ['orders(SequentialTask())', '[]'],
  [
    'SimpleTask("s", "c").resources() == Resources(cpu=Tasks.SIMPLE_CPU, ram=Tasks.SIMPLE_RAM, disk=Tasks.SIMPLE_DISK)',
    'True',
  ],
  [
    'combine_tasks(t("one", "a")) == t("one", "a", resources=Resources(cpu=0, ram=0, disk=0))',
    'True',
  ],
  ['orders(Tasks.sequential(t("t", "a", "b")))', "[['a', 'b']]"],
  [
    'SimpleTask("s", "c").get()["resources"]',
    "{'cpu': 1.0, 'ram': 1073741824, 'disk': 1073741824, 'gpu': 0}",
  ],
  ['SimpleTask(name="s", command="c").get()["processes"][0]["cmdline"]', 'c'],
  ['combine_tasks().get()["max_failures"]', '1'],
  ['names(combine_tasks(t("one", "a", "b"), t("two", "c")))', "['a', 'b', 'c']"],
  ['names(Tasks.combine(t("one", "a"), t("two", "a")))', "['a']"],
  ['names(combine_tasks(t("one", "a").bind(x=1), t("two", "a").bind(x=2)))', "['a', 'a']"],
  [
    'combine_tasks(t("one", "a", max_failures=7), t("two", "b", max_failures=8)).get()["max_failures"]',
    '8',
  ],
  ['combine_tasks(t("one", "a"), t("two", "b"), name="n").name()', 'n'],
  [
    'combine_tasks(t("one", "a", finalization_wait=50), t("two", "b")).get()["finalization_wait"]',
    '50',
  ],
  [
    'concat_tasks(t("one", "a", finalization_wait=50), t("two", "b")).get()["finalization_wait"]',
    '80',
  ],
  [
    '[f(t("one", "a", resources=Resources(cpu=1, ram=4, disk=6)), t("two", "b", resources=Resources(cpu=2, ram=3, disk=5))).get()["resources"] for f in (combine_tasks, concat_tasks)]',
    "[{'cpu': 3.0, 'ram': 7, 'disk': 11, 'gpu': 0}, {'cpu': 2.0, 'ram': 4, 'disk': 6, 'gpu': 0}]",
  ],
  [
    'orders(concat_tasks(t("one", "a", "b"), t("two", "c"), t("three", "d")))',
    "[['a', 'c'], ['b', 'c'], ['c', 'd']]",
  ],
  [
    'orders(Tasks.concat(t("one", "a", "b", constraints=order("a", "b")), t("two", "c")))',
    "[['a', 'b'], ['a', 'c'], ['b', 'c']]",
  ],
  ['java_options("a", b="foo", c=None)', '-a -b foo -c'],
  ['Options.java({"x": 1})', '-x 1'],
  ['python_options("a", long="foo")', '-a --long foo'],
  ['Options.python("verbose")', '--verbose'],
  [
    'Units.resources_sum(Resources(cpu=1, ram=1, disk=1), Resources(cpu=2, ram=2, disk=2)).get()["cpu"]',
    '3.0',
  ],
  ['DefaultHealthChecker.get()["http"]["endpoint"]', '/health'],
  ['Environment(a=1)["a"]', '1'],
];

for (const [expression, shown] of ROWS) {
  test(`${expression} is ${shown}`, () => {
    assert.deepEqual(
      printed(
        `${SETUP}print(str(${expression.startsWith('BYTES') ? `(${expression})` : expression}))`,
      ),
      [shown],
    );
  });
}
