/**
 * The keeper: parent of a launcher and, when that dies, of everything it had started. Linux gives
 * orphans to the next ancestor that asks for them (a subreaper, prctl(2)); without one they go to
 * init, and nobody learns how they ended. The keeper writes that down, in files the next launcher reads.
 *
 * Node cannot make that one system call; perl can, and it is part of every Debian and most other
 * systems. Where there is none a launcher runs without a keeper: statuses of tasks that it started
 * are then unknown after its death, and say so.
 */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type WaitStatus, waitStatusOf } from '../../executor/wait-status.ts';
import type { ProcessIdentity } from './ports.ts';

/** Numbers of prctl(2) by architecture, as Node names them. */
const PRCTL: Readonly<Record<string, number>> = {
  arm: 172,
  arm64: 167,
  ppc64: 171,
  riscv64: 167,
  s390x: 172,
  x64: 157,
};

/** Files beyond this are removed by the keeper, oldest first; the launcher takes those it wants. */
const ENDS_MAX = 10_000;

/**
 * perl -e <this> <number of prctl> <folder> <program> <words...>
 *
 * The status of a zombie is written before it is reaped, so that whoever finds the process gone also
 * finds the file: `<pid>`, with the wait status and the start time. The keeper ends with its last
 * child.
 */
const PROGRAM = String.raw`
use strict; use warnings; use POSIX qw(:signal_h);
my ($prctl, $folder, @program) = @ARGV;
$0 = "orrery-launcher-keeper";
syscall($prctl, 36, 1, 0, 0, 0) == 0 or exec { $program[0] } @program or exit 127;
$SIG{$_} = "IGNORE" for qw(HUP INT TERM);
$SIG{CHLD} = sub {};
sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGCHLD));
my $launcher = fork;
exit 127 unless defined $launcher;
if ($launcher == 0) {
  $SIG{$_} = "DEFAULT" for qw(HUP INT TERM CHLD);
  sigprocmask(SIG_UNBLOCK, POSIX::SigSet->new(SIGCHLD));
  exec { $program[0] } @program or exit 127;
}
my @written;
sub stat_of {
  open my $file, "<", "/proc/$_[0]/stat" or return;
  my $text = <$file> // return;
  $text =~ s/^.*\) //s;
  return split / /, $text;
}
sub children {
  if (open my $file, "<", "/proc/$$/task/$$/children") { return split " ", (<$file> // ""); }
  opendir my $proc, "/proc" or return;
  return grep { /^\d+$/ && ((stat_of($_))[1] // 0) == $$ } readdir $proc;
}
while (my @kids = children()) {
  my $reaped = 0;
  for my $kid (@kids) {
    my @stat = stat_of($kid);
    next unless @stat && $stat[0] eq "Z";
    if ($kid != $launcher && open my $file, ">", "$folder/$kid.new") {
      print $file "$stat[49] $stat[19]";
      close $file;
      rename "$folder/$kid.new", "$folder/$kid";
      push @written, $kid;
      unlink "$folder/" . shift @written if @written > ${ENDS_MAX};
    }
    waitpid $kid, 0;
    $reaped = 1;
  }
  sigsuspend(POSIX::SigSet->new) unless $reaped;
}
`;

export interface KeptProgram {
  readonly file: string;
  readonly words: readonly string[];
}

/** How to start a program under a keeper; undefined where there can be none. */
export function underKeeper(folder: string, program: KeptProgram): KeptProgram | undefined {
  const prctl = process.platform === 'linux' ? PRCTL[process.arch] : undefined;
  const perl = findProgram('perl');
  if (prctl === undefined || perl === undefined) return undefined;
  const words = ['-e', PROGRAM, String(prctl), folder, program.file, ...program.words];
  return { file: perl, words };
}

export function findProgram(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Below the launcher's folder. */
export function endsFolder(folder: string): string {
  return join(folder, 'ends');
}

/** What keepers wrote. */
export class KeptEnds {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** How a process ended, once; undefined when no keeper saw it. */
  take({ pid, startTime }: ProcessIdentity): WaitStatus | undefined {
    const path = join(this.folder, String(pid));
    let text: string;
    try {
      text = readFileSync(path, 'latin1');
    } catch {
      return undefined;
    }
    const [status = '', started] = text.split(' ');
    if (started !== startTime) return undefined;
    rmSync(path, { force: true });
    return waitStatusOf(Number(status));
  }

  /** Forgets the ends of processes that nobody asks for. */
  keepOnly(pids: ReadonlySet<number>): void {
    for (const name of readdirSync(this.folder)) {
      if (!pids.has(Number(name))) rmSync(join(this.folder, name), { force: true });
    }
  }
}
