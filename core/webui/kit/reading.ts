/** Taking JSON apart without trust: what is absent or of another type becomes empty. Pure. */

export type Json = Readonly<Record<string, unknown>>;

export function recordOf(value: unknown): Json {
  return isJson(value) ? value : {};
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textIn(json: Json, key: string): string {
  const value = json[key];
  return typeof value === 'string' ? value : '';
}

export function textOrNone(json: Json, key: string): string | undefined {
  const value = json[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberIn(json: Json, key: string): number {
  const value = json[key];
  return typeof value === 'number' ? value : 0;
}

export function numberOrNone(json: Json, key: string): number | undefined {
  const value = json[key];
  return typeof value === 'number' ? value : undefined;
}

export function recordIn(json: Json, key: string): Json {
  return recordOf(json[key]);
}

export function recordsIn(json: Json, key: string): readonly Json[] {
  const value = json[key];
  return Array.isArray(value) ? value.filter(isJson) : [];
}

export function textsIn(json: Json, key: string): readonly string[] {
  const value = json[key];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
