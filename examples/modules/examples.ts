/**
 * Modules of each kind, as others would write them:
 *
 *   orrery master --work_dir=/tmp/m --hooks=org_example_TeamLabel --allocator=org_example_Lottery \
 *     --modules='{"libraries": [{"file": "examples/modules/examples.ts", "modules": [
 *       {"name": "org_example_TeamLabel", "parameters": [{"key": "team", "value": "web"}]},
 *       {"name": "org_example_Lottery"}]}]}'
 */
import { writeFileSync } from 'node:fs';
import { HierarchicalAllocator } from '../../core/allocator/allocator.ts';
import type { Module, ModuleParameter } from '../../core/modules/types.ts';

/** Every task bears its team's name; the executor finds it in its environment, too. */
export const org_example_TeamLabel: Module<'Hook'> = {
  kind: 'Hook',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  description: 'Labels tasks with the team of the parameter "team".',
  create: (parameters) => {
    const value = parameterOf(parameters, 'team');
    return {
      masterLaunchTaskLabelDecorator: (task) => ({
        labels: [...(task.labels?.labels ?? []), { key: 'team', value }],
      }),
      slaveExecutorEnvironmentDecorator: ({ command }) => ({
        variables: [...(command?.environment?.variables ?? []), { name: 'TEAM', value }],
      }),
    };
  },
};

/** Offers go to whom chance picks, within weights and quotas. */
export const org_example_Lottery: Module<'Allocator'> = {
  kind: 'Allocator',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  create: () => ({
    createAllocator: (options, random) =>
      new HierarchicalAllocator(random, {
        ...options,
        roleSorter: 'random',
        frameworkSorter: 'random',
      }),
  }),
};

/** Lives beside the daemon: a file says whether it runs. */
export const org_example_RunningFile: Module<'Anonymous'> = {
  kind: 'Anonymous',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  create: (parameters) => {
    const file = parameterOf(parameters, 'file');
    writeFileSync(file, 'running\n');
    return { stop: () => writeFileSync(file, 'stopped\n') };
  },
};

function parameterOf(parameters: readonly ModuleParameter[], key: string): string {
  const found = parameters.find((each) => each.key === key);
  if (found === undefined) throw new Error(`parameter '${key}' is missing`);
  return found.value;
}
