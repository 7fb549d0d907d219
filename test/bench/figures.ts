/** What a benchmark gives, and how it is shown: one table, or JSON. */
import { arch, cpus, release, totalmem } from 'node:os';

export interface Target {
  readonly bound: 'at most' | 'at least';
  readonly value: number;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the project promises on an ordinary machine; absent for figures that only inform. */
  readonly target?: Target;
}

export interface Benchmark {
  readonly name: string;
  readonly what: string;
  run(): Promise<readonly Figure[]>;
}

export interface Machine {
  readonly cpus: number;
  readonly model: string;
  readonly node: string;
  readonly memoryMb: number;
  readonly system: string;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    cpus: all.length,
    model: all[0]?.model.trim() ?? 'unknown',
    node: process.version,
    memoryMb: Math.round(totalmem() / 1024 ** 2),
    system: `${process.platform} ${release()} ${arch()}`,
  };
}

export function isMet({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  return target.bound === 'at most' ? value <= target.value : value >= target.value;
}

export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, value, unit, target } = figure;
    const met = isMet(figure);
    return [
      name,
      formatNumber(value),
      unit,
      target === undefined ? '-' : `${target.bound} ${formatNumber(target.value)}`,
      met === undefined ? '-' : met ? 'met' : 'MISSED',
    ];
  });
  const table = [['NAME', 'FIGURE', 'UNIT', 'TARGET', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 1 ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function formatMachine(machine: Machine): string {
  return (
    `${machine.cpus} x ${machine.model}, ${machine.memoryMb} MB, ` +
    `Node ${machine.node}, ${machine.system}`
  );
}

/** Three significant digits, no exponent. */
function formatNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}
