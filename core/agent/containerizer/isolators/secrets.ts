/** `environment_secret`: variables whose values are secrets (section 8.3). */
import { err, ok } from '../../../base/result.ts';
import type { Isolator } from '../isolator.ts';

/** References are for a secret store, of which there is none without a module. */
export function environmentSecretIsolator(): Isolator {
  return {
    name: 'environment_secret',
    prepare: ({ command }) => {
      const environment: Record<string, string> = {};
      for (const { name, type, secret } of command?.environment?.variables ?? []) {
        if (type !== 'SECRET') continue;
        if (secret?.type !== 'VALUE' || secret.value === undefined) {
          return err(
            `Failed to resolve the secret of the environment variable '${name}': only values can be resolved`,
          );
        }
        const value = new TextDecoder().decode(secret.value.data);
        if (value.includes('\0')) {
          return err(`The secret of the environment variable '${name}' contains a zero byte`);
        }
        environment[name] = value;
      }
      return ok({ environment });
    },
  };
}
