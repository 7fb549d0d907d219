/** What clients may send, as JSON Schema for their editors (spec marathon-rest, section 13.5). */
import { RAW_APP_SCHEMA } from './app-schema.ts';
import { RAW_GROUP_SCHEMA } from './group-updates.ts';
import { RAW_POD_SCHEMA } from './pod-schema.ts';

export const SCHEMAS: ReadonlyMap<string, object> = new Map(
  Object.entries({
    app: { ...RAW_APP_SCHEMA, required: ['id'] },
    appUpdate: RAW_APP_SCHEMA,
    group: RAW_GROUP_SCHEMA,
    pod: RAW_POD_SCHEMA,
  }).map(([name, schema]) => [
    name,
    { $schema: 'http://json-schema.org/draft-07/schema#', title: name, ...published(schema) },
  ]),
);

/** Without what only our validator knows: names in any case, references by our own ids. */
function published(schema: object): object {
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
      if (key === '$id') return [];
      if (key === '$ref') return [[key, '#']];
      if (key === 'names' && Array.isArray(value)) return [['enum', value]];
      return [[key, publishedValue(value)]];
    }),
  );
}

function publishedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(publishedValue);
  return typeof value === 'object' && value !== null ? published(value) : value;
}
