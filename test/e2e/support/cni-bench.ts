/** Containers in networks of their own, made by the plugins beside: real namespaces, real bridges. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { IsolationBench } from './isolation-bench.ts';

const PLUGINS = join(import.meta.dirname, 'cni');

export class CniBench {
  readonly folder: string;
  readonly flags: readonly string[];

  private constructor(folder: string) {
    this.folder = folder;
    this.flags = [
      `--network_cni_plugins_dir=${PLUGINS}:/nowhere`,
      `--network_cni_config_dir=${folder}/config`,
      `--runtime_dir=${folder}/runtime`,
    ];
  }

  static async start(
    t: TestContext,
    flags: readonly string[] = [],
    subnet = 77,
  ): Promise<{ readonly bench: IsolationBench; readonly cni: CniBench }> {
    const cni = CniBench.places(subnet);
    const bench = await IsolationBench.start(t, [...cni.flags, ...flags]);
    t.after(() => cni.remove());
    return { bench, cni };
  }

  /** Test files that run side by side need subnets of their own: the host routes by them. */
  static places(subnet = 77): CniBench {
    const folder = mkdtempSync(join(tmpdir(), 'cni-'));
    chmodSync(folder, 0o755);
    mkdirSync(`${folder}/config`);
    const cni = new CniBench(folder);
    cni.network('blue', subnet);
    return cni;
  }

  /** What a bridge leaves behind is gone with it. */
  remove(): void {
    for (const each of [76, 77, 78, 79]) quietly('ip', 'link', 'delete', this.bridge(each));
    // A stopped launcher leaves what takes long to its successor, and here comes none.
    quietly('umount', '--recursive', '--lazy', this.root);
    rmSync(this.folder, { recursive: true, force: true });
  }

  get root(): string {
    return `${this.folder}/runtime/isolators/network/cni`;
  }

  get log(): string {
    return `${this.folder}/log`;
  }

  /** What its plugin was asked, without the search path: `ADD t1 eth0 with`. */
  get calls(): readonly string[] {
    return readFileSync(this.log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ').slice(0, 4).join(' ').trim());
  }

  /** The configuration as a plugin got it. */
  given(command: string, id: string, name = 'eth0'): Record<string, unknown> {
    return JSON.parse(readFileSync(`${this.log}.${command}.${id}.${name}`, 'utf8'));
  }

  bridge(subnet: number): string {
    return `b${subnet}${this.folder.slice(-6)}`;
  }

  network(name: string, subnet: number, more: object = {}): void {
    const config = {
      ...{ name, type: 'bridge', cniVersion: '0.3.1', bridge: this.bridge(subnet) },
      ...{ subnet: `10.${subnet}.0`, log: this.log, leases: `${this.folder}/leases-${name}` },
      ipam: { type: 'local' },
      ...more,
    };
    writeFileSync(`${this.folder}/config/${name}.conf`, JSON.stringify(config));
  }
}

function quietly(file: string, ...words: readonly string[]): void {
  try {
    execFileSync(file, [...words], { stdio: 'ignore' });
  } catch {
    // It was never made.
  }
}
