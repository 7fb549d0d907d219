/** Configurations, and how they differ. */
import type { JSX } from 'preact';
import { DiffView } from '../../../core/webui/kit/diff-view.tsx';
import { type ConfigGroup, configText, instancesText } from './configurations.ts';

/** What an update makes of each configuration that there was before it. */
export function ConfigChanges(props: {
  readonly before: readonly ConfigGroup[];
  readonly after: ConfigGroup | undefined;
}): JSX.Element {
  const { before, after } = props;
  const target = after === undefined ? '' : configText(after.config);
  if (before.length === 0) {
    return (
      <section class="card">
        <h2>Configuration</h2>
        <pre class="document">{target}</pre>
      </section>
    );
  }
  return (
    <>
      {before.map(({ instances, config }) => {
        const named = instancesText(instances);
        return (
          <section class="card" key={named}>
            <h2>
              Configuration changes <span class="quiet">of {named}</span>
            </h2>
            <DiffView before={configText(config)} after={target} />
          </section>
        );
      })}
    </>
  );
}

/** The configurations of a job's instances: the first whole, the others as what differs from it. */
export function ConfigGroups({ groups }: { readonly groups: readonly ConfigGroup[] }): JSX.Element {
  const [first, ...others] = groups;
  if (first === undefined) return <p class="quiet">No instance is active.</p>;
  const base = configText(first.config);
  const name = instancesText(first.instances);
  return (
    <>
      <details class="card">
        <summary>
          Configuration <span class="quiet">of {name}</span>
        </summary>
        <pre class="document">{base}</pre>
      </details>
      {others.map(({ instances, config }) => {
        const named = instancesText(instances);
        return (
          <section class="card" key={named}>
            <h2>
              Configuration of {named} <span class="quiet">compared with {name}</span>
            </h2>
            <DiffView before={base} after={configText(config)} />
          </section>
        );
      })}
    </>
  );
}
