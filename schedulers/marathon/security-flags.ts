/**
 * Flags about who may talk to the API (spec marathon-rest, section 12; marathon-behaviour, section 13),
 * and what the environment says instead.
 */
import { err, ok, type Result } from '../../core/base/result.ts';

export interface SecurityFlags {
  readonly http_credentials: string | undefined;
  readonly http_realm: string;
}

export interface HttpCredentials {
  readonly user: string;
  readonly password: string;
  readonly realm: string;
}

export function credentialsOf(flags: SecurityFlags): Result<HttpCredentials | undefined> {
  const text = flags.http_credentials;
  if (text === undefined) return ok(undefined);
  const split = text.indexOf(':');
  if (split < 1) return err("Flag 'http_credentials' must have the form user:password");
  const realm = flags.http_realm;
  return ok({ user: text.slice(0, split), password: text.slice(split + 1), realm });
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of earlier days, for what is not given otherwise. */
const OLD_NAMES: readonly (readonly [string, string])[] = [
  ['MESOSPHERE_KEYSTORE_PATH', 'MARATHON_SSL_KEYSTORE_PATH'],
  ['MESOSPHERE_KEYSTORE_PASS', 'MARATHON_SSL_KEYSTORE_PASSWORD'],
  ['MESOSPHERE_HTTP_CREDENTIALS', 'MARATHON_HTTP_CREDENTIALS'],
];

/** The environment as the table of flags reads it: old names, `DISABLE_X`, empty switches. */
export function flagEnvironment(
  environment: Environment,
  given: readonly string[],
  isSwitch: (name: string) => boolean,
): Environment {
  const all: Record<string, string | undefined> = { ...environment };
  for (const [old, name] of OLD_NAMES) {
    const flag = name.slice('MARATHON_'.length).toLowerCase();
    const isGiven = given.some((word) => word === `--${flag}` || word.startsWith(`--${flag}=`));
    if (all[old] !== undefined && !isGiven) all[name] ??= all[old];
  }
  for (const [name, value] of Object.entries(all)) {
    const disabled = /^MARATHON_DISABLE_(.+)$/.exec(name)?.[1];
    const flag = (disabled ?? name.replace(/^MARATHON_/, '')).toLowerCase();
    if (!name.startsWith('MARATHON_') || !isSwitch(flag)) continue;
    const isOn = value === '' || value === 'true' || value === '1';
    if (disabled !== undefined) {
      delete all[name];
      all[`MARATHON_${disabled}`] = String(!isOn);
    } else if (value === '') all[name] = 'true';
  }
  return all;
}
