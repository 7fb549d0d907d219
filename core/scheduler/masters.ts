/**
 * Where to subscribe next: a list of masters tried in turn, a redirect to the leader, or what a
 * detector says (spec scheduler-api, sections 1 and 24).
 */
import { err, ok, type Result } from '../base/result.ts';
import { masterAddress } from '../election/master-address.ts';
import { isZooKeeperUrl, parseZooKeeperUrl } from '../net/zookeeper/url.ts';
import type { MasterInfo } from '../wire/types/mesos.v1.ts';

const PATH = '/api/v1/scheduler';

/** Redirects followed without a pause; more are a loop between masters that disagree. */
const REDIRECTS_MAX = 3;

/** Why the value of a `--master` flag cannot be used; undefined when it can. */
export function refuseMaster(text: string): string | undefined {
  const read = isZooKeeperUrl(text) ? parseZooKeeperUrl(text) : parseMasters(text);
  return read.ok ? undefined : read.error;
}

/** Reads `host:port,host:port`; each may start with `http://` or `https://`. */
export function parseMasters(text: string): Result<readonly string[]> {
  const urls: string[] = [];
  for (const part of text
    .replace(/^mesos:\/\//, '')
    .split(',')
    .map((each) => each.trim())) {
    const withScheme = /^https?:\/\//.test(part) ? part : `http://${part}`;
    const hasPort = /:\d+\/?$/.test(withScheme);
    if (part === '' || !hasPort || !URL.canParse(withScheme)) {
      return err(`Invalid master '${part}', expecting host:port`);
    }
    urls.push(new URL(PATH, withScheme).href);
  }
  return ok(urls);
}

/** The endpoint of a detected master. */
export function masterUrl(leader: MasterInfo): string {
  return `http://${masterAddress(leader)}${PATH}`;
}

export class Masters {
  private urls: readonly string[];
  private at = 0;
  private redirect: string | undefined;
  private redirectCount = 0;

  constructor(urls: readonly string[]) {
    this.urls = urls;
  }

  /** What a detector found; an empty list means that there is no leader now. */
  replace(urls: readonly string[]): void {
    this.urls = urls;
    this.at = 0;
    this.redirect = undefined;
    this.redirectCount = 0;
  }

  /** The next endpoint to try; undefined while no leader is known. */
  next(): string | undefined {
    if (this.redirect !== undefined) {
      const target = this.redirect;
      this.redirect = undefined;
      return target;
    }
    const url = this.urls[this.at % Math.max(this.urls.length, 1)];
    this.at += 1;
    return url;
  }

  /** Follows a `Location`; false when it cannot be used or redirects go in circles. */
  follow(location: string | undefined, from: string): boolean {
    this.redirectCount += 1;
    if (location === undefined || !URL.canParse(location, from)) return false;
    if (this.redirectCount > REDIRECTS_MAX) {
      this.redirectCount = 0;
      return false;
    }
    const target = new URL(location, from);
    if (target.pathname === '/' || target.pathname === '') target.pathname = PATH;
    this.redirect = target.href;
    return true;
  }

  /** A subscription succeeded at `url`: come back to it first when it breaks. */
  remember(url: string): void {
    this.redirectCount = 0;
    const index = this.urls.indexOf(url);
    if (index !== -1) this.at = index;
  }
}
