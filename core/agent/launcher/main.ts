/**
 * The launcher process: `main.ts <folder> <socket>`. Started detached by the agent's client.
 * Imports must stay few and small: its memory is shared by all tasks of the host, and every task
 * is forked from it.
 */
import { SystemClock } from '../../base/clock.ts';
import { SystemRandom } from '../../base/random.ts';
import { LauncherCore } from './core.ts';
import { FileDisk } from './file-disk.ts';
import { NodeIsolation } from './isolation.ts';
import { NodeProcesses } from './node-processes.ts';
import { LauncherServer, launcherPlace } from './server.ts';

/** What cannot be removed by then is left, with a line in the log. */
const DESTROY_LIMIT_MS = 60_000;

const place = launcherPlace();
const clock = new SystemClock();
const core = new LauncherCore({
  clock,
  random: new SystemRandom(),
  processes: new NodeProcesses(clock, new NodeIsolation(clock, DESTROY_LIMIT_MS)),
  disk: new FileDisk(`${place.folder}/containers`),
});
new LauncherServer(core, place, clock).run();
