/** Labels in the form of Mesos; absent when there are none. */
import type { Labels } from '../../../core/wire/types/mesos.v1.ts';

export function labelsOf(labels: Readonly<Record<string, string>>): Labels | undefined {
  const entries = Object.entries(labels);
  if (entries.length === 0) return undefined;
  return { labels: entries.map(([key, value]) => ({ key, value })) };
}
