/** Versions of an app: what each was, how it differs from the present one, and back to it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../../../../core/webui/kit/dialog.tsx';
import { DiffView } from '../../../../core/webui/kit/diff-view.tsx';
import { pretty } from '../../../../core/webui/kit/format.ts';
import { recordOf, textsIn } from '../../../../core/webui/kit/reading.ts';
import { requestJson } from '../../../../core/webui/kit/requests.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type AppRow, definitionOf } from '../model.ts';
import { API, act, pathOf } from '../source.ts';

/** Versions do not change; new ones come with the app's own version. */
const PACE_MS = 60_000;

export function VersionsTab({ app }: { readonly app: AppRow }): JSX.Element {
  const base = `${API}/apps${pathOf(app.id)}/versions`;
  const { value: versions } = useSource(
    `${app.id} ${app.version}`,
    async () => [...textsIn(recordOf(await requestJson(base)), 'versions')].sort().reverse(),
    PACE_MS,
  );
  const [shown, setShown] = useState<string | undefined>(undefined);
  const [isRestoring, setRestoring] = useState(false);
  const version = shown ?? versions?.find((each) => each !== app.version) ?? app.version;
  return (
    <div class="columns">
      <section class="card">
        <h2>Versions</h2>
        <ul class="choices">
          {(versions ?? []).map((each) => (
            <li key={each}>
              <button
                type="button"
                class="plain"
                aria-current={each === version ? 'true' : undefined}
                onClick={() => setShown(each)}
              >
                {each}
              </button>{' '}
              {each === app.version ? (
                <span class="quiet">current</span>
              ) : (
                <Time at={Date.parse(each)} />
              )}
            </li>
          ))}
        </ul>
      </section>
      <VersionDiff app={app} version={version} onRestore={() => setRestoring(true)} />
      {isRestoring && (
        <Confirm
          title={`Back to ${version}?`}
          text="The app is deployed with this definition again, as a new version."
          action="Apply version"
          onConfirm={() =>
            act(`${app.id} goes back to ${version}.`, `/apps${pathOf(app.id)}`, {
              method: 'PUT',
              body: { version },
            })
          }
          onClose={() => setRestoring(false)}
        />
      )}
    </div>
  );
}

function VersionDiff({
  app,
  version,
  onRestore,
}: {
  readonly app: AppRow;
  readonly version: string;
  readonly onRestore: () => void;
}): JSX.Element {
  const { value } = useSource(
    `${app.id} at ${version}`,
    async () => recordOf(await requestJson(`${API}/apps${pathOf(app.id)}/versions/${version}`)),
    PACE_MS,
  );
  const isCurrent = version === app.version;
  return (
    <section class="card">
      <h2>{isCurrent ? 'The current version' : `From ${version} to the current one`}</h2>
      {!isCurrent && (
        <div class="actions">
          <button type="button" onClick={onRestore}>
            Apply this version
          </button>
        </div>
      )}
      {value === undefined ? (
        <p class="quiet">Loading…</p>
      ) : isCurrent ? (
        <pre class="document">{pretty(definitionOf(value))}</pre>
      ) : (
        <DiffView before={pretty(definitionOf(value))} after={pretty(definitionOf(app.json))} />
      )}
    </section>
  );
}
