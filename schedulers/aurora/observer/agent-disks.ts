/** How much disk the agent says that its containers use (spec thermos, section 6). */
import type { HttpClient } from '../../../core/net/ports.ts';
import { isRecord } from '../../../core/wire/required.ts';

const LIMIT_MS = 5_000;

export interface AgentDisksOptions {
  /** The agent's `/containers`. */
  readonly url: string;
  /** Names that lead through the object of a container, with dots between them. */
  readonly executorIdPath: string;
  readonly diskUsagePath: string;
}

/** Bytes by the executor's id. Rejects when the agent does not answer with a list. */
export async function readAgentDisks(
  http: HttpClient,
  { url, executorIdPath, diskUsagePath }: AgentDisksOptions,
): Promise<ReadonlyMap<string, number>> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await http.request({ method: 'GET', url, headTimeoutMs: LIMIT_MS, signal });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
  const containers: unknown = JSON.parse(text);
  if (!Array.isArray(containers)) throw new Error(`${url} answers no list`);
  const found = new Map<string, number>();
  for (const container of containers) {
    const id = valueAt(container, executorIdPath);
    const bytes = valueAt(container, diskUsagePath);
    if (typeof id === 'string' && typeof bytes === 'number') found.set(id, bytes);
  }
  return found;
}

function valueAt(container: unknown, path: string): unknown {
  let value = container;
  for (const name of path.split('.')) value = isRecord(value) ? value[name] : undefined;
  return value;
}

/** The part of JMESPath that is understood; the sentence says what is not. */
export function pathProblem(flag: string): (path: string) => string | undefined {
  return (path) =>
    /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(path)
      ? undefined
      : `Flag '${flag}' takes names with dots between them, not '${path}'`;
}
