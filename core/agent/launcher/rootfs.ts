/**
 * Root file systems of containers: the process that makes one the root of a mount namespace and keeps it,
 * and how command lines enter it. No program of the host can be found from inside and none of the image can
 * be relied on, so both are perl, which has the system calls and is loaded before it goes in.
 *
 * What runs before the switch of users runs with the launcher's rights: the task's variables must not be
 * its environment (LD_PRELOAD, PERL5OPT), so they travel as values of variables `T0`, `T1` ...
 */
import type { HostedCommand, UserIds } from '../../executor/hosted.ts';
import type { CapabilityPlan, IsolationPlan, NamespacePlan } from '../containerizer/plan.ts';
import { groupsWord } from './user-words.ts';

export interface RootfsLine {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface CallNumbers {
  readonly capset: number;
  readonly pivotRoot: number;
  readonly prctl: number;
  readonly setns: number;
  readonly umount: number;
}

const GENERIC: CallNumbers = { capset: 91, pivotRoot: 41, prctl: 167, setns: 268, umount: 39 };
/** Numbers of system calls by architecture, as Node names them. */
const CALLS: Readonly<Record<string, CallNumbers>> = {
  arm64: GENERIC,
  riscv64: GENERIC,
  x64: { capset: 126, pivotRoot: 155, prctl: 157, setns: 308, umount: 166 },
};

export const PERL = '/usr/bin/perl';
const TOOLS_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** capabilities(7), in the order of their numbers. */
export const CAPABILITIES: readonly string[] = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid'],
  ...['setpcap', 'linux_immutable', 'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw'],
  ...['ipc_lock', 'ipc_owner', 'sys_module', 'sys_rawio', 'sys_chroot', 'sys_ptrace', 'sys_pacct'],
  ...['sys_admin', 'sys_boot', 'sys_nice', 'sys_resource', 'sys_time', 'sys_tty_config', 'mknod'],
  ...['lease', 'audit_write', 'audit_control', 'setfcap', 'mac_override', 'mac_admin', 'syslog'],
  ...['wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf', 'checkpoint_restore'],
];

/**
 * perl -e <this> <pivot_root> <umount2> <root> <script>
 *
 * Without a command of the image to stay alive with: it sleeps, and as first process of a pid namespace
 * leaves no zombies.
 */
const KEEP = String.raw`
use strict; use warnings;
my ($pivot, $umount, $root, $script) = @ARGV;
$0 = "orrery-rootfs";
system("/bin/sh", "-e", "-c", $script) == 0 or exit 1;
sub refuse { print STDERR "Cannot make '$root' the root: $!\n"; exit 1 }
chdir $root or refuse;
my $here = ".";
syscall($pivot + 0, $here, $here) == 0 or refuse;
syscall($umount + 0, $here, 2) == 0 or refuse;
chdir "/" or refuse;
$SIG{CHLD} = "IGNORE"; $| = 1;
print "ready\n";
open STDIN, "<", "/dev/null"; open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null";
sleep 86400 while 1;
`;

/** The name of a process that waits for the only child that is in a pid namespace. */
export const ENTER_NAME = 'orrery-enter';

/**
 * perl -e <this> <setns> <prctl> <capset> <namespaces> <pid> <directory> <uid:groups> <no new privileges>
 *     <capabilities to be dropped> <capabilities to be had, or "-"> <securebits> <file> <argv...>
 *
 * In a pid namespace only a child can be: the parent ends as it does, and leaves signals to it.
 */
const ENTER = String.raw`
use strict; use warnings;
my ($setns, $prctl, $capset, $spaces, $pid, $cwd, $user, $nnp, $drop, $have, $bits, $file, @words) = @ARGV;
sub refuse { print STDERR "Failed to execute command: $_[0]: $!\n"; exit 1 }
sub control { syscall($prctl + 0, map { $_ + 0 } @_, (0) x (5 - @_)) }
my %task = map { split /=/, $_, 2 } map { $ENV{$_} } grep { /^T\d+$/ } keys %ENV;
my @open = map { open my $f, "<", "/proc/$pid/ns/$_" or refuse $_; $f } split /,/, $spaces;
for (@open) { syscall($setns + 0, fileno $_, 0) == 0 or refuse "setns" }
if ($spaces =~ /pid/) {
  $SIG{$_} = "IGNORE" for qw(HUP INT TERM);
  # Before the child can be heard of: signals are handed to it by this name.
  $0 = "${ENTER_NAME}";
  my $child = fork;
  refuse "fork" unless defined $child;
  if ($child) {
    waitpid $child, 0;
    my $signal = $? & 127;
    exit $? >> 8 unless $signal;
    $SIG{$_} = "DEFAULT" for qw(HUP INT TERM);
    kill $signal, $$;
    sleep 1;
    exit 128 + $signal;
  }
  $SIG{$_} = "DEFAULT" for qw(HUP INT TERM);
}
chdir $cwd or refuse $cwd;
control(24, $_) for split /,/, $drop;
control(28, $bits) if $bits;
control(8, 1) if $have ne "-";
if ($user ne "") {
  my ($uid, $groups) = split /:/, $user;
  $( = (split / /, $groups)[0]; $) = $groups;
  ($<, $>) = ($uid, $uid);
  $< == $uid && $> == $uid or refuse "setuid";
}
if ($have ne "-") {
  my @mask = (0, 0);
  $mask[$_ >> 5] |= 1 << ($_ & 31) for split /,/, $have;
  my ($head, $data) = (pack("L2", 0x20080522, 0), pack("L6", ($mask[0]) x 3, ($mask[1]) x 3));
  syscall($capset + 0, $head, $data) == 0 or refuse "capset";
  control(47, 2, $_) for split /,/, $have;
}
control(38, 1) if $nnp;
%ENV = %task;
exec { $file } @words or refuse $file;
`;

/** SECBIT_NOROOT, SECBIT_NO_SETUID_FIXUP, both locked: root has no more than it is given. */
const SECURE_BITS = 15;

/** Before a sentence of the lines that make namespaces, which is told as it stands. */
export const REFUSAL = 'refused: ';

/** Why containers cannot have root file systems on this machine. */
export function rootfsRefusal(hasFile: (path: string) => boolean): string | undefined {
  if (CALLS[process.arch] === undefined) {
    return `Container images are not supported on '${process.arch}' machines`;
  }
  return hasFile(PERL) ? undefined : `Container images need ${PERL}`;
}

export function keeperWords(root: string, script: string): readonly string[] {
  const { pivotRoot, umount } = calls();
  return [PERL, '-e', KEEP, String(pivotRoot), String(umount), root, script];
}

/** `pid` has the namespaces; `workingDirectory` is one inside. */
export function rootfsLine(
  command: { readonly file: string; readonly argv0: string; readonly args: readonly string[] },
  plan: IsolationPlan,
  place: {
    readonly pid: number;
    readonly namespaces: NamespacePlan;
    readonly user: UserIds | undefined;
    readonly environment: HostedCommand['environment'];
  },
): RootfsLine {
  const { setns, prctl, capset } = calls();
  const { pid, namespaces, user, environment } = place;
  const spaces = namespaces.kinds.map((kind) => (kind === 'mount' ? 'mnt' : kind)).join(',');
  const words = [
    ...[String(setns), String(prctl), String(capset), spaces, String(pid)],
    namespaces.workingDirectory ?? '/',
    user === undefined ? '' : `${user.uid}:${groupsWord(user)}`,
    plan.noNewPrivileges ? '1' : '',
    ...capabilityWords(plan.capabilities, user === undefined || user.uid === 0),
    ...[command.file, command.argv0, ...command.args],
  ];
  const env: Record<string, string> = { PATH: TOOLS_PATH };
  for (const [at, [name, value]] of Object.entries(environment).entries()) {
    env[`T${at}`] = `${name}=${value}`;
  }
  return { file: PERL, args: ['-e', ENTER, ...words], env };
}

/** Those to be dropped, those to be had, and what keeps root from getting more. */
function capabilityWords(
  plan: CapabilityPlan | undefined,
  isRoot: boolean,
): readonly [string, string, string] {
  if (plan === undefined) return ['', '-', ''];
  const numbersOf = (isWanted: (name: string) => boolean): string =>
    CAPABILITIES.flatMap((name, number) => (isWanted(name) ? [number] : [])).join(',');
  const { bounding, effective } = plan;
  const dropped = numbersOf((name) => !bounding.includes(name));
  if (effective === undefined) return [dropped, '-', ''];
  const isSmaller = bounding.some((name) => !effective.includes(name));
  return [
    dropped,
    numbersOf((name) => effective.includes(name)),
    isRoot && isSmaller ? String(SECURE_BITS) : '',
  ];
}

function calls(): CallNumbers {
  return CALLS[process.arch] ?? GENERIC;
}
