/**
 * Finds the route a path means (spec operator-api, section 1.1): the first segment names an actor, or
 * the path belongs to the delegate; a trailing slash does not count; when nothing matches, a `.json` is
 * dropped, then components from the end. Pure: the server feeds it with the routes it has.
 */
import { decodeSegment } from '../wire/libprocess.ts';

/** A path that no route has. */
const NOWHERE = '/..';

export class RouteTable {
  private readonly delegate: string | undefined;
  private readonly exact = new Set<string>();
  private readonly patterns: RegExp[] = [];
  private readonly actors = new Set<string>();

  /** Without a delegate, paths are left as they are but for their trailing slash. */
  constructor(delegate: string | undefined) {
    this.delegate = delegate;
    if (delegate !== undefined) this.actors.add(delegate);
  }

  add(url: string): void {
    const actor = url.split('/')[1] ?? '';
    if (actor !== '' && !/[:*]/.test(actor)) this.actors.add(actor);
    if (url.endsWith('*')) return;
    if (!/\/:/.test(url)) this.exact.add(url);
    else this.patterns.push(patternOf(url));
  }

  /** The URL (path and query) to route by. */
  resolve(url: string): string {
    const { path, query } = splitUrl(url);
    if (path.includes('/..') || path.startsWith('//')) return NOWHERE;
    const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    if (this.delegate === undefined) return plain + query;
    const full = this.delegated(plain);
    return (this.find(full) ?? full) + query;
  }

  /** The URL with the delegate in front where it was left out, and nothing else changed. */
  delegated(url: string): string {
    if (this.delegate === undefined) return url;
    const { path, query } = splitUrl(url);
    const segment = decodeSegment(path.split('/')[1] ?? '');
    if (segment.ok && this.actors.has(segment.text)) {
      const behind = path.indexOf('/', 1);
      return `/${segment.text}${behind === -1 ? '' : path.slice(behind)}${query}`;
    }
    return `/${this.delegate}${path === '/' ? '' : path}${query}`;
  }

  private find(full: string): string | undefined {
    const segments = full.split('/').slice(1);
    // A root route such as /version is no fallback for what lies behind it.
    for (let count = segments.length; count > 0; count -= 1) {
      if (count === 1 && segments.length > 1) break;
      const path = `/${segments.slice(0, count).join('/')}`;
      const found = this.known(path);
      if (found !== undefined) return found;
      if (count !== segments.length || !path.endsWith('.json')) continue;
      const alias = this.known(path.slice(0, -'.json'.length));
      if (alias !== undefined) return alias;
    }
    return undefined;
  }

  private known(path: string): string | undefined {
    if (this.has(path)) return path;
    // Routes of the delegate may also have been declared without its name.
    const prefix = `/${this.delegate}/`;
    const bare = path.startsWith(prefix) ? path.slice(prefix.length - 1) : undefined;
    return bare !== undefined && this.has(bare) ? bare : undefined;
  }

  private has(path: string): boolean {
    return this.exact.has(path) || this.patterns.some((pattern) => pattern.test(path));
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

function splitUrl(url: string): { readonly path: string; readonly query: string } {
  // The absolute form is served by its path.
  const local = url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const mark = local.indexOf('?');
  if (mark === -1) return { path: local, query: '' };
  return { path: local.slice(0, mark), query: local.slice(mark) };
}
