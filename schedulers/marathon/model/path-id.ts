/**
 * Ids of apps and groups: absolute paths such as `/product/db/mongo` (spec marathon-app-model,
 * section 3). A `PathId` is always absolute and canonical: no `.`, no `..`, no empty segment.
 */

export type PathId = string & { readonly __pathId: true };

export const ROOT = '/' as PathId;

/** The text of the pattern as the original prints it in violations. */
export const SEGMENT_PATTERN =
  '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$';

/** What a whole path may look like when it comes from a client; `..` segments are resolved later. */
export const PATH_PATTERN =
  '^(\\/?((\\.\\.)|(\\.)|(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9]))?($|\\/))+$';

const SEGMENT = /^(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$/;

const RESERVED: readonly string[] = ['restart', 'tasks', 'versions', '.', '..'];

/** Makes `text` absolute below `base`; empty segments vanish, `..` above the root stays there. */
export function resolvePathId(text: string, base: PathId = ROOT): PathId {
  const segments = text.startsWith('/') ? [] : segmentsOf(base);
  for (const segment of text.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(segment);
  }
  return fromSegments(segments);
}

export function segmentsOf(id: PathId): string[] {
  return id.split('/').filter((segment) => segment !== '');
}

export function fromSegments(segments: readonly string[]): PathId {
  return `/${segments.join('/')}` as PathId;
}

export function parentOf(id: PathId): PathId {
  return fromSegments(segmentsOf(id).slice(0, -1));
}

/** All groups above `id`, the root first; the root itself has none. */
export function ancestorsOf(id: PathId): PathId[] {
  const segments = segmentsOf(id);
  return segments.map((_, count) => fromSegments(segments.slice(0, count)));
}

/** True when `id` lies below `group`, at any depth. */
export function isBelow(id: PathId, group: PathId): boolean {
  if (id === group) return false;
  return group === ROOT || id.startsWith(`${group}/`);
}

/** `/product/db` becomes `product_db`; segments cannot hold `_`, so this can be undone. */
export function safeForm(id: PathId): string {
  return segmentsOf(id).join('_');
}

export function fromSafeForm(text: string): PathId {
  return fromSegments(text.split('_').filter((segment) => segment !== ''));
}

/** `/product/db/mongo` becomes `mongo.db.product`: task name and discovery name. */
export function hostNameForm(id: PathId): string {
  return segmentsOf(id).reverse().join('.');
}

/** The sentences of what is wrong with an app's id; empty when it is fine. */
export function violationsOfId(id: PathId): string[] {
  const segments = segmentsOf(id);
  const last = segments.at(-1);
  if (last === undefined) return ['Path must contain at least one path element'];
  const errors: string[] = [];
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    errors.push(`must fully match regular expression '${SEGMENT_PATTERN}'`);
  }
  if (RESERVED.includes(last)) {
    errors.push(`must not end with any of the following reserved keywords: ${RESERVED.join(', ')}`);
  }
  return errors;
}
