/**
 * Lines for `sh` that mount what a container sees at its paths: at the host's, or below its own root file
 * system or that of its parent. There every path is looked up as if that were the root: links of an image must
 * not lead out of it. The function `in_root` tells where a path is: as it stands where no line makes a root.
 */
import { PERL, REFUSAL } from '../../launcher/rootfs.ts';
import { putTreeLine } from '../../launcher/shared-trees.ts';
import type { IsolatedContainer } from '../isolator.ts';

/** perl -e <this> <root> <path>: where the path is when the root is the root. */
const RESOLVE = String.raw`
my ($root, $path) = @ARGV;
my ($at, $hops) = ("", 0);
my @steps = split m{/+}, $path;
while (@steps) {
  my $step = shift @steps;
  next if $step eq "" || $step eq ".";
  if ($step eq "..") { $at =~ s{/[^/]*$}{}; next }
  my $target = readlink "$root$at/$step";
  if (!defined $target) { $at .= "/$step"; next }
  die "Too many levels of symbolic links: $path\n" if ++$hops > 40;
  $at = "" if $target =~ m{^/};
  unshift @steps, split m{/+}, $target;
}
print "$root$at";
`;

type Place = Pick<IsolatedContainer, 'sandbox' | 'image' | 'sandboxDirectory'> & {
  readonly user?: IsolatedContainer['user'];
};

/** Where the programs that a container is entered with are, their libraries, and what tells the loader of these. */
const OURS = [
  ...['/', '/proc', '/etc', '/etc/ld.so.*', '/usr', '/lib', '/lib64', '/usr/lib', '/usr/lib64'],
  ...['/bin', '/sbin', '/usr/bin', '/usr/sbin'].flatMap((each) => [each, `${each}/*`]),
  ...['/lib', '/lib64', '/usr/lib', '/usr/lib64'].flatMap((each) => {
    return [`${each}/*.so*`, `${each}/*-linux-*`];
  }),
];

/** Sets `to`; relative paths are in the sandbox. */
export function targetLine({ sandbox, image, sandboxDirectory }: Place, path: string): string {
  const isAbsolute = path.startsWith('/');
  if (image === undefined && !isAbsolute) return `to=${quote(`${sandbox}/${path}`)}`;
  return `to=$(in_root ${quote(isAbsolute ? path : `${sandboxDirectory}/${path}`)})`;
}

/** Ends the launch of the container with a sentence. */
export function refuseUnless(test: string, sentence: string): string {
  return `${test} || { echo ${quote(REFUSAL + sentence)} >&2; exit 1; }`;
}

/**
 * Refuses a path in a sandbox that leads out of it among the host's files, as links of a fetched archive may: the
 * lines run with the launcher's rights, and would make directories there, or mount over its programs.
 */
export function insideLine(sandbox: string, path: string): string {
  const [real, root] = [quote(`${sandbox}/${path}`), quote(sandbox)];
  const test = `case "$(realpath -m -- ${real})/" in "$(realpath -- ${root})"/*) true;; *) false;; esac`;
  return refuseUnless(test, `The path '${path}' of a volume leads out of the sandbox`);
}

/**
 * Refuses `$to` where a container that sees the host's files would see others in place of programs that run with the
 * launcher's rights before it has its user's: it could put its own there. Whoever is root may.
 */
export function programsLine({ image, user }: Place, target: string): readonly string[] {
  if (image !== undefined || user === undefined || user.uid === 0) return [];
  const test = `case "$(realpath -m -- "$to")" in ${OURS.join('|')}) false;; *) true;; esac`;
  return [
    refuseUnless(test, `A volume at '${target}' would hide programs that the agent runs as root`),
  ];
}

export interface BoundPath {
  /** A path, or the variable of the lines that has it. */
  readonly source: string | { readonly variable: string };
  readonly target: string;
  readonly isReadOnly: boolean;
  /** Index of the tree that is mounted instead of a slave of the source. */
  readonly sharedTree?: number | undefined;
  /** Said where nothing may be made, in place of the usual sentence. */
  readonly missing?: string;
}

/**
 * A missing mount point is made, as a directory or a file like what is mounted; not where the container sees the
 * host's files, as nothing of a container may stay among them.
 */
export function bindLines(container: Place, bound: BoundPath): readonly string[] {
  const { source, target, isReadOnly, sharedTree } = bound;
  const { missing = `Absolute container path '${target}' does not exist` } = bound;
  const from = typeof source === 'string' ? quote(source) : `"$${source.variable}"`;
  const isAbsolute = container.image === undefined && target.startsWith('/');
  // Elsewhere it is in the image of the container around it.
  const isThere = `[ "$to" != ${quote(target)} ] || [ -e "$to" ]`;
  return [
    targetLine(container, target),
    ...(isAbsolute ? [refuseUnless(isThere, missing)] : []),
    ...programsLine(container, target),
    `if [ -d ${from} ]; then mkdir -p "$to"; elif [ ! -e "$to" ]; then mkdir -p "\${to%/*}/"; : > "$to"; fi`,
    sharedTree === undefined ? `mount -n --rbind ${from} "$to"` : putTreeLine(sharedTree),
    ...(isReadOnly ? ['mount -n -o remount,bind,ro "$to"'] : []),
  ];
}

/** A file system of the kernel. */
export function mountLines(
  container: Place,
  { type, options, target }: { type: string; options: string; target: string },
): readonly string[] {
  return [
    targetLine(container, target),
    'mkdir -p "$to"',
    `mount -n -t ${type} -o ${options} ${type} "$to"`,
  ];
}

const PROC_READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'];
/** What tells of the host or lets it be changed, as Docker's engine hides it too; not every kernel has all. */
const MASKED = [
  ...['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/key-users', '/proc/keys'],
  ...['/proc/latency_stats', '/proc/sched_debug', '/proc/scsi', '/proc/timer_list'],
  ...['/proc/timer_stats', '/sys/firmware'],
];
/** Name, major and minor number. */
const DEVICES = [...['full 1 7', 'null 1 3', 'random 1 8', 'tty 5 0', 'urandom 1 9', 'zero 1 5']];
const DEVICE_LINKS = [
  ...['/proc/self/fd fd', '/proc/self/fd/0 stdin', '/proc/self/fd/1 stdout'],
  ...['/proc/self/fd/2 stderr', 'pts/ptmx ptmx'],
];
/** How the host's names are found. */
const NAME_FILES = ['hosts', 'hostname', 'resolv.conf'];
const HARDENED = 'nosuid,noexec,nodev';

/** What is there before anything else: the root itself, /proc, /sys, /dev, the sandbox. */
export function rootLines(container: Place, rootfs: string): readonly string[] {
  const { sandbox, sandboxDirectory } = container;
  const root = quote(rootfs);
  return [
    `in_root() { ${PERL} -e ${quote(RESOLVE)} ${root} "$1"; }`,
    `mount -n --rbind ${root} ${root}`,
    ...mountLines(container, { type: 'proc', options: HARDENED, target: '/proc' }),
    `for name in ${PROC_READ_ONLY.join(' ')}; do`,
    'if [ -e "$to/$name" ]; then mount -n --bind "$to/$name" "$to/$name"',
    `mount -n -o remount,bind,ro,${HARDENED} "$to/$name"; fi; done`,
    ...mountLines(container, { type: 'sysfs', options: `ro,${HARDENED}`, target: '/sys' }),
    ...mountLines(container, {
      type: 'tmpfs',
      options: `mode=755,${HARDENED}`,
      target: '/sys/fs/cgroup',
    }),
    ...deviceLines(container),
    ...maskLines(),
    ...nameLines(),
    ...bindLines(container, { source: sandbox, target: sandboxDirectory, isReadOnly: false }),
  ];
}

function deviceLines(container: Place): readonly string[] {
  return [
    ...mountLines(container, {
      type: 'tmpfs',
      options: 'mode=755,nosuid,noexec,strictatime',
      target: '/dev',
    }),
    ...DEVICES.map((device) => {
      const [name, ...numbers] = device.split(' ');
      return `mknod -m 666 "$to/${name}" c ${numbers.join(' ')}`;
    }),
    ...DEVICE_LINKS.map((link) => {
      const [target, name] = link.split(' ');
      return `ln -s ${target} "$to/${name}"`;
    }),
    'mkdir "$to/pts" "$to/shm"',
    'mount -n -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$to/pts"',
    'mount -n -t tmpfs -o mode=1777,nosuid,nodev,strictatime tmpfs "$to/shm"',
  ];
}

/** Directories are empty and read-only, files are empty devices. */
function maskLines(): readonly string[] {
  return [
    `for path in ${MASKED.join(' ')}; do to=$(in_root "$path")`,
    `if [ -d "$to" ]; then mount -n -t tmpfs -o ro,${HARDENED} tmpfs "$to"`,
    'elif [ -e "$to" ]; then mount -n --bind /dev/null "$to"; fi; done',
  ];
}

/** The network is the host's, and so are its names; an image that is read-only may lack the files. */
function nameLines(): readonly string[] {
  return [
    `for name in ${NAME_FILES.join(' ')}; do`,
    'if [ -e "/etc/$name" ]; then to=$(in_root "/etc/$name")',
    `if [ -e "$to" ] || { mkdir -p "\${to%/*}" && touch "$to"; } 2>/dev/null; then`,
    'mount -n --bind "/etc/$name" "$to"; mount -n -o remount,bind,ro "$to"; fi; fi; done',
  ];
}

/** For `sh`. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
