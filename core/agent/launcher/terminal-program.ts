/**
 * A process in a pseudo terminal: `perl -e <this> <numbers> <folder> <name> <uid> <gid> <file> <words...>`. It makes
 * the terminal, which Node cannot, and stays as the parent of the process in it: between the terminal, the output
 * that it was started with, and whoever is attached. It ends as the process ends, by the same signal.
 *
 *     with a name         input from the socket `<folder>/<name>`, one connection at a time; output goes to
 *                         descriptor 1 (a file) and to the connection. Nobody need be there
 *     without a name      input from descriptor 0, output to descriptor 1
 *
 *     input               kind (1 byte), length (4 bytes, network order), that many bytes
 *                         `i` for the terminal, `r` its size: `<rows> <columns>`
 *
 * Signals are for the process, found as its only child (`enteredProcess`). It is started as the launcher's user,
 * so the variables of the task come as mere data and are the environment of the process alone: another user's
 * PERL5OPT or LD_PRELOAD must not be obeyed here.
 */

/** The name of a process of this kind, by which it is told from others. */
export const TERMINAL_NAME = 'orrery-terminal';
/** Before the number of a variable of the process. */
export const TERMINAL_CARRIER = 'ORRERY_TERMINAL_';

/** What waits for one reader; the process in the terminal waits when it is full. */
const WAITING_BYTES_MAX = 65_536;

export const TERMINAL_PROGRAM = String.raw`
use strict; use warnings;
use POSIX qw(:sys_wait_h :errno_h :signal_h); use Fcntl; use Socket;
$0 = "${TERMINAL_NAME}";
my ($numbers, $folder, $name, $uid, $gid, $file, @words) = @ARGV;
my ($prctl, undef, $signalfd) = split /,/, $numbers;
my @variables;
for (my $at = 0; defined $ENV{"${TERMINAL_CARRIER}$at"}; $at++) { push @variables, $ENV{"${TERMINAL_CARRIER}$at"}; }
my @deaf = qw(HUP INT QUIT TERM PIPE TSTP TTIN TTOU USR1 USR2);
$SIG{$_} = "IGNORE" for @deaf;
my $ends = POSIX::SigSet->new(SIGCHLD);
sigprocmask(SIG_BLOCK, $ends);
# SIGCHLD, to be read: O_CLOEXEC and O_NONBLOCK.
my $set = pack "Q", 1 << 16;
my $descriptor = syscall($signalfd, -1, $set, 8, 02004000);
open my $woken, "<&=", $descriptor or failed("signalfd: $!");

my $listener;
if (length $name) {
  # Paths of sockets are short.
  opendir my $here, "." or failed("$!");
  chdir $folder or failed("$folder: $!");
  unlink $name;
  socket $listener, AF_UNIX, SOCK_STREAM, 0 or failed("socket: $!");
  bind $listener, pack_sockaddr_un($name) or failed("$folder/$name: $!");
  listen $listener, 4 or failed("$folder/$name: $!");
  nonblocking($listener);
  chdir $here or failed("$!");
}
sysopen my $terminal, "/dev/ptmx", O_RDWR | O_NOCTTY or failed("/dev/ptmx: $!");
my ($unlocked, $number) = (pack("i", 0), pack("I", 0));
ioctl $terminal, 0x40045431, $unlocked or failed("TIOCSPTLCK: $!");
ioctl $terminal, 0x80045430, $number or failed("TIOCGPTN: $!");
my $path = "/dev/pts/" . unpack "I", $number;
chown $uid, -1, $path if length $uid;
# Kept open: without anybody who has it open, a terminal can only be asked again and again.
sysopen my $kept, $path, O_RDWR | O_NOCTTY or failed("$path: $!");

my ($child, $status) = fork;
failed("fork: $!") unless defined $child;
if ($child == 0) {
  POSIX::setsid();
  # The first terminal that the leader of a session opens is the session's.
  sysopen my $own, $path, O_RDWR or failed("$path: $!");
  POSIX::dup2(fileno $own, $_) for 0 .. 2;
  if (length $gid) {
    $) = $gid;
    POSIX::setgid((split / /, $gid)[0]) or failed("setgid: $!");
  }
  if (length $uid) { POSIX::setuid($uid) or failed("setuid: $!"); }
  $SIG{$_} = "DEFAULT" for @deaf;
  sigprocmask(SIG_UNBLOCK, $ends);
  %ENV = map { split /=/, $_, 2 } @variables;
  no warnings;
  exec { $file } @words;
  failed("$file: $!");
}

nonblocking($_) for $terminal, *STDOUT, *STDIN;
my ($client, $log, $shown, $typed) = (undef, "", "", "");
my ($hears, $isopen, %asked) = (!length $name, 1);
while (1) {
  $status = $? if !defined $status && waitpid($child, WNOHANG) == $child;
  # What it has written is in the terminal; what its children write there later is not waited for.
  if (defined $status) { for (1 .. 64) { last unless $isopen && take(); } }
  last if defined $status && !length $log && !length $shown;
  my ($read, $write) = ("", "");
  my $isfull = length $log > ${WAITING_BYTES_MAX} || length $shown > ${WAITING_BYTES_MAX};
  my $hastime = length $typed <= ${WAITING_BYTES_MAX};
  vec($read, fileno $woken, 1) = 1;
  vec($read, fileno $terminal, 1) = 1 if $isopen && !$isfull && !defined $status;
  vec($read, fileno $listener, 1) = 1 if $listener;
  vec($read, fileno STDIN, 1) = 1 if $hears && $hastime;
  vec($read, fileno $client, 1) = 1 if $client && $hastime;
  vec($write, fileno STDOUT, 1) = 1 if length $log;
  vec($write, fileno $client, 1) = 1 if $client && length $shown;
  vec($write, fileno $terminal, 1) = 1 if length $typed && $isopen;
  # Once it is over, whoever reads has a second to go on.
  my $count = select $read, $write, undef, defined $status ? 1 : undef;
  last if defined $status && $count == 0;
  next if $count <= 0;
  sysread $woken, my $bytes, 512 if vec $read, fileno $woken, 1;
  take() if vec $read, fileno $terminal, 1;
  # A full disk must not cost whoever is attached the output.
  put(*STDOUT, \$log) or $log = "" if vec $write, fileno STDOUT, 1;
  put($terminal, \$typed) or $typed = "" if vec $write, fileno $terminal, 1;
  put($client, \$shown) or leave() if $client && vec $write, fileno $client, 1;
  $hears = hear(*STDIN) if $hears && vec $read, fileno STDIN, 1;
  hear($client) or leave() if $client && vec $read, fileno $client, 1;
  come() if $listener && vec $read, fileno $listener, 1;
}
unlink "$folder/$name" if $listener;
my $signal = $status & 127;
exit $status >> 8 if $signal == 0;
# PR_SET_DUMPABLE: the core of this process is of no interest.
syscall $prctl + 0, 4, 0, 0, 0, 0;
POSIX::sigaction($signal, POSIX::SigAction->new("DEFAULT"));
kill $signal, $$;
exit 128 + $signal;

sub failed {
  syswrite STDERR, "Failed to execute command: $_[0]\n";
  POSIX::_exit(1);
}
sub nonblocking {
  my $flags = fcntl $_[0], F_GETFL, 0;
  fcntl $_[0], F_SETFL, $flags | O_NONBLOCK if defined $flags;
}
sub take {
  my $count = sysread $terminal, my $bytes, 16384;
  if ($count) {
    $log .= $bytes;
    $shown .= $bytes if $client;
    return 1;
  }
  $isopen = 0 if defined $count || $! != EAGAIN && $! != EINTR;
  return 0;
}
sub put {
  my ($to, $buffer) = @_;
  my $count = syswrite $to, $$buffer;
  if (defined $count) { substr $$buffer, 0, $count, ""; return 1; }
  return $! == EAGAIN || $! == EINTR;
}
sub hear {
  my $from = fileno $_[0];
  my $count = sysread $_[0], my $bytes, 65536;
  return $! == EAGAIN || $! == EINTR unless defined $count;
  return 0 if $count == 0;
  $asked{$from} .= $bytes;
  while (length $asked{$from} >= 5) {
    my ($kind, $length) = unpack "a N", $asked{$from};
    last if length $asked{$from} < 5 + $length;
    my $said = substr $asked{$from}, 0, 5 + $length, "";
    $said = substr $said, 5;
    if ($kind eq "i") { $typed .= $said; next; }
    my $size = pack "S4", split(/ /, $said), 0, 0;
    # The kernel tells the processes in the terminal (SIGWINCH).
    ioctl $terminal, 0x5414, $size;
  }
  return 1;
}
sub come {
  accept my $next, $listener or return;
  leave();
  nonblocking($next);
  $client = $next;
}
sub leave {
  delete $asked{fileno $client} if $client;
  ($client, $shown) = (undef, "");
}
`;
