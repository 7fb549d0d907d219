/**
 * Names the required fields that a value lacks, as the originals do: dotted paths, an index in
 * brackets for repeated fields, own fields before those of children
 * (`accept.operations[0].launch.task_infos[0].name`; spec scheduler-api, section 3.2).
 */
import type { MessagePlan } from './schema.ts';

export function missingRequired(plan: MessagePlan, value: unknown): readonly string[] {
  const missing: string[] = [];
  collect(plan, value, '', missing);
  return missing;
}

function collect(plan: MessagePlan, value: unknown, prefix: string, missing: string[]): void {
  if (!isRecord(value)) return;
  for (const field of plan.fields) {
    if (field.required && value[field.name] === undefined) missing.push(`${prefix}${field.name}`);
  }
  for (const field of plan.fieldsByNumber) {
    const child = value[field.name];
    if (field.kind !== 'message' || child === undefined) continue;
    const path = `${prefix}${field.name}`;
    if (field.isMap) {
      for (const [key, each] of entriesOf(child)) {
        collect(field.message(), each, `${path}[${key}].value.`, missing);
      }
    } else if (Array.isArray(child)) {
      child.forEach((each: unknown, at) => {
        collect(field.message(), each, `${path}[${at}].`, missing);
      });
    } else {
      collect(field.message(), child, `${path}.`, missing);
    }
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}
