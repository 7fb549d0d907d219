/** Versions of an app or pod: what each was, how it differs from the present one, and back to it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../../../../core/webui/kit/dialog.tsx';
import { DiffView } from '../../../../core/webui/kit/diff-view.tsx';
import { pretty } from '../../../../core/webui/kit/format.ts';
import { type Json, recordOf, textsIn } from '../../../../core/webui/kit/reading.ts';
import { requestJson } from '../../../../core/webui/kit/requests.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type AppRow, definitionOf } from '../model.ts';
import { type PodRow, podDefinitionOf } from '../pod-model.ts';
import { API, act, pathOf } from '../source.ts';

/** Versions do not change; new ones come with the app's own version. */
const PACE_MS = 60_000;

/** What has versions. */
export interface Versioned {
  readonly id: string;
  readonly version: string;
  /** Below the API: the list of versions, and with `/<version>` behind it one of them. */
  readonly path: string;
  /** The part of a document that can be sent back. */
  readonly definitionOf: (document: Json) => Json;
  readonly definition: Json;
  readonly restore: (version: string) => Promise<boolean>;
}

export function versionsOfApp(app: AppRow): Versioned {
  const path = `/apps${pathOf(app.id)}`;
  return {
    id: app.id,
    version: app.version,
    path: `${path}/versions`,
    definitionOf,
    definition: definitionOf(app.json),
    restore: (version) =>
      act(`${app.id} goes back to ${version}.`, path, { method: 'PUT', body: { version } }),
  };
}

export function versionsOfPod(pod: PodRow): Versioned {
  const path = `/pods${pathOf(pod.id)}`;
  return {
    id: pod.id,
    version: pod.version,
    path: `${path}::versions`,
    definitionOf: podDefinitionOf,
    definition: podDefinitionOf(pod.spec),
    restore: async (version) => {
      const old = recordOf(await requestJson(`${API}${path}::versions/${version}`));
      const body = podDefinitionOf(old);
      return act(`${pod.id} goes back to ${version}.`, path, { method: 'PUT', body });
    },
  };
}

export function VersionsTab({ of: app }: { readonly of: Versioned }): JSX.Element {
  const { value: versions } = useSource(
    `${app.id} ${app.version}`,
    async () => [...versionsIn(await requestJson(`${API}${app.path}`))].sort().reverse(),
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
          text="It is deployed with this definition again, as a new version."
          action="Apply version"
          onConfirm={() => app.restore(version)}
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
  readonly app: Versioned;
  readonly version: string;
  readonly onRestore: () => void;
}): JSX.Element {
  const { value } = useSource(
    `${app.id} at ${version}`,
    async () => recordOf(await requestJson(`${API}${app.path}/${version}`)),
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
        <pre class="document">{pretty(app.definitionOf(value))}</pre>
      ) : (
        <DiffView before={pretty(app.definitionOf(value))} after={pretty(app.definition)} />
      )}
    </section>
  );
}

/** Those of apps stand in a document, those of pods are the document. */
function versionsIn(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : textsIn(recordOf(answer), 'versions');
}
