/**
 * The answer to `GET /v2/apps`, which is long and asked for often, by many and between changes: the bytes of each app
 * are kept until something about it changes, those of the last whole list until anything does.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { MarathonState } from '../machine/state.ts';
import type { App } from '../model/app.ts';
import type { Root } from '../model/root.ts';
import { appInfoJson, type Embed } from './app-info.ts';

/** What each app of a list shows; nothing in it depends on the time. */
const EMBEDS: readonly Embed[] = ['counts', 'deployments'];

interface Kept {
  readonly revision: number;
  readonly bytes: Buffer;
}

export interface ListOptions {
  readonly more: ReadonlySet<Embed>;
  /** The apps are all there are. */
  readonly isWhole: boolean;
  readonly now: Instant;
}

const BEGIN = Buffer.from('{"apps":[');
const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

export class AppList {
  /** Goes with the definition. */
  private readonly kept = new WeakMap<App, Kept>();
  private whole:
    | { readonly root: Root; readonly revision: number; readonly bytes: Buffer }
    | undefined;

  /** `{"apps":[...]}`, with what `more` names in addition. */
  bytes(state: MarathonState, apps: readonly App[], { more, isWhole, now }: ListOptions): Buffer {
    const embeds = new Set([...EMBEDS, ...more]);
    const isUsual = embeds.size === EMBEDS.length;
    const { root, revision } = state;
    if (isUsual && isWhole && this.whole?.root === root && this.whole.revision === revision) {
      return this.whole.bytes;
    }
    const parts: Buffer[] = [];
    for (const app of apps) {
      parts.push(parts.length === 0 ? BEGIN : COMMA);
      parts.push(isUsual ? this.usual(state, app, embeds, now) : made(state, app, embeds, now));
    }
    if (parts.length === 0) parts.push(BEGIN);
    parts.push(END);
    const bytes = Buffer.concat(parts);
    if (isUsual && isWhole) this.whole = { root, revision, bytes };
    return bytes;
  }

  private usual(state: MarathonState, app: App, embeds: ReadonlySet<Embed>, now: Instant): Buffer {
    const known = this.kept.get(app);
    const revision = state.revisionOf(app.id);
    if (known?.revision === revision) return known.bytes;
    const bytes = made(state, app, embeds, now);
    this.kept.set(app, { revision, bytes });
    return bytes;
  }
}

function made(state: MarathonState, app: App, embeds: ReadonlySet<Embed>, now: Instant): Buffer {
  return Buffer.from(appInfoJson(state, app, embeds, now).text);
}
