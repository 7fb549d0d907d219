/** Data of one page: read when it opens, read again at a pace, forgotten when it closes. */
import { useEffect, useMemo } from 'preact/hooks';
import { type Failure, Poller } from './poll.ts';

export interface Source<T> {
  readonly value: T | undefined;
  readonly failure: Failure | undefined;
  readonly refresh: () => void;
}

/** `key` names what is read: another key is another source. The pace in ms; as a function, one that stays. */
export function useSource<T>(
  key: string,
  fetch: () => Promise<T>,
  pace: number | ((value: T) => number),
): Source<T> {
  const poller = useMemo(() => new Poller(fetch, pace), [key, pace]);
  useEffect(() => {
    poller.start();
    return () => poller.stop();
  }, [poller]);
  return {
    value: poller.value.value,
    failure: poller.failure.value,
    refresh: () => poller.refresh(),
  };
}
