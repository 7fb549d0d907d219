/**
 * Mounts volumes of Docker's volume drivers for containers, and unmounts those that no container has any more
 * (spec agent-runtime, section 8.3). Loaded with the first container that has one.
 *
 *     <root>/<container>/volumes      {"volumes": [{"driver": ..., "name": ...}]}
 *
 * That is written before a driver is asked to mount: whoever finds it, asks to unmount. It also tells how many
 * containers have a volume, those of dead launchers and of other agents included.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { DockerVolumesPlan, PlannedVolume, VolumeName } from '../containerizer/volume-plan.ts';
import { childrenOf, readText } from './cgroup-files.ts';
import type { MountedVolumes } from './ports.ts';
import { runProgram } from './run-program.ts';

export type VolumesPlace = Pick<DockerVolumesPlan, 'containerId' | 'root' | 'program'>;

/** By volume: what is asked of its driver, one thing after another. */
const turns = new Map<string, Promise<unknown>>();
/** Directories of containers that leave: what they still have written down is no use of it. */
const leaving = new Set<string>();

export async function mountVolumes(plan: DockerVolumesPlan, clock: Clock): Promise<MountedVolumes> {
  const { volumes, program } = plan;
  const directory = directoryOf(plan);
  try {
    leaving.delete(directory);
    writeDown(directory, volumes);
  } catch (thrown) {
    const message = `Failed to checkpoint docker volumes at '${directory}/volumes': ${describeError(thrown)}`;
    return { ok: false, message };
  }
  // All come to an end: nothing is unmounted while it is still being mounted.
  const ends = await Promise.allSettled(
    volumes.map((each) =>
      inTurn(each, async () => {
        const options = each.options.map(([key, value]) => `--volumeopts=${key}=${value}`);
        return (await ask('mount', { program, volume: each, options, clock })).trim();
      }),
    ),
  );
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (failures.length > 0) {
    return { ok: false, message: failures.map((each) => describeError(each)).join('\n') };
  }
  const paths: Record<string, string> = {};
  for (const [at, end] of ends.entries()) {
    const { variable } = volumes[at] ?? {};
    if (variable !== undefined && end.status === 'fulfilled') paths[variable] = end.value;
  }
  return { ok: true, got: paths };
}

/** Throws with a sentence; what could not be unmounted stays written down, for the next launcher. */
export async function unmountVolumes(place: VolumesPlace, clock: Clock): Promise<void> {
  const { root, program } = place;
  const directory = directoryOf(place);
  const own = volumesIn(directory);
  leaving.add(directory);
  const others = childrenOf(root)
    .map((each) => `${root}/${each}`)
    .filter((each) => !leaving.has(each))
    .flatMap((each) => volumesIn(each));
  const unused = own.filter((each) => !others.some((other) => keyOf(other) === keyOf(each)));
  const ends = await Promise.allSettled(
    unused.map((volume) =>
      inTurn(volume, () => ask('unmount', { program, volume, options: [], clock })),
    ),
  );
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (failures.length > 0) throw new Error(failures.map((each) => describeError(each)).join('\n'));
  rmSync(directory, { recursive: true, force: true });
  leaving.delete(directory);
}

/** Of containers that nobody knows any more. */
export async function unmountOrphans(
  { root, program }: Omit<VolumesPlace, 'containerId'>,
  isOrphan: (id: string) => boolean,
  clock: Clock,
): Promise<void> {
  const work = childrenOf(root)
    .filter(isOrphan)
    .map(async (containerId) => {
      process.stderr.write(
        `launcher: unmounting volumes of the orphaned container ${containerId}\n`,
      );
      try {
        await unmountVolumes({ containerId, root, program }, clock);
      } catch (thrown) {
        process.stderr.write(`launcher: ${describeError(thrown)}\n`);
      }
    });
  await Promise.all(work);
}

async function ask(
  what: 'mount' | 'unmount',
  how: {
    readonly program: string;
    readonly volume: VolumeName;
    readonly options: readonly string[];
    readonly clock: Clock;
  },
): Promise<string> {
  const { driver, name } = how.volume;
  const words = [`--volumedriver=${driver}`, `--volumename=${name}`, ...how.options];
  const { clock } = how;
  const end = await runProgram([how.program, what, ...words], {
    variables: {},
    input: '/dev/null',
    clock,
  });
  if (end.isTimedOut) throw new Error(`'${what}' timed out in 2mins`);
  if (end.code !== 0) {
    throw new Error(`Unexpected termination of the subprocess: ${end.stderr}`);
  }
  return end.stdout;
}

function inTurn<T>(volume: VolumeName, act: () => Promise<T>): Promise<T> {
  const key = keyOf(volume);
  const turn = (turns.get(key) ?? Promise.resolve()).then(act, act);
  turns.set(key, turn);
  const over = (): void => {
    if (turns.get(key) === turn) turns.delete(key);
  };
  turn.then(over, over);
  return turn;
}

function keyOf({ driver, name }: VolumeName): string {
  return JSON.stringify([driver, name]);
}

function directoryOf({ root, containerId }: Pick<VolumesPlace, 'root' | 'containerId'>): string {
  return `${root}/${containerId}`;
}

/** Whole at any moment: other launchers read it. */
function writeDown(directory: string, volumes: readonly PlannedVolume[]): void {
  mkdirSync(directory, { recursive: true });
  const text = JSON.stringify({ volumes: volumes.map(({ driver, name }) => ({ driver, name })) });
  writeFileSync(`${directory}/.volumes`, text);
  renameSync(`${directory}/.volumes`, `${directory}/volumes`);
}

/** None where nothing is written down, or it is empty or damaged: nothing had been mounted by then. */
function volumesIn(directory: string): readonly VolumeName[] {
  try {
    const tree: unknown = JSON.parse(readText(`${directory}/volumes`));
    const isList = typeof tree === 'object' && tree !== null && 'volumes' in tree;
    return isList && Array.isArray(tree.volumes) ? tree.volumes.filter(isVolumeName) : [];
  } catch {
    return [];
  }
}

function isVolumeName(value: unknown): value is VolumeName {
  if (typeof value !== 'object' || value === null) return false;
  if (!('driver' in value) || !('name' in value)) return false;
  return typeof value.driver === 'string' && typeof value.name === 'string';
}
