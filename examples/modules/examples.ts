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

/** Whoever shows the badge comes in, under the name on it: `Authorization: Badge <name>:<word>`. */
export const org_example_Badge: Module<'HttpAuthenticator'> = {
  kind: 'HttpAuthenticator',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  create: (parameters) => {
    const word = parameterOf(parameters, 'word');
    return {
      createHttpAuthenticator: (realm) => (authorization) => {
        const [, name, given] = /^Badge ([^:\s]+):(\S+)$/.exec(authorization ?? '') ?? [];
        if (name === undefined || given !== word) {
          return { ok: false, challenge: `Badge realm="${realm}"` };
        }
        return { ok: true, principal: { value: name, claims: {} } };
      },
    };
  },
};

/** Guests may look at everything and change nothing. */
export const org_example_Guests: Module<'Authorizer'> = {
  kind: 'Authorizer',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  create: () => ({
    approvers: (principal) => {
      const approved = (action: string): boolean =>
        principal?.value !== 'guest' || /^(view|get)_/.test(action);
      return { approved, approvedFor: approved };
    },
  }),
};

const OPEN = 'OPEN';

/** Proves nothing: the principal is believed. For networks where nobody lies. */
export const org_example_Believe: Module<'Authenticator'> = {
  kind: 'Authenticator',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  create: () => ({
    createSession: () => ({
      greeting: () => ({
        name: 'mesos.internal.AuthenticationMechanismsMessage',
        value: { mechanisms: [OPEN] },
      }),
      receive: (message) => {
        if (message.name !== 'mesos.internal.AuthenticationStartMessage') {
          return { message: undefined };
        }
        const principal = Buffer.from(message.value.data ?? new Uint8Array(0)).toString('utf8');
        return {
          message: { name: 'mesos.internal.AuthenticationCompletedMessage', value: {} },
          outcome: { kind: 'completed', principal },
        };
      },
    }),
  }),
};

/** The agent's side of `org_example_Believe`. */
export const org_example_Claim: Module<'Authenticatee'> = {
  kind: 'Authenticatee',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  create: () => ({
    createClient: ({ principal }) => ({
      receive: (message) => {
        switch (message.name) {
          case 'mesos.internal.AuthenticationMechanismsMessage': {
            const value = { mechanism: OPEN, data: Buffer.from(principal) };
            return { message: { name: 'mesos.internal.AuthenticationStartMessage', value } };
          }
          case 'mesos.internal.AuthenticationCompletedMessage':
            return { outcome: { kind: 'completed' } };
          case 'mesos.internal.AuthenticationFailedMessage':
            return { outcome: { kind: 'refused' } };
          default:
            return {};
        }
      },
    }),
  }),
};

/** Every container gets so many open files, and knows it. */
export const org_example_FewFiles: Module<'Isolator'> = {
  kind: 'Isolator',
  apiVersion: '2',
  mesosVersion: '1.12.0',
  create: (parameters) => {
    const value = parameterOf(parameters, 'files');
    return {
      name: 'org_example_FewFiles',
      prepare: () => ({
        ok: true,
        value: {
          rlimits: [{ name: 'nofile', value: `${value}:${value}` }],
          environment: { FEW_FILES: value },
        },
      }),
    };
  },
};

function parameterOf(parameters: readonly ModuleParameter[], key: string): string {
  const found = parameters.find((each) => each.key === key);
  if (found === undefined) throw new Error(`parameter '${key}' is missing`);
  return found.value;
}
