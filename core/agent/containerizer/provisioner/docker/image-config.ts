/** The JSON that says how an image is run, the same in all layouts of Docker and OCI. */
import { err, ok, type Result } from '../../../../base/result.ts';
import type { ImageRuntime } from '../port.ts';

export type Json = Readonly<Record<string, unknown>>;

export function parseObject(text: string, what: string): Result<Json> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return err(`Failed to parse ${what}: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
  return isObject(value) ? ok(value) : err(`Failed to parse ${what}: it is no JSON object`);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is no list of texts has none: `null` where nothing is said. */
export function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

export function objectsOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function parseRuntime(text: string): Result<ImageRuntime> {
  const parsed = parseObject(text, 'docker v1 manifest');
  if (!parsed.ok) return parsed;
  const config = isObject(parsed.value['config']) ? parsed.value['config'] : {};
  const directory = config['WorkingDir'];
  return ok({
    kind: 'docker',
    entrypoint: textsOf(config['Entrypoint']),
    cmd: textsOf(config['Cmd']),
    env: textsOf(config['Env']),
    ...(typeof directory === 'string' && directory !== '' ? { workingDirectory: directory } : {}),
  });
}
