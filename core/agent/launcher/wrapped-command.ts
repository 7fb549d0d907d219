/**
 * How a command line is started inside a plan: `prlimit`, `nsenter` and `setpriv` of util-linux do what
 * neither Node nor the starter can. Without a starter a shell waits on descriptor 3 before them until the
 * launcher has put it into its cgroups.
 */
import { existsSync } from 'node:fs';
import type { HostedCommand, UserIds } from '../../executor/hosted.ts';
import type {
  CapabilityPlan,
  IsolationPlan,
  NamespacePlan,
  OwnNamespaceKind,
} from '../containerizer/plan.ts';
import { keeperWords, rootfsLine } from './rootfs.ts';
import { openTreesWords } from './shared-trees.ts';
import { SETPRIV, setprivWords } from './user-words.ts';

export interface CommandLine {
  readonly file: string;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The user Node switches to; undefined when that is done further inside, or not at all. */
  readonly user: UserIds | undefined;
  /** Whether descriptor 3 must be a pipe: one line lets the process go on. */
  readonly isGated: boolean;
}

/** A process whose namespaces are entered. */
export interface Holder {
  readonly pid: number;
}

/** Lines of a plan ask where a path is; those that make a root say it again. */
const HOST_ROOT = `in_root() { printf '%s' "$1"; }`;
const KEEP = 'exec env --ignore-signal=CHLD sleep infinity';
/** Without a line the launcher has died: nothing may run outside of its cgroups. */
const GATE = 'read -r _ <&3 || exit 1; exec 3<&-; exec "$@"';
/**
 * The last step before a program that other programs would start: one that cannot be started ends with 1, as
 * the original's helper ends then, and not with their 126 or 127. Looked for where it will run, by its user.
 */
const CHECK = `
runs() {
  case $1 in */*) [ -x "$1" ] && [ ! -d "$1" ]; return ;; esac
  set -f; IFS=:
  for d in $PATH; do [ -x "\${d:-.}/$1" ] && [ ! -d "\${d:-.}/$1" ] && return; done
  return 1
}
why="No such file or directory"; [ -e "$1" ] && why="Permission denied"
runs "$1" || { echo "Failed to execute command: $1: $why" >&2; exit 1; }
exec "$@"`;
/** Variables of another user's task on their way through tools that run as root; the task never sees them. */
const CARRIER = 'ORRERY_CARRIED_';
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Absolute: the task's PATH is its own. */
const TOOLS = '/usr/bin';
const SECURE_BITS = '+noroot,+noroot_locked,+no_setuid_fixup,+no_setuid_fixup_locked';

export function plainCommandLine(command: HostedCommand, user?: UserIds): CommandLine {
  const [file, argv0, args] = command.shell
    ? ['/bin/sh', 'sh', ['-c', command.value]]
    : [command.value, command.arguments[0] ?? command.value, command.arguments.slice(1)];
  return { file, argv0, args, env: command.environment, user, isGated: false };
}

/**
 * For Node, which takes all other groups from the user it switches to: one that has some is switched to by
 * `setpriv`, if that is there.
 */
export function switchedLine(line: CommandLine): CommandLine {
  const { user } = line;
  if (user?.groups === undefined || !existsSync(SETPRIV)) return line;
  const { env, script } = carried(line.env);
  const inner = ['/bin/sh', '-c', script + CHECK, 'sh', line.file, ...line.args];
  const args = [...setprivWords(user), '--', ...inner];
  return { ...line, file: SETPRIV, argv0: 'setpriv', args, env, user: undefined };
}

interface Place {
  readonly cwd: string;
  readonly user: UserIds | undefined;
  readonly holder?: Holder;
}

/** For a process that is where its plan wants it before it becomes its program. */
export function isolatedCommandLine(
  command: HostedCommand,
  plan: IsolationPlan,
  place: Place,
): CommandLine {
  const inner = plainCommandLine(command, place.user);
  const rooted = rootedLine(inner, plan, place);
  if (rooted !== undefined) return rooted;
  const privileges = privilegeWords(plan, place.user, place.holder !== undefined);
  const [file, ...tools] = [
    ...limitWords(plan),
    ...(place.holder === undefined ? [] : enterWords(plan.namespaces, place.holder, place.cwd)),
    ...privileges,
  ];
  if (file === undefined) return inner;
  const isForOther = privileges.length > 0 && place.user !== undefined && place.user.uid !== 0;
  const { env, script } = isForOther ? carried(inner.env) : { env: inner.env, script: '' };
  return {
    file,
    argv0: file,
    args: [...tools, '/bin/sh', '-c', script + CHECK, 'sh', inner.file, ...inner.args],
    env,
    user: privileges.length > 0 ? undefined : place.user,
    isGated: false,
  };
}

/**
 * An environment as mere data: the tools in front of a task run as root, and a variable such as LD_PRELOAD
 * would make them run the user's code. The script, which the user runs already, gives it back.
 */
function carried(environment: Readonly<Record<string, string>>): {
  readonly env: Readonly<Record<string, string>>;
  readonly script: string;
} {
  const entries = Object.entries(environment);
  const env = Object.fromEntries(
    entries.map(([name, value], at) => [`${CARRIER}${at}`, `${name}=${value}`]),
  );
  const wordAt = (at: number): string => `"$${CARRIER}${at}"`;
  const places = entries.map(([name], at) => ({ at, isPlain: SHELL_NAME.test(name) }));
  const words = (isPlain: boolean): string =>
    places
      .filter((each) => each.isPlain === isPlain)
      .map(({ at }) => wordAt(at))
      .join(' ');
  const plain = words(true);
  const odd = words(false);
  const lines = [
    'unset PWD OLDPWD',
    // Names that no shell variable may have.
    ...(odd === '' ? [] : [`set -- ${TOOLS}/env ${odd} "$@"`]),
    ...(plain === '' ? [] : [`export ${plain}`]),
    ...(entries.length === 0 ? [] : [`unset ${Object.keys(env).join(' ')}`]),
  ];
  return { env, script: lines.join('\n') };
}

/** The same behind a pipe: it is put where it belongs while it waits. */
export function wrappedCommandLine(
  command: HostedCommand,
  plan: IsolationPlan,
  place: Place,
): CommandLine {
  const line = isolatedCommandLine(command, plan, place);
  const isChecked = line.args.some((word) => word.endsWith(CHECK));
  const gate = isChecked ? [GATE, 'sh'] : [GATE, 'sh', '/bin/sh', '-c', CHECK, 'sh'];
  return behindGate(line, gate);
}

/** Any command line behind that pipe. */
export function behindGate(line: CommandLine, gate: readonly string[] = [GATE, 'sh']): CommandLine {
  const args = ['-c', ...gate, line.file, ...line.args];
  return { ...line, file: '/bin/sh', argv0: 'sh', args, isGated: true };
}

/** In a root file system of its own; undefined without one. */
function rootedLine(
  inner: CommandLine,
  plan: IsolationPlan,
  { user, holder }: { readonly user: UserIds | undefined; readonly holder?: Holder | undefined },
): CommandLine | undefined {
  const { namespaces } = plan;
  if (namespaces?.rootfs === undefined || holder === undefined) return undefined;
  const { pid } = holder;
  const line = rootfsLine(inner, plan, { pid, namespaces, user, environment: inner.env });
  const [file = line.file, ...args] = [...limitWords(plan), line.file, ...line.args];
  return { file, argv0: file, args, env: line.env, user: undefined, isGated: false };
}

/** Of a health check's or check's command: where the task is, and outside of its cgroups. */
export function probeCommandLine(
  command: HostedCommand,
  place: {
    readonly cwd: string;
    readonly user?: UserIds;
    readonly isolation?: { readonly plan: IsolationPlan; readonly holder?: Holder };
  },
): CommandLine {
  const { cwd, user, isolation } = place;
  if (isolation === undefined) return plainCommandLine(command, user);
  return isolatedCommandLine(command, isolation.plan, { ...isolation, cwd, user });
}

/**
 * The process that makes a container's namespaces and keeps them: ready when it says so. Those of a task
 * alone are made inside of its container's.
 */
export function holderCommandLine(
  namespaces: NamespacePlan,
  environment: Readonly<Record<string, string>>,
  outer?: Holder,
): CommandLine {
  const { kinds, network, setup, isFromHost, rootfs, sharedTrees } = namespaces;
  const isInit = isMade(namespaces, 'pid');
  const options = [
    ...(kinds.includes('mount') ? ['--mount', '--propagation', 'slave'] : []),
    ...(isMade(namespaces, 'ipc') ? ['--ipc'] : []),
    ...(network === undefined ? [] : ['--uts']),
    ...(isInit ? ['--pid', '--fork', '--kill-child'] : []),
  ];
  // The first process of a pid namespace inherits all orphans; they leave no zombies to one that
  // ignores SIGCHLD.
  const keeper =
    rootfs === undefined
      ? [
          '/bin/sh',
          '-e',
          '-c',
          [HOST_ROOT, ...setup, 'echo ready', 'exec >/dev/null 2>&1', KEEP].join('\n'),
        ]
      : keeperWords(rootfs, setup.join('\n'));
  const join = network === undefined ? [] : [`${TOOLS}/nsenter`, `--net=${network}`, '--'];
  const entered = kinds.filter((kind) => kind !== 'mount' || isFromHost === undefined);
  const spaces = entered.map((kind) => `--${kind}`);
  const enter =
    outer === undefined ? [] : [`${TOOLS}/nsenter`, '--target', String(outer.pid), ...spaces, '--'];
  const open = sharedTrees === undefined ? [] : openTreesWords(sharedTrees);
  const words = [...open, ...enter, ...join, `${TOOLS}/unshare`, ...options, '--', ...keeper];
  const args = ['-c', GATE, 'sh', ...words];
  return { file: '/bin/sh', argv0: 'sh', args, env: environment, user: undefined, isGated: true };
}

/** Whether the process that keeps the namespaces makes this one; else it is the container's. */
function isMade({ kinds, isOwn, own }: NamespacePlan, kind: OwnNamespaceKind): boolean {
  return isOwn === true ? own?.includes(kind) === true : kinds.includes(kind);
}

/** How many times the command line of a holder forks: the last child is the one that keeps. */
export function holderForkCount(namespaces: NamespacePlan, outer: Holder | undefined): number {
  const enters = outer !== undefined && namespaces.kinds.includes('pid');
  return (enters ? 1 : 0) + (isMade(namespaces, 'pid') ? 1 : 0);
}

function limitWords({ rlimits }: IsolationPlan): readonly string[] {
  if (rlimits.length === 0) return [];
  return [`${TOOLS}/prlimit`, ...rlimits.map(({ name, value }) => `--${name}=${value}`), '--'];
}

/** The working directory is opened inside: it does not follow into a mount namespace. */
function enterWords(
  namespaces: NamespacePlan | undefined,
  { pid }: Holder,
  cwd: string,
): readonly string[] {
  const kinds = (namespaces?.kinds ?? []).map((kind) => `--${kind}`);
  return [`${TOOLS}/nsenter`, '--target', String(pid), ...kinds, `--wdns=${cwd}`, '--'];
}

function privilegeWords(
  { capabilities, noNewPrivileges }: IsolationPlan,
  user: UserIds | undefined,
  isInside: boolean,
): readonly string[] {
  const needsSwitch = capabilities !== undefined || noNewPrivileges || isInside;
  if (!needsSwitch) return [];
  const words = [
    ...(user === undefined ? [] : setprivWords(user)),
    ...(capabilities === undefined ? [] : capabilityWords(capabilities, user)),
    ...(noNewPrivileges ? ['--no-new-privs'] : []),
  ];
  return words.length === 0 ? [] : [SETPRIV, ...words, '--'];
}

function capabilityWords(
  { effective, bounding }: CapabilityPlan,
  user: UserIds | undefined,
): readonly string[] {
  const only = (names: readonly string[]): string =>
    ['-all', ...names.map((name) => `+${name}`)].join(',');
  if (effective === undefined) return ['--bounding-set', only(bounding)];
  const isRoot = user === undefined || user.uid === 0;
  const isSmaller = bounding.some((name) => !effective.includes(name));
  return [
    ...['--bounding-set', only(bounding), '--inh-caps', only(effective)],
    ...['--ambient-caps', only(effective)],
    // Root would get everything that is in the bounding set with its next program.
    ...(isRoot && isSmaller ? ['--securebits', SECURE_BITS] : []),
  ];
}
