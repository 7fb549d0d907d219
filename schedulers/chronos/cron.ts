/**
 * Plain cron expressions, an addition: `cron 0 3 * * MON-FRI` in place of a repeating interval. Five
 * fields, six with seconds in front, or a nickname such as `@daily`; read by cron-parser.
 */
import { type CronExpression, CronExpressionParser } from 'cron-parser';
import type { Instant } from '../../core/base/clock.ts';

const PREFIX = /^cron\s+/;

/** Whether a schedule is meant as cron, readable or not. */
export function isCron(schedule: string): boolean {
  return PREFIX.test(schedule);
}

export class CronRule {
  /** As posted, without the word in front. */
  readonly text: string;
  readonly zone: string;

  private constructor(text: string, zone: string) {
    this.text = text;
    this.zone = zone;
  }

  /** Undefined for what is no expression, and for days that no calendar has. */
  static parse(schedule: string, zone: string): CronRule | undefined {
    const text = schedule.replace(PREFIX, '').trim();
    const fields = text.split(/\s+/);
    const isNickname = fields.length === 1 && text.startsWith('@');
    if (!isNickname && fields.length !== 5 && fields.length !== 6) return undefined;
    // `H` stands for a random moment, which would be another one after each restart.
    if (/(^|[\s,(])H/.test(text)) return undefined;
    const rule = new CronRule(text, zone);
    return rule.firstAfter(0) === undefined ? undefined : rule;
  }

  firstAfter(instant: Instant): Instant | undefined {
    return this.read(instant, (expression) => expression.next().getTime());
  }

  /** All of them; reading the expression takes longer than finding a time. */
  *timesAfter(instant: Instant): Iterable<Instant> {
    const currentDate = new Date(instant);
    const times = CronExpressionParser.parse(this.text, { currentDate, tz: this.zone });
    for (;;) yield times.next().getTime();
  }

  lastBefore(instant: Instant): Instant | undefined {
    return this.read(instant, (expression) => expression.prev().getTime());
  }

  private read(from: Instant, take: (expression: CronExpression) => Instant): Instant | undefined {
    try {
      return take(
        CronExpressionParser.parse(this.text, { currentDate: new Date(from), tz: this.zone }),
      );
    } catch {
      // The parser has no other way to say that a text is no expression or never comes true.
      return undefined;
    }
  }
}
