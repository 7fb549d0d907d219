/** An app's definition as a form: fields as they are typed, and back. Pure. */
import {
  type Json,
  numberOrNone,
  recordIn,
  recordsIn,
  textIn,
  textOrNone,
} from '../../../core/webui/kit/reading.ts';

/** What the simple form edits; all as typed. */
export interface FormFields {
  readonly id: string;
  readonly cmd: string;
  readonly cpus: string;
  readonly mem: string;
  readonly disk: string;
  readonly instances: string;
  readonly image: string;
  /** `NAME=value`, one a line. */
  readonly env: string;
  readonly labels: string;
  readonly user: string;
  /** `field OPERATOR value`, one a line. */
  readonly constraints: string;
  /** One address a line. */
  readonly uris: string;
}

const NUMBERS = ['cpus', 'mem', 'disk', 'instances'] as const;

export function formOf(definition: Json): FormFields {
  const pairs = (key: string): string =>
    Object.entries(recordIn(definition, key))
      .filter(([, value]) => typeof value === 'string')
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
  const number = (key: string): string => String(numberOrNone(definition, key) ?? '');
  return {
    id: textIn(definition, 'id'),
    cmd: textIn(definition, 'cmd'),
    cpus: number('cpus'),
    mem: number('mem'),
    disk: number('disk'),
    instances: number('instances'),
    image: textIn(recordIn(recordIn(definition, 'container'), 'docker'), 'image'),
    env: pairs('env'),
    labels: pairs('labels'),
    user: textIn(definition, 'user'),
    constraints: constraintsIn(definition)
      .map((each) => each.join(' '))
      .join('\n'),
    uris: recordsIn(definition, 'fetch')
      .map((each) => textIn(each, 'uri'))
      .join('\n'),
  };
}

function constraintsIn(definition: Json): readonly (readonly string[])[] {
  const value = definition['constraints'];
  if (!Array.isArray(value)) return [];
  return value.map((each) => (Array.isArray(each) ? each.map(String) : []));
}

/** The definition with what the form says; members that the form does not know stay. */
export function withForm(definition: Json, form: FormFields): Json {
  const result: Record<string, unknown> = { ...definition, id: form.id };
  setOrDrop(result, 'cmd', form.cmd === '' ? undefined : form.cmd);
  for (const key of NUMBERS) setOrDrop(result, key, numberOf(form[key]));
  setOrDrop(result, 'user', form.user.trim() === '' ? undefined : form.user.trim());
  setOrDrop(result, 'constraints', orNone(linesIn(form.constraints).map(constraintOf)));
  const fetched = recordsIn(definition, 'fetch');
  const artifacts = linesIn(form.uris).map(
    (uri) => fetched.find((each) => each['uri'] === uri) ?? { uri },
  );
  setOrDrop(result, 'fetch', orNone(artifacts));
  setOrDrop(result, 'container', containerOf(recordIn(definition, 'container'), form.image.trim()));
  for (const key of ['env', 'labels'] as const) {
    const kept = Object.entries(recordIn(definition, key)).filter(
      ([, value]) => typeof value !== 'string',
    );
    const all = Object.fromEntries([...kept, ...pairsIn(form[key])]);
    setOrDrop(result, key, Object.keys(all).length === 0 && !(key in definition) ? undefined : all);
  }
  return result;
}

function containerOf(container: Json, image: string): Json | undefined {
  const isEmpty = Object.keys(container).length === 0;
  if (image === '' && isEmpty) return undefined;
  if (image === '') {
    const { docker: _, ...rest } = container;
    return Object.keys(rest).length === 0 || rest['type'] === 'DOCKER' ? undefined : rest;
  }
  const type = textOrNone(container, 'type') ?? 'DOCKER';
  return { ...container, type, docker: { ...recordIn(container, 'docker'), image } };
}

/** The value is all that stands behind the operator. */
function constraintOf(line: string): readonly string[] {
  const [, field = line, operator, value] = /^(\S+)(?:\s+(\S+)(?:\s+(.*))?)?$/.exec(line) ?? [];
  return [field, operator, value].filter((each) => each !== undefined);
}

/** A text that is no number is sent as it is: the answer says what is wrong with it. */
export function numberOf(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
}

function orNone<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function linesIn(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
}

export function setOrDrop(target: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete target[key];
  else target[key] = value;
}

function pairsIn(text: string): readonly (readonly [string, string])[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const at = line.indexOf('=');
      return at === -1 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1)];
    });
}
