/** Who has made a request, as far as it was authenticated. */
export interface Principal {
  /** Absent for executors, which have claims only. */
  readonly value: string | undefined;
  readonly claims: Readonly<Record<string, string>>;
}

export function namedPrincipal(value: string): Principal {
  return { value, claims: {} };
}

/** As it stands in texts: its name, or its claims. */
export function principalText(principal: Principal | undefined): string {
  if (principal === undefined) return '';
  const { value, claims } = principal;
  const list = Object.entries(claims).map(([name, claim]) => `${name}:${claim}`);
  if (list.length === 0) return value ?? '';
  const text = `{ ${list.join(', ')} }`;
  return value === undefined ? text : `${value}: ${text}`;
}
