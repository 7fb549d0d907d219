/**
 * The environment that turns on TLS in original programs (spec ha-and-security, section 8). There is no TLS
 * here: who asks for it must not get a program that speaks in clear.
 */

const SWITCHES = ['LIBPROCESS_SSL_ENABLED', 'SSL_ENABLED'];

/** The sentence that ends a program whose environment asks for TLS. */
export function refuseTlsEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const name = SWITCHES.find((each) => ['1', 'true'].includes(environment[each] ?? ''));
  if (name === undefined) return undefined;
  return `${name} is '${environment[name]}', but this version does not speak TLS: unset it, and put a proxy that does in front`;
}
