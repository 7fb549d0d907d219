/**
 * The Docker launcher process: `main.ts <folder> <socket>`. Runs Docker's clients, hosts the
 * executors of Docker tasks and, like the launcher of processes, outlives the agent. Started with
 * `--probe` it is the helper that makes one check from inside a container's network.
 */
import { SystemClock } from '../../../base/clock.ts';
import { SystemRandom } from '../../../base/random.ts';
import { LauncherCore } from '../../launcher/core.ts';
import { FileDisk } from '../../launcher/file-disk.ts';
import { NodeIsolation } from '../../launcher/isolation.ts';
import { askedProbe, helpWithProbe, namespaceProbe } from '../../launcher/namespace-probe.ts';
import { keptHere, NodeProcesses } from '../../launcher/node-processes.ts';
import type { ContainerPorts, ProcessIdentity } from '../../launcher/ports.ts';
import { readProcess } from '../../launcher/proc-tree.ts';
import { LauncherServer, launcherPlace } from '../../launcher/server.ts';
import { isOfContainer } from './cgroups.ts';
import { DockerContainer, type DockerContainerPorts } from './container.ts';
import { DockerEngine } from './engine.ts';
import { isDockerSpec } from './spec.ts';

const clock = new SystemClock();
/** Containers are isolated by the engine; clients are plain processes. */
const isolation = new NodeIsolation(clock, 0);

function serve(): void {
  const place = launcherPlace();
  const processes = new NodeProcesses(clock, isolation, { kept: keptHere(place.folder) });
  const probeInNamespace = namespaceProbe(process.argv[1] ?? '');
  const withDocker = (ports: ContainerPorts): DockerContainerPorts => ({
    ...ports,
    clock,
    engineOf: ({ docker }) => new DockerEngine(docker),
    probeInNamespace,
    identify,
    isAlive,
    killContained,
  });
  const core = new LauncherCore({
    clock,
    random: new SystemRandom(),
    processes,
    disk: new FileDisk(`${place.folder}/containers`),
    kinds: {
      create: (spec, ports) => {
        if (!isDockerSpec(spec)) throw new Error(`container ${spec.id} is none of Docker's`);
        return DockerContainer.create(spec, withDocker(ports));
      },
      restore: (record, ports) => DockerContainer.restore(record, withDocker(ports)),
    },
  });
  new LauncherServer(core, place, clock).run();
}

function identify(pid: number): ProcessIdentity | undefined {
  const entry = readProcess(pid);
  return entry === undefined ? undefined : { pid, startTime: entry.startTime };
}

function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const entry = readProcess(pid);
  return entry !== undefined && !entry.isZombie && entry.startTime === startTime;
}

/** The engine may be elsewhere: a process of this number here is the container's only if it says so. */
function killContained(identity: ProcessIdentity, engineId: string): boolean {
  try {
    if (!isAlive(identity) || !isOfContainer(identity.pid, engineId)) return false;
    process.kill(identity.pid, 'SIGKILL');
    return true;
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

const asked = askedProbe(process.argv);
if (asked !== undefined) await helpWithProbe(asked, clock);
else serve();
