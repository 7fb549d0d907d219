/** Aurora's client and its admin client in the process of the test, with a clusters file of its own. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHttpClient } from '../../../core/net/http-client.ts';
import { runAdmin, runClient } from '../../../schedulers/aurora/client/main.ts';
import { systemPorts } from '../../../schedulers/aurora/client/world.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `clusters.json` is in `root`. */
export class AuroraClient {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** For a cluster with this entry of the clusters file. */
  static async for(
    root: string,
    cluster: Readonly<Record<string, string | number>>,
  ): Promise<AuroraClient> {
    const clusters = [{ name: 'devcluster', ...cluster }];
    await writeFile(join(root, 'clusters.json'), JSON.stringify(clusters));
    return new AuroraClient(root);
  }

  aurora(...argv: readonly string[]): Promise<Ended> {
    return this.run(runClient, argv);
  }

  admin(...argv: readonly string[]): Promise<Ended> {
    return this.run(runAdmin, argv);
  }

  private async run(main: typeof runClient, argv: readonly string[]): Promise<Ended> {
    const http = createHttpClient();
    const [out, err]: [string[], string[]] = [[], []];
    const world = systemPorts(http);
    try {
      const code = await main(argv, {
        ...world,
        home: this.root,
        surroundings: {
          ...world.surroundings,
          environment: (name) =>
            name === 'AURORA_CONFIG_ROOT' ? this.root : world.surroundings.environment(name),
        },
        print: (line) => {
          out.push(line);
        },
        complain: (line) => {
          err.push(line);
        },
      });
      return { code, out: out.join('\n'), err: err.join('\n') };
    } finally {
      await http.close();
    }
  }
}

/** What it printed, when it ended well. */
export function done(ended: Ended): string {
  assert.equal(ended.code, 0, `${ended.err}\n${ended.out}`);
  return ended.out;
}
