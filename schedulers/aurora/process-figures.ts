/** Figures of the process and its machine under the names that monitors of the original know, Java or not. */
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';

const MIB = 1024 ** 2;

export function processFigures(): ReadonlyMap<string, number> {
  const { heapTotal, heapUsed, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const mb = (bytes: number): number => Math.floor(bytes / MIB);
  return new Map([
    ['jvm_available_processors', availableParallelism()],
    ['jvm_memory_heap_mb_committed', mb(heapTotal)],
    ['jvm_memory_heap_mb_used', mb(heapUsed)],
    ['jvm_memory_mb_total', mb(rss)],
    ['process_cpu_time_nanos', (user + system) * 1_000],
    ['system_free_physical_memory_mb', mb(freemem())],
    ['system_load_avg', loadavg()[0] ?? 0],
    ['system_total_physical_memory_mb', mb(totalmem())],
  ]);
}
