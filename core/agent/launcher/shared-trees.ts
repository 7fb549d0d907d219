/**
 * Parts of the host's files whose mounts a container shares with the host (`MountPropagation`, `BIDIRECTIONAL`). They are
 * taken hold of before the mount namespace is made, as all mounts in that are slaves of the host's: what is kept by
 * a descriptor stays the peer that it was. Marking the mount that they lie under as shared in the namespace instead,
 * as the original does, would also give the host what is mounted elsewhere below it, the sandbox's own mounts among them.
 */
import type { SharedTree } from '../containerizer/plan.ts';
import { PERL, REFUSAL } from './rootfs.ts';

/** The number of the first tree's descriptor; nothing below it is touched. */
const FIRST_DESCRIPTOR = 20;

/**
 * perl -e <this> <count> (<descriptor> <path> <whether it may be made>)... <file> <words...>
 *
 * open_tree(2) has the same number everywhere; a path that is not there is refused by a line of the plan.
 */
const OPEN = String.raw`
use POSIX ();
my ($count, @words) = @ARGV;
my @trees = splice @words, 0, 3 * $count;
sub refuse { print STDERR "${REFUSAL}$_[0]\n"; exit 1 }
open my $table, "<", "/proc/self/mountinfo" or refuse "Failed to read mount table: $!";
my @mounts = map {
  my ($fields) = split / - /;
  my (undef, undef, undef, undef, $at, undef, @options) = split " ", $fields;
  $at =~ s/\\([0-7]{3})/chr oct $1/ge;
  [$at, scalar grep { /^shared:/ } @options];
} <$table>;
close $table;
while (my ($descriptor, $path, $isMade) = splice @trees, 0, 3) {
  system "mkdir", "-p", $path if $isMade && !-e $path;
  next unless -e $path;
  chomp(my $real = readlink_of($path));
  my $mount;
  for (@mounts) {
    my $at = $_->[0];
    next unless $at eq "/" || $real eq $at || index($real, "$at/") == 0;
    $mount = $_ if !$mount || length $at >= length $mount->[0];
  }
  my $what = "Cannot setup bidirectional mount propagation for host path '$path'";
  refuse "$what because it is not under a shared mount" unless $mount && $mount->[1];
  # AT_FDCWD; OPEN_TREE_CLONE and AT_RECURSIVE.
  my $tree = syscall(428, -100, $real, 0x8001);
  refuse "$what: $!" if $tree < 0;
  POSIX::dup2($tree, $descriptor);
  POSIX::close($tree);
}
exec { $words[0] } @words or refuse "$words[0]: $!";
sub readlink_of {
  open my $out, "-|", "readlink", "-f", "--", $_[0] or return $_[0];
  my $real = <$out>;
  return $real // $_[0];
}
`;

/** perl -e <this> <descriptor> <path>: move_mount(2); AT_FDCWD, MOVE_MOUNT_F_EMPTY_PATH. */
const PUT = String.raw`
my ($tree, $to) = @ARGV;
my $nothing = "";
syscall(429, $tree + 0, $nothing, -100, $to, 4) == 0 or die "Failed to mount a shared tree at '$to': $!\n";
`;

/** Before the command line that makes the namespaces. */
export function openTreesWords(trees: readonly SharedTree[]): readonly string[] {
  const words = trees.flatMap(({ index, path, isMade }) => [
    ...[String(FIRST_DESCRIPTOR + index), path, isMade ? '1' : ''],
  ]);
  return [PERL, '-e', OPEN, String(trees.length), ...words];
}

/** In a line for `sh`: puts the tree of this index at `"$to"`. */
export function putTreeLine(index: number): string {
  return `${PERL} -e '${PUT}' ${FIRST_DESCRIPTOR + index} "$to"`;
}
