/** An app's full document, read again after every event; the last one is kept while the next is read. */
import { useState } from 'preact/hooks';
import { recordIn, recordOf } from '../../../../core/webui/kit/reading.ts';
import { RequestError, requestJson } from '../../../../core/webui/kit/requests.ts';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type AppRow, appRow } from '../model.ts';
import { API, changes, pathOf } from '../source.ts';

const PACE_MS = 5_000;

export interface KnownApp {
  readonly app: AppRow | undefined;
  /** The server said that there is none. */
  readonly isMissing: boolean;
}

export function useApp(id: string): KnownApp {
  const { value, failure } = useSource(
    `${id} ${changes.value}`,
    async () => appRow(recordIn(recordOf(await requestJson(`${API}/apps${pathOf(id)}`)), 'app')),
    PACE_MS,
  );
  const [last, setLast] = useState<AppRow | undefined>(undefined);
  if (value !== undefined && value !== last) setLast(value);
  const error = failure?.error;
  const isMissing = error instanceof RequestError && error.status === 404;
  return {
    app: isMissing ? undefined : (value ?? (last?.id === id ? last : undefined)),
    isMissing,
  };
}
