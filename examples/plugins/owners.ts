/**
 * Plugins for Marathon: users with passwords, each of whom owns groups; secrets from files. Try it:
 *
 *   orrery marathon --master=... --enable_features=secrets \
 *     --plugin_dir=examples/plugins --plugin_conf=examples/plugins/owners.json
 *   curl -u ann:secret localhost:8080/v2/apps
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Authenticator,
  Authorizer,
  RunSpecTaskProcessor,
} from '../../schedulers/marathon/index.ts';

class User {
  readonly name: string;
  readonly groups: readonly string[];

  constructor(name: string, groups: readonly string[]) {
    this.name = name;
    this.groups = groups;
  }

  owns(id: string): boolean {
    return this.groups.some((group) => group === '/' || id === group || id.startsWith(`${group}/`));
  }
}

interface UsersConfiguration {
  readonly users: Readonly<
    Record<string, { readonly password: string; readonly groups: readonly string[] }>
  >;
}

export function basicUsers({ users }: UsersConfiguration): Authenticator {
  return {
    authenticate: ({ headers }) => {
      const encoded = /^basic (\S+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? '';
      const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
      const known = Object.hasOwn(users, name) ? users[name] : undefined;
      const isRight = known !== undefined && known.password === rest.join(':');
      return isRight ? new User(name, known.groups) : undefined;
    },
    handleNotAuthenticated: () => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="Marathon"', 'content-type': 'application/json' },
      body: '{"message":"Who are you?"}',
    }),
  };
}

/** Everybody sees everything of the system; services belong to the owners of their groups. */
export function groupOwners(): Authorizer {
  return {
    isAuthorized: (identity, action, resource) => {
      if (!(identity instanceof User)) return false;
      if (resource.kind === 'system') return action === 'ViewResource' || identity.owns('/');
      return identity.owns(resource.id);
    },
    handleNotAuthorized: (identity) => ({
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        message: `${identity instanceof User ? identity.name : 'You'} may not`,
      }),
    }),
  };
}

/** Puts the value in place of each reference, for agents that cannot resolve any. */
export function secretsFromFiles({ folder }: { readonly folder: string }): RunSpecTaskProcessor {
  return {
    taskInfo: (_spec, task) => ({
      ...task,
      command: {
        ...task.command,
        environment: {
          variables: (task.command?.environment?.variables ?? []).map((variable) => {
            const name = variable.secret?.reference?.name;
            if (name === undefined) return variable;
            const data = readFileSync(join(folder, name.replaceAll(/[^\w.-]/g, '_')));
            return { ...variable, secret: { type: 'VALUE' as const, value: { data } } };
          }),
        },
      },
    }),
  };
}
