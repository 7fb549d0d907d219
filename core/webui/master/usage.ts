/** What containers use, from two samples of `/monitor/statistics` (spec cli-and-webui, section 7.2). Pure. */
import { type Json, numberIn, recordIn, textIn } from '../kit/reading.ts';
import { type Amounts, NOTHING, sumOf } from './model.ts';

export interface Usage {
  readonly total: Amounts;
  ofFramework(id: string): Amounts;
  ofExecutor(frameworkId: string, executorId: string): Amounts;
}

const MIB = 1024 ** 2;

export function usageOf(before: readonly Json[], after: readonly Json[]): Usage {
  const keyOf = (json: Json): string =>
    `${textIn(json, 'framework_id')} ${textIn(json, 'executor_id')}`;
  const earlier = new Map(before.map((json) => [keyOf(json), recordIn(json, 'statistics')]));
  const rows = after.map((json) => ({
    frameworkId: textIn(json, 'framework_id'),
    executorId: textIn(json, 'executor_id'),
    used: usedIn(earlier.get(keyOf(json)), recordIn(json, 'statistics')),
  }));
  return {
    total: sumOf(rows.map(({ used }) => used)),
    ofFramework: (id) =>
      sumOf(rows.filter((row) => row.frameworkId === id).map(({ used }) => used)),
    ofExecutor: (frameworkId, executorId) =>
      rows.find((row) => row.frameworkId === frameworkId && row.executorId === executorId)?.used ??
      NOTHING,
  };
}

/** Processors from the seconds that went by between the samples; 0 with one sample. */
function usedIn(before: Json | undefined, after: Json): Amounts {
  const seconds = (json: Json): number =>
    numberIn(json, 'cpus_user_time_secs') + numberIn(json, 'cpus_system_time_secs');
  const elapsed =
    before === undefined ? 0 : numberIn(after, 'timestamp') - numberIn(before, 'timestamp');
  const cpus =
    before === undefined || elapsed <= 0 ? 0 : (seconds(after) - seconds(before)) / elapsed;
  return {
    cpus: Math.max(0, cpus),
    gpus: 0,
    mem: numberIn(after, 'mem_rss_bytes') / MIB,
    disk: numberIn(after, 'disk_used_bytes') / MIB,
  };
}
