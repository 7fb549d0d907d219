/** All commands of `aurora_admin` (spec aurora-client, section 7). */
import type { Verb } from '../verb.ts';
import { CLUSTER_VERBS } from './cluster.ts';
import { DRAIN_VERBS } from './host-drain.ts';
import { HOST_VERBS } from './hosts.ts';
import { QUERY_VERBS } from './query.ts';
import { QUOTA_VERBS } from './quota.ts';
import { SLA_VERBS } from './sla.ts';
import { STORAGE_VERBS } from './storage.ts';

export const ADMIN_VERBS: readonly Verb[] = [
  ...QUERY_VERBS,
  ...QUOTA_VERBS,
  ...CLUSTER_VERBS,
  ...STORAGE_VERBS,
  ...HOST_VERBS,
  ...DRAIN_VERBS,
  ...SLA_VERBS,
];
