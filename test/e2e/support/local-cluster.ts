/** `orrery local` on free ports: what `npm start` gives, for one test. */
import { join } from 'node:path';
import {
  eventually,
  freePorts,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './programs.ts';

export interface LocalCluster extends AsyncDisposable {
  readonly directory: string;
  readonly ports: Readonly<
    Record<'master' | 'agent' | 'marathon' | 'chronos' | 'aurora' | 'dns', number>
  >;
  /** Everything printed so far. */
  output(): string;
  /** `http://127.0.0.1:<port>` of one of them. */
  url(daemon: 'master' | 'agent' | 'marathon' | 'chronos'): string;
}

export async function startLocalCluster(name: string): Promise<LocalCluster> {
  const directory = await temporaryDirectory(name);
  const [master = 0, agent = 0, marathon = 0, chronos = 0, aurora = 0, dns = 0, dnsHttp = 0] =
    await freePorts(7);
  const ports = { master, agent, marathon, chronos, aurora, dns };
  const cluster = startOrrery([
    'local',
    `--work_dir=${join(directory, 'state')}`,
    `--master_port=${master}`,
    `--agent_port=${agent}`,
    `--marathon_port=${marathon}`,
    `--chronos_port=${chronos}`,
    `--aurora_port=${aurora}`,
    `--dns_port=${dns}`,
    `--dns_http_port=${dnsHttp}`,
  ]);
  const stop = async (): Promise<void> => {
    await cluster.stop('SIGINT');
    await removeDirectory(directory);
  };
  try {
    await eventually(
      'READY',
      () => (/^READY$/m.test(cluster.output()) ? true : undefined),
      () => cluster.output(),
    );
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    directory,
    ports,
    output: () => cluster.output(),
    url: (daemon) => `http://127.0.0.1:${ports[daemon]}`,
    [Symbol.asyncDispose]: stop,
  };
}
