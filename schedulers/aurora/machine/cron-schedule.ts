/**
 * Cron as the original reads it (spec aurora-scheduler, section 7): five fields, each a comma list of `*`,
 * `N`, `A-B`, `*` with a step, `A-B` with a step; names of months and days; days of the week 0 to 6; not both
 * the day of the month and the day of the week. The times are found by cron-parser, which takes more than that.
 */
import { CronExpressionParser } from 'cron-parser';
import type { Instant } from '../../../core/base/clock.ts';

interface Field {
  readonly first: number;
  readonly last: number;
  /** A step has to be smaller. */
  readonly stepBound: number;
  /** Names of the values from `first` on. */
  readonly names: readonly string[];
}

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const DAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
const DAY_OF_MONTH = 2;
const DAY_OF_WEEK = 4;
const FIELDS: readonly Field[] = [
  { first: 0, last: 59, stepBound: 60, names: [] },
  { first: 0, last: 23, stepBound: 24, names: [] },
  { first: 1, last: 31, stepBound: 31, names: [] },
  { first: 1, last: 12, stepBound: 12, names: MONTHS },
  { first: 0, last: 6, stepBound: 6, names: DAYS },
];

export class CronSchedule {
  /** The canonical text: values in order, neighbours joined, a complete field as `*`. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** Undefined for what the original refuses. */
  static parse(text: string): CronSchedule | undefined {
    const words = text.trim().split(/\s+/);
    if (words.length !== FIELDS.length) return undefined;
    const fields: string[] = [];
    for (const [index, field] of FIELDS.entries()) {
      const values = valuesOf(words[index] ?? '', field);
      if (values === undefined) return undefined;
      fields.push(canonical(values, field));
    }
    if (fields[DAY_OF_MONTH] !== '*' && fields[DAY_OF_WEEK] !== '*') return undefined;
    return new CronSchedule(fields.join(' '));
  }

  /** The first time after `instant`; undefined for days that no calendar has, such as 30 February. */
  nextAfter(instant: Instant, zone: string): Instant | undefined {
    try {
      const currentDate = new Date(instant);
      return CronExpressionParser.parse(this.text, { currentDate, tz: zone }).next().getTime();
    } catch {
      // The parser throws when the expression never comes true, and says it in no other way.
      return undefined;
    }
  }
}

/** The values a field stands for; undefined when an item is none of the forms. */
function valuesOf(word: string, field: Field): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const item of word.split(',').filter((each) => each !== '')) {
    const range = rangeOf(item, field);
    if (range === undefined) return undefined;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return values.size === 0 ? undefined : values;
}

const ITEM = /^(?:(?<all>\*)|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d+))?$/;

function rangeOf(
  item: string,
  field: Field,
): { readonly from: number; readonly to: number; readonly step: number } | undefined {
  const groups = ITEM.exec(item)?.groups;
  if (groups === undefined) return undefined;
  const step = groups['step'] === undefined ? 1 : Number(groups['step']);
  if (groups['step'] !== undefined && (step <= 0 || step >= field.stepBound)) return undefined;
  if (groups['all'] !== undefined) return { from: field.first, to: field.last, step };
  const from = valueIn(groups['from'], field);
  const to = groups['to'] === undefined ? from : valueIn(groups['to'], field);
  if (from === undefined || to === undefined || from > to) return undefined;
  // A single number takes no step.
  if (groups['to'] === undefined && groups['step'] !== undefined) return undefined;
  return { from, to, step };
}

function valueIn(word: string | undefined, field: Field): number | undefined {
  if (word === undefined) return undefined;
  const named = field.names.indexOf(word.toUpperCase());
  if (named !== -1) return field.first + named;
  if (!/^\d{1,2}$/.test(word)) return undefined;
  const value = Number(word);
  return value >= field.first && value <= field.last ? value : undefined;
}

function canonical(values: ReadonlySet<number>, field: Field): string {
  const items: string[] = [];
  let from: number | undefined;
  for (let value = field.first; value <= field.last + 1; value += 1) {
    if (values.has(value)) {
      from ??= value;
    } else if (from !== undefined) {
      items.push(from === value - 1 ? String(from) : `${from}-${value - 1}`);
      from = undefined;
    }
  }
  const text = items.join(',');
  return text === `${field.first}-${field.last}` ? '*' : text;
}
