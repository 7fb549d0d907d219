/** Says that nobody answers, and when the next try is (spec cli-and-webui, section 7.2). */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Failure } from './poll.ts';

export interface ConnectionDialogProps {
  readonly host: string;
  readonly failure: Failure;
  readonly onRetry: () => void;
}

export function ConnectionDialog({ host, failure, onRetry }: ConnectionDialogProps): JSX.Element {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((failure.retryAt - now) / 1000));
  return (
    <div class="modal" role="alertdialog" aria-labelledby="connection-title">
      <div class="modal-box">
        <h2 id="connection-title">Failed to connect to {host}!</h2>
        <p>Retrying in {seconds} seconds...</p>
        <button type="button" class="primary" onClick={onRetry}>
          Try now
        </button>
      </div>
    </div>
  );
}
