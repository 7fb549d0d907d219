/**
 * The answer to `GET /v2/apps`, which is long and asked for often: the bytes of each app are kept until something
 * about it changes, so that a list costs little more than to copy them.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { MarathonState } from '../machine/state.ts';
import type { App } from '../model/app.ts';
import { appInfoJson, type Embed } from './app-info.ts';

/** What each app of a list shows; nothing in it depends on the time. */
const EMBEDS: readonly Embed[] = ['counts', 'deployments'];

interface Kept {
  readonly revision: number;
  readonly bytes: Buffer;
}

const BEGIN = Buffer.from('{"apps":[');
const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

export class AppList {
  /** Goes with the definition. */
  private readonly kept = new WeakMap<App, Kept>();

  /** `{"apps":[...]}`, with what `more` names in addition. */
  bytes(
    state: MarathonState,
    apps: readonly App[],
    more: ReadonlySet<Embed>,
    now: Instant,
  ): Buffer {
    const embeds = new Set([...EMBEDS, ...more]);
    const isUsual = embeds.size === EMBEDS.length;
    const parts: Buffer[] = [];
    for (const app of apps) {
      parts.push(parts.length === 0 ? BEGIN : COMMA);
      parts.push(isUsual ? this.usual(state, app, embeds, now) : made(state, app, embeds, now));
    }
    if (parts.length === 0) parts.push(BEGIN);
    parts.push(END);
    return Buffer.concat(parts);
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
