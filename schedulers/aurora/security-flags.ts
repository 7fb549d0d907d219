/** Flags about who may call (spec aurora-scheduler, sections 10.1 and 11). */
import { readFileSync } from 'node:fs';
import { describeError } from '../../core/base/errors.ts';
import { type FlagValues, flag, optionalFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { parseShiroIni, type ShiroRealm } from './http/security/shiro.ts';

export const SECURITY_FLAGS = {
  http_authentication_mechanism: flag('string', 'NONE', {
    help: 'NONE or BASIC. (default: NONE)',
    validate: (value: string) => {
      if (value === 'NONE' || value === 'BASIC') return undefined;
      const name = 'http_authentication_mechanism';
      return value === 'NEGOTIATE'
        ? `Flag '${name}=NEGOTIATE' is not supported: there is no Kerberos here`
        : `Flag '${name}' has no mechanism '${value}'`;
    },
  }),
  shiro_ini_path: optionalFlag('path', {
    help: 'Users and roles, for -http_authentication_mechanism=BASIC.',
  }),
  enable_cors_for: optionalFlag('string', { help: 'The other origin whose pages may call.' }),
} as const;

export function compileRealm(
  flags: FlagValues<typeof SECURITY_FLAGS>,
): Result<ShiroRealm | undefined> {
  const path = flags.shiro_ini_path;
  if (flags.http_authentication_mechanism === 'NONE') return ok(undefined);
  if (path === undefined) {
    return err(`Flag 'http_authentication_mechanism=BASIC' needs '-shiro_ini_path'`);
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    return err(`Flag 'shiro_ini_path': ${describeError(thrown)}`);
  }
  const realm = parseShiroIni(text);
  return realm.ok ? realm : err(`Flag 'shiro_ini_path': ${realm.error}`);
}
