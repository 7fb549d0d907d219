/** Every name that a configuration finds (spec aurora, section 2.7). */
import type { Value } from '../interpreter/values.ts';
import { CONSTRUCTORS } from '../pystachio/constructors.ts';
import { HELPERS } from './helpers.ts';
import {
  DEFAULT_HEALTH_CHECKER,
  DEFAULT_LIFECYCLE_CONFIG,
  DISABLE_LIFECYCLE,
  GB,
  JOB,
  KB,
  MB,
  SERVICE,
  STRUCTS,
  TB,
} from './structs.ts';

export const NAMESPACE: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...CONSTRUCTORS,
  ...STRUCTS.map((each): [string, Value] => [each.name, each]),
  ...HELPERS,
  ['Job', JOB],
  ['Service', SERVICE],
  ['DefaultLifecycleConfig', DEFAULT_LIFECYCLE_CONFIG],
  ['DisableLifecycle', DISABLE_LIFECYCLE],
  ['DefaultHealthChecker', DEFAULT_HEALTH_CHECKER],
  ['BYTES', 1n],
  ['KB', KB],
  ['MB', MB],
  ['GB', GB],
  ['TB', TB],
]);
