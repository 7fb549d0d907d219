/** Addresses behind the `#`: patterns with `:names`, and queries. Pure. */

export interface Route {
  /** Decoded segments, without empty ones. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

export type RouteParams = Readonly<Record<string, string>>;

export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.slice(0, mark);
  return {
    segments: path.split('/').filter(Boolean).map(decoded),
    query: new URLSearchParams(mark === -1 ? '' : text.slice(mark + 1)),
  };
}

/** Malformed escapes stay as they are: an address that was typed must not break the page. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The named segments of a route that has the pattern's shape. */
export function matchRoute(pattern: string, { segments }: Route): RouteParams | undefined {
  const wanted = pattern.split('/').filter(Boolean);
  if (wanted.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const segment = segments[at] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}

/** `#/a/b?c=d`, each segment escaped. */
export function hashOf(
  segments: readonly string[],
  query: Readonly<Record<string, string>> = {},
): string {
  const path = segments.map((segment) => encodeURIComponent(segment)).join('/');
  const search = new URLSearchParams(query).toString();
  return `#/${path}${search === '' ? '' : `?${search}`}`;
}
