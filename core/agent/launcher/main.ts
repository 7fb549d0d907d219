/**
 * The launcher process: `main.ts <folder> <socket>`. Started detached by the agent's client; with
 * `--probe` it makes one check from inside a container's network.
 * Imports must stay few and small: its memory is shared by all tasks of the host, and every task
 * is forked from it.
 */
import { SystemClock } from '../../base/clock.ts';
import { SystemRandom } from '../../base/random.ts';
import { failpointsOf } from '../failpoints.ts';
import { LauncherCore } from './core.ts';
import { FileDisk } from './file-disk.ts';
import { NodeIsolation } from './isolation.ts';
import { askedProbe, helpWithProbe } from './namespace-probe.ts';
import { keptHere, NodeProcesses } from './node-processes.ts';
import { destroyOrphans, knownElsewhere } from './orphans.ts';
import { LauncherServer, launcherPlace } from './server.ts';
import { NodeTerminals } from './terminal-host.ts';

const clock = new SystemClock();

function serve(): void {
  const place = launcherPlace();
  const { destroyTimeoutMs, networks, orphans, volumes } = place.settings;
  const isolation = new NodeIsolation(clock, destroyTimeoutMs);
  const processes = new NodeProcesses(clock, isolation, {
    kept: keptHere(place.folder),
    terminals: new NodeTerminals(`${place.folder}/terminals`),
  });
  const core = new LauncherCore({
    clock,
    random: new SystemRandom(),
    processes,
    disk: new FileDisk(`${place.folder}/containers`),
    failpoints: failpointsOf(process.env),
  });
  const server = new LauncherServer(core, place, clock);
  server.run(() => {
    processes.forgetOthers();
    const known = core.knownIds;
    if (orphans !== undefined) destroyOrphans(orphans, known, isolation);
    const isOrphan = (id: string): boolean => !known.has(id.split('.')[0] ?? id);
    if (networks !== undefined) {
      const { root, pluginsPath } = networks;
      void import('./networks.ts').then(({ detachOrphans }) =>
        detachOrphans(root, { pluginsPath, isOrphan }, clock),
      );
    }
    if (volumes === undefined) return;
    // All agents of the machine write theirs down in one place, unless they are told other ones.
    const others = knownElsewhere();
    const isNobodys = (id: string): boolean => isOrphan(id) && !others.has(id.split('.')[0] ?? id);
    void import('./docker-volumes.ts').then(({ unmountOrphans }) =>
      unmountOrphans(volumes, isNobodys, clock),
    );
  });
}

const asked = askedProbe(process.argv);
if (asked !== undefined) await helpWithProbe(asked, clock);
else serve();
