/**
 * The program of the keeper and its starter: `perl -e <this> <numbers> <folder> <program> <words...>`.
 *
 *     keeper             inherits everything that loses its parent here (a subreaper, prctl(2))
 *     +- starter         starts tasks, is told what by requests, tells how they end
 *     |  +- tasks
 *     +- program         the launcher; finds its ends of the three pipes in ORRERY_STARTER
 *
 *     request     length (4 bytes, network order), then fields between NUL bytes:
 *                 order waits mark cwd stdout stderr uid gid oom joins join... words file word... name=value...
 *     reply       to a request without an order: `<pid> <start time>` or `0 <reason>`, and a line feed
 *     news        lines; those with an order come from the process itself, before it becomes its program
 *                 `born <order> <pid> <start time>`, then `begun <order>` or `refused <order> <reason>`
 *                 `ended <order or empty> <pid> <start time> <wait status>`
 *
 * Joining a cgroup may take the kernel ten milliseconds (see README): a request with an order is not waited for,
 * and many processes may be joining at once.
 *
 * Both write each end to `<folder>/ends/<pid>` before they reap the process, so that whoever finds it gone
 * also finds the file. A task writes `<folder>/starts/<mark>` before it becomes its program. `<folder>/lock`
 * is held as long as the starter may still start something: another keeper waits for it, so that what
 * has no mark then will never have begun.
 */
import { constants } from 'node:fs';

/** Files beyond this are removed by the one who wrote them, oldest first; the launcher takes those it wants. */
const ENDS_MAX = 10_000;

export const KEEPER_PROGRAM = String.raw`
my ($numbers, $folder, @program) = @ARGV;
my ($prctl, $waitid, $signalfd, $sigprocmask, $setsid, $setgid, $setuid, $exit) =
  split /,/, $numbers;
# Numbers that are the same on all of them.
my ($WNOHANG, $EINTR, $EAGAIN) = (1, 4, 11);
my ($O_WRONLY, $O_CREAT, $O_APPEND, $O_NONBLOCK) = (1, 0100, 02000, 04000);
$0 = "orrery-launcher-keeper";
open STDIN, "<", "/dev/null";
syscall($prctl, 36, 1, 0, 0, 0) == 0 or exec { $program[0] } @program or exit 127;
# Whatever the agent's own starter has left open is not for tasks.
opendir my $listing, "/proc/self/fd";
my @inherited = grep { /^\d+$/ && $_ > 2 && $_ != fileno $listing } readdir $listing;
closedir $listing;
for (@inherited) { open(my $left, "<&=", $_) and close $left; }
# SIGHUP, SIGINT, SIGTERM, SIGCHLD; blocked, not ignored: what is sent to a task before it is its own must reach it then.
my $deaf = pack "Q", 1 << 0 | 1 << 1 | 1 << 14 | 1 << 16;
syscall($sigprocmask, 0, $deaf, 0, 8);
$SIG{PIPE} = "IGNORE";
open my $lock, ">", "$folder/lock";
for (1 .. 200) { last if flock $lock, 2 | 4; select undef, undef, undef, 0.01; }
pipe my $requests, my $asks or exit 127;
pipe my $answers, my $replies or exit 127;
pipe my $news, my $tells or exit 127;
my $starter = fork // exit 127;
if ($starter == 0) {
  close $_ for $asks, $answers, $news;
  serve();
  exit 0;
}
my $launcher = fork // exit 127;
if ($launcher == 0) {
  my @ours = ($asks, $answers, $news);
  fcntl $_, 2, 0 for @ours;
  close $_ for $requests, $replies, $tells;
  $ENV{ORRERY_STARTER} = join ",", map { fileno $_ } @ours;
  plain();
  exec { $program[0] } @program or exit 127;
}
close $_ for $lock, $requests, $replies, $tells, $asks, $answers, $news;
while (my ($pid, $status) = ended(0)) {
  note($pid, $status) if $pid != $launcher && $pid != $starter;
  waitpid $pid, 0;
}
exit 0;

sub plain {
  $SIG{PIPE} = "DEFAULT";
  syscall($sigprocmask, 1, $deaf, 0, 8);
}
sub leave { syscall($exit, $_[0]); }
sub stat_of {
  sysopen(my $file, "/proc/$_[0]/stat", 0) or return;
  sysread $file, my $text, 4096 or return;
  $text =~ s/^.*\) //s;
  return split / /, $text;
}
# The next child that has ended and was not reaped: its pid and wait status.
my $haschildren = 1;
sub ended {
  my ($options) = @_;
  my $info = "\0" x 128;
  # P_ALL; WEXITED and WNOWAIT.
  $haschildren = syscall($waitid, 0, 0, $info, 0x01000004 | $options, 0) != -1 or return;
  my ($code, $pid, $status) = unpack 'x8 l x4 l x4 l', $info;
  return if $pid == 0;
  return ($pid, $code == 1 ? $status << 8 : $status & 127);
}
my (@written, %orders);
sub note {
  my ($pid, $status) = @_;
  my $started = (stat_of($pid))[19] // "";
  if (open my $file, ">", "$folder/ends/$pid.new") {
    syswrite $file, "$status $started";
    close $file;
    rename "$folder/ends/$pid.new", "$folder/ends/$pid";
    push @written, $pid;
    unlink "$folder/ends/" . shift @written if @written > ${ENDS_MAX};
  }
  return $started;
}
sub serve {
  $0 = "orrery-launcher-starter";
  fcntl $tells, 4, $O_WRONLY | $O_NONBLOCK;
  # SIGCHLD, to be read: O_CLOEXEC and O_NONBLOCK.
  my $signals = pack "Q", 1 << 16;
  my $number = syscall($signalfd, -1, $signals, 8, 02004000);
  open my $woken, "<&=", $number or exit 1;
  my ($isasked, $iswoken, @untold) = (1, 1);
  while (1) {
    # Looking is dear where there are thousands; the signal comes when a child can be found, not before.
    while ($iswoken and my ($pid, $status) = ended($WNOHANG)) {
      my $started = note($pid, $status);
      waitpid $pid, 0;
      my $order = delete $orders{$pid} // "";
      push @untold, "ended $order $pid $started $status\n" if $isasked;
    }
    $iswoken = 0;
    # Processes write here, too: what is not longer than this is written whole or not at all.
    while (@untold) {
      my $lines = shift @untold;
      $lines .= shift @untold while @untold && length($lines) + length($untold[0]) <= 4096;
      next if defined syswrite $tells, $lines;
      unshift @untold, $lines;
      last;
    }
    last unless $isasked || $haschildren;
    my ($read, $write) = ("", "");
    vec($read, fileno $woken, 1) = 1;
    vec($read, fileno $requests, 1) = 1 if $isasked;
    vec($write, fileno $tells, 1) = 1 if @untold;
    select($read, $write, undef, undef) > 0 or next;
    if (vec($read, fileno $woken, 1)) { $iswoken = 1; sysread $woken, my $bytes, 4096; }
    next unless $isasked && vec($read, fileno $requests, 1);
    my $length = bytes_of(4);
    my $request = defined $length ? bytes_of(unpack "N", $length) : undef;
    if (defined $request) { start(split /\0/, $request, -1); next; }
    ($isasked, $iswoken, @untold) = (0, 1);
    close $_ for $lock, $requests, $replies, $tells;
  }
}
sub bytes_of {
  my ($want) = @_;
  my $all = "";
  while (length $all < $want) {
    my $count = sysread $requests, $all, $want - length $all, length $all;
    next if !defined $count && $! == $EINTR;
    return unless $count;
  }
  return $all;
}
sub start {
  my ($order, @task) = @_;
  return begin_later($order, @task) if length $order;
  pipe my $ready, my $go or return reply("0 $!");
  my $pid = fork // return reply("0 $!");
  if ($pid == 0) {
    begin(sub { syswrite $go, $_[0] eq "refused" ? "!$_[1]" : "." if $_[0] ne "born"; }, @task);
  }
  close $go;
  # Until then it is in our session, and a signal to its session would be one to us.
  my $said = "";
  while (1) {
    my $count = sysread $ready, $said, 1024, length $said;
    last if defined $count ? $count == 0 || $said eq "." : $! != $EINTR;
  }
  return reply("0 $said") if $said =~ s/^!//;
  reply("$pid " . ((stat_of($pid))[19] // ""));
}
sub reply {
  my $line = "$_[0]\n";
  while (!defined syswrite $replies, $line) { last if $! != $EINTR; }
}
sub begin_later {
  my ($order, @task) = @_;
  my $pid = fork // return news("refused $order $!\n");
  if ($pid == 0) { begin(sub { news("$_[0] $order $_[1]\n"); }, @task); }
  $orders{$pid} = $order;
}
sub news {
  while (!defined syswrite $tells, $_[0]) {
    next if $! == $EINTR;
    return if $! != $EAGAIN;
    my $write = "";
    vec($write, fileno $tells, 1) = 1;
    select undef, $write, undef, undef;
  }
}
sub begin {
  my ($say, $waits, $mark, $cwd, $stdout, $stderr, $uid, $gid, $oom, $joins, @rest) = @_;
  syscall($setsid);
  syscall($sigprocmask, 1, $deaf, 0, 8);
  my $started = (stat_of($$))[19] // "";
  $say->("born", "$$ $started");
  for (splice @rest, 0, $joins) {
    # A thread, of which there is one, goes at once; version 2 knows whole processes only.
    next if put("$_/tasks", "0") || put("$_/cgroup.procs", "0");
    $say->("refused", "$_: $!");
    leave(1);
  }
  if (length $mark) { put("$folder/starts/$mark", "$$ $started", $O_CREAT); }
  $say->("begun", "") unless $waits;
  to($stderr, 2);
  to($stdout, 1);
  $say->("begun", "") if $waits;
  if (length $oom) {
    put("/proc/self/oom_score_adj", $oom) or fail("Failed to isolate pid $$: oom_score_adj: $!");
  }
  chdir $cwd or fail("Failed to execute command: $cwd: $!");
  if (length $gid) {
    # Its own group, then all of its groups.
    $) = $gid;
    syscall($setgid, ($gid =~ /(\d+)/)[0] + 0) == 0 or fail("Failed to execute command: setgid: $!");
  }
  if (length $uid) { syscall($setuid, $uid + 0) == 0 or fail("Failed to execute command: setuid: $!"); }
  my $words = shift @rest;
  my $file = shift @rest;
  my @words = splice @rest, 0, $words;
  %ENV = ();
  for (@rest) { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value; }
  $SIG{PIPE} = "DEFAULT";
  exec { $file } @words;
  fail("Failed to execute command: $file: $!");
}
sub to {
  my ($path, $number) = @_;
  # A link in a sandbox may lead to any file; one of /proc is the launcher's.
  my $follow = $path =~ m{^/proc/} ? 0 : ${constants.O_NOFOLLOW};
  sysopen(my $file, $path, $O_WRONLY | $O_APPEND | $O_CREAT | $follow, 0644) or fail("$path: $!");
  my $handle = $number == 1 ? \*STDOUT : \*STDERR;
  open $handle, ">&", $file or fail("$path: $!");
}
sub put {
  my ($path, $value, $flags) = @_;
  sysopen(my $file, $path, $O_WRONLY | ($flags // 0), 0600) or return;
  my $written = syswrite $file, $value;
  local $!;
  close $file;
  return $written;
}
sub fail {
  syswrite STDERR, "$_[0]\n";
  leave(1);
}
`;
