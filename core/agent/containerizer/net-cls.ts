/**
 * Handles of `cgroups/net_cls`: each container with cgroups of its own has one, by which `tc` and `iptables` of
 * the host tell its packets (spec agent-runtime, section 8.1). What is in use is read from the cgroups at the start.
 */
import { err, ok, type Result } from '../../base/result.ts';

export interface NetClsOptions {
  /** Upper 16 bits of all handles: `--cgroups_net_cls_primary_handle`. */
  readonly primary: number;
  /** Lower 16 bits, both ends included: `--cgroups_net_cls_secondary_handles`. */
  readonly secondaries: readonly [first: number, last: number];
}

const HANDLE_MAX = 0xffff;
const PRIMARY = 'cgroups_net_cls_primary_handle';
const SECONDARY = 'cgroups_net_cls_secondary_handles';

export class NetClsHandles {
  private readonly options: NetClsOptions;
  private readonly listUsed: () => ReadonlyMap<string, number>;
  private readonly byId: Map<string, number>;
  private readonly used: Set<number>;
  /** Of containers that were there before; nobody tells the end of those that are nobody's. */
  private readonly found: Set<string>;

  /** `listUsed` reads the handles of the containers that have cgroups, by their ids. */
  constructor(options: NetClsOptions, listUsed: () => ReadonlyMap<string, number>) {
    this.options = options;
    this.listUsed = listUsed;
    this.byId = new Map(listUsed());
    this.used = new Set(this.byId.values());
    this.found = new Set(this.byId.keys());
  }

  of(id: string): number | undefined {
    return this.byId.get(id);
  }

  claim(id: string): Result<number> {
    const known = this.byId.get(id);
    if (known !== undefined) return ok(known);
    const free = this.free() ?? (this.forgetGone() ? this.free() : undefined);
    if (free === undefined) {
      const [first, last] = this.options.secondaries.map(hexadecimal);
      return err(
        `Failed to allocate a net_cls handle: ${first},${last} of ${hexadecimal(this.options.primary)} are all in use`,
      );
    }
    this.byId.set(id, free);
    this.used.add(free);
    return ok(free);
  }

  /** Of a container that has ended, and of all nested in it. */
  release(id: string): void {
    for (const [each, handle] of [...this.byId]) {
      if (each !== id && !each.startsWith(`${id}.`)) continue;
      this.byId.delete(each);
      this.used.delete(handle);
    }
  }

  private free(): number | undefined {
    const { primary, secondaries } = this.options;
    const [first, last] = secondaries;
    for (let secondary = first; secondary <= last; secondary += 1) {
      const handle = primary * (HANDLE_MAX + 1) + secondary;
      if (!this.used.has(handle)) return handle;
    }
    return undefined;
  }

  private forgetGone(): boolean {
    const there = this.listUsed();
    const gone = [...this.found].filter((id) => !there.has(id));
    for (const id of gone) {
      this.found.delete(id);
      this.release(id);
    }
    return gone.length > 0;
  }
}

/** Undefined where containers get no handles. */
export function compileNetCls(
  primary: string | undefined,
  secondaries: string | undefined,
  isolators: readonly string[],
): Result<NetClsOptions | undefined> {
  if (primary === undefined) {
    return secondaries === undefined
      ? ok(undefined)
      : err(`Flag '${SECONDARY}' needs '${PRIMARY}'`);
  }
  if (!isolators.includes('cgroups/net_cls')) {
    return err(`Flag '${PRIMARY}' needs the isolator 'cgroups/net_cls'`);
  }
  const upper = handleOf(primary);
  if (upper === undefined) {
    return err(`Failed to parse the primary handle '${primary}' set in flag --${PRIMARY}`);
  }
  const words = (secondaries ?? `0x1,${hexadecimal(HANDLE_MAX)}`).split(',');
  const [first, last] = words.map(handleOf);
  if (words.length !== 2 || first === undefined || last === undefined) {
    return err(
      `Failed to parse the range of secondary handles '${secondaries}' set in flag --${SECONDARY}`,
    );
  }
  if (first === 0) return err('The secondary handle has to be a non-zero value.');
  if (first > last) {
    return err(
      `The range of secondary handles '${secondaries}' set in flag --${SECONDARY} is empty`,
    );
  }
  return ok({ primary: upper, secondaries: [first, last] });
}

function handleOf(text: string): number | undefined {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text.trim())) return undefined;
  const value = Number(text);
  return value <= HANDLE_MAX ? value : undefined;
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}
