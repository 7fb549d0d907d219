/** What the clients need of the world; the real one is in `world.ts`. */
import type { Clock } from '../../../core/base/clock.ts';
import type { Random } from '../../../core/base/random.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import type { ZooKeeperServer } from '../../../core/net/zookeeper/ports.ts';
import type { Surroundings } from '../config/interpreter/surroundings.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ClientPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  /** Where `.aurora` files see the world, and where the environment and files are read. */
  readonly surroundings: Surroundings;
  readonly home: string;
  /** One line to standard output. */
  print(line: string): void;
  /** One line to standard error. */
  complain(line: string): void;
  /** Replaces the file. */
  write(path: string, text: string): void;
  /** Waits for the program; what it prints comes back. */
  run(argv: readonly string[]): Promise<Ran>;
  /** The program has this terminal; gives its exit code. `onStart` gets its process id; where it throws, the program is ended. */
  attach(argv: readonly string[], onStart?: (pid: number) => void): Promise<number>;
  /** Runs with a file for each text, which are gone afterwards. */
  withFiles<T>(texts: readonly string[], use: (paths: readonly string[]) => Promise<T>): Promise<T>;
  /** Contents of the children of a path whose names begin with `prefix`, by name. Rejects when ZooKeeper cannot be asked. */
  members(servers: readonly ZooKeeperServer[], path: string, prefix: string): Promise<string[]>;
}

export function readText(ports: ClientPorts, path: string): string | undefined {
  const bytes = ports.surroundings.read(path);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}
