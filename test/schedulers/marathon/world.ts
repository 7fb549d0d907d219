/** Marathon with a fake master, virtual time and storage that outlives it. */

import { parseFlags } from '../../../core/base/flags.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import type { Storage } from '../../../core/storage/ports.ts';
import { SimulatedClock, settle } from '../../../core/testing/index.ts';
import { compileMarathonOptions, MARATHON_FLAGS } from '../../../schedulers/marathon/flags.ts';
import type { MarathonOptions } from '../../../schedulers/marathon/options.ts';
import type { LoadedPlugins } from '../../../schedulers/marathon/plugins/load.ts';
import { createMarathon, type Marathon } from '../../../schedulers/marathon/server.ts';
import { FakeMaster } from './fake-master.ts';

export function optionsWith(flags: Readonly<Record<string, string>> = {}): MarathonOptions {
  const argv = Object.entries({
    master: 'master.example:5050',
    hostname: 'marathon.example',
    ...flags,
  });
  const parsed = parseFlags(MARATHON_FLAGS, {
    argv: argv.map(([name, value]) => `--${name}=${value}`),
    env: {},
    envPrefix: undefined,
    style: 'spaced',
  });
  if (!parsed.ok) throw new Error(parsed.error);
  const options = compileMarathonOptions(parsed.value);
  if (!options.ok) throw new Error(options.error);
  return options.value;
}

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'] as const;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export class World {
  readonly clock = new SimulatedClock();
  readonly master = new FakeMaster(this.clock);
  readonly storage: Storage;
  readonly options: MarathonOptions;
  marathon: Marathon;
  private generation = 0;

  private readonly plugins: LoadedPlugins | undefined;

  private constructor(
    flags: Readonly<Record<string, string>>,
    storage: Storage,
    plugins: LoadedPlugins | undefined,
  ) {
    this.plugins = plugins;
    this.options = optionsWith(flags);
    this.storage = storage;
    this.marathon = this.create();
  }

  static async start(
    flags: Readonly<Record<string, string>> = {},
    agents: readonly string[] = ['a1', 'a2'],
    storage: Storage = new MemoryStorage(),
    plugins?: LoadedPlugins,
  ): Promise<World> {
    const world = new World(flags, storage, plugins);
    for (const agent of agents) world.master.addAgent(agent);
    await world.marathon.startWithoutSocket();
    await world.advance(2_000);
    return world;
  }

  private create(): Marathon {
    this.generation += 1;
    return createMarathon(this.options, {
      clock: this.clock,
      random: new SeededRandom(this.generation),
      http: this.master.client(),
      storage: this.storage,
      log: silentLog,
      plugins: this.plugins,
    });
  }

  /** The process dies and comes back with what storage holds. */
  async restart(): Promise<void> {
    const dead = this.marathon;
    this.master.disconnect();
    // `stop` also flushes; nothing is waiting in these tests unless storage is held.
    await dead.stop();
    this.marathon = this.create();
    await this.marathon.startWithoutSocket();
    await this.advance(2_000);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await settle();
  }

  async call(
    method: string,
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.marathon.app.inject({
      method: METHODS.find((each) => each === method) ?? 'GET',
      url,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    let parsed: unknown;
    try {
      parsed = JSON.parse(answer.body);
    } catch {
      parsed = undefined;
    }
    return { status: answer.statusCode, body: parsed, text: answer.body, headers: answer.headers };
  }

  async stop(): Promise<void> {
    await this.marathon.stop();
  }
}

/** A member by path, for assertions on parsed JSON. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Object.entries(current).find(([name]) => name === String(step))?.[1];
  }
  return current;
}

export const SLEEP = { id: '/sleep', cmd: 'sleep 1000', cpus: 0.1, mem: 32 } as const;
