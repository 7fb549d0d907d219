/** Addresses of the pages: the original's paths, behind the `#`. Pure. */
import { hashOf } from '../../../core/webui/kit/route.ts';
import type { JobKey } from './model.ts';

/**
 * Where a path of the original leads: `/scheduler/www/prod/web` below `/` is `#/scheduler/www/prod/web`.
 * Undefined: the pages' own address.
 */
export function hashOfPath(path: string, base: string): string | undefined {
  const rest = path.startsWith(base) ? path.slice(base.length) : path.replace(/^\//, '');
  return rest === '' ? undefined : `#/${rest.replace(/\/+$/, '')}`;
}

export const roleHref = (role: string, environment?: string): string =>
  hashOf(environment === undefined ? ['scheduler', role] : ['scheduler', role, environment]);

export function jobHref({ role, environment, name }: JobKey, ...more: readonly string[]): string {
  return hashOf(['scheduler', role, environment, name, ...more]);
}

/** Thermos' observer on a host has its own port. */
const OBSERVER_PORT = 1_338;

export function sandboxUrl(host: string, taskId: string): string {
  return `http://${host}:${OBSERVER_PORT}/task/${encodeURIComponent(taskId)}`;
}
