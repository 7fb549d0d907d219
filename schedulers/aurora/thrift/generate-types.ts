/** `npm run generate:aurora` writes `types.ts` from `description.ts`. A test compares the two. */
import { writeFileSync } from 'node:fs';
import { ENUMS, METHODS, STRUCTS, UNIONS } from './description.ts';
import { parseFields } from './schema.ts';

const SCALARS: Readonly<Record<string, string>> = {
  bool: 'boolean',
  i32: 'number',
  i64: 'number',
  double: 'number',
  str: 'string',
};
const COLUMNS = 100;

/** The text of `types.ts`. */
export function generateTypes(): string {
  const parts = [
    '/** Made by `npm run generate:aurora` from `description.ts`: change that. */',
    ...Object.entries(ENUMS).map(([name, values]) => alternatives(name, quoted(values))),
    ...Object.entries(STRUCTS).map(([name, text]) => struct(name, text)),
    ...Object.entries(UNIONS).map(([name, text]) => union(name, text)),
    byName('ThriftStructs', [...Object.keys(STRUCTS), ...Object.keys(UNIONS)]),
    `export interface MethodArgs {\n${Object.entries(METHODS).map(args).join('\n')}\n}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function quoted(values: Readonly<Record<string, number>>): readonly string[] {
  return Object.keys(values).map((name) => `'${name}'`);
}

function alternatives(name: string, each: readonly string[]): string {
  const line = `export type ${name} = ${each.join(' | ')};`;
  if (line.length <= COLUMNS) return line;
  return `export type ${name} =\n${each.map((one) => `  | ${one}`).join('\n')};`;
}

function struct(name: string, text: string): string {
  const fields = parseFields(text).map((field) => {
    const type = typeOf(field.typeText);
    return field.isOptional
      ? `  readonly ${field.name}?: ${type} | undefined;`
      : `  readonly ${field.name}: ${type};`;
  });
  return `export interface ${name} {\n${fields.join('\n')}\n}`;
}

function union(name: string, text: string): string {
  const each = parseFields(text).map(
    (field) => `{ readonly ${field.name}: ${typeOf(field.typeText)} }`,
  );
  return alternatives(name, each);
}

function typeOf(text: string): string {
  const collection = /^(?:list|set)<(.+)>$/.exec(text);
  if (collection !== null) return `readonly ${typeOf(collection[1] ?? '')}[]`;
  const map = /^map<(\w+),(.+)>$/.exec(text);
  if (map !== null) return `ReadonlyMap<${typeOf(map[1] ?? '')}, ${typeOf(map[2] ?? '')}>`;
  return SCALARS[text] ?? text;
}

function byName(name: string, names: readonly string[]): string {
  const lines = names.map((each) => `  readonly ${each}: ${each};`);
  return `/** What each name of the description stands for. */\nexport interface ${name} {\n${lines.join('\n')}\n}`;
}

function args([method, text]: readonly [string, string]): string {
  const fields = parseFields(text).map((field) => {
    const type = typeOf(field.typeText);
    return field.isOptional
      ? `    readonly ${field.name}?: ${type} | undefined;`
      : `    readonly ${field.name}: ${type};`;
  });
  if (fields.length === 0) return `  readonly ${method}: Readonly<Record<string, never>>;`;
  return `  readonly ${method}: {\n${fields.join('\n')}\n  };`;
}

if (import.meta.main) {
  writeFileSync(new URL('types.ts', import.meta.url), generateTypes());
}
