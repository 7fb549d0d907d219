/**
 * Output that is rotated (spec agent-runtime, section 13): a small process beside each stream, as the
 * original's `mesos-logrotate-logger`, reads what the task writes and keeps the file small with
 * `logrotate`. It ends with the last process that holds the stream, whoever else dies before.
 *
 * The stream is a named pipe that loses its name as soon as both ends are open, so that a task finds
 * an ordinary pipe.
 */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { UserIds } from '../../executor/hosted.ts';
import type { LogPlan, OutputStream } from '../container-logger.ts';
import { findProgram } from './keeper.ts';

/**
 * perl -e <this> <file> <bytes> <logrotate> <options>
 *
 * A file is filled with pieces of a page before it is rotated, as the original's are. One that
 * cannot be rotated is appended to, and tried again when as much has been written again.
 */
const PROGRAM = String.raw`
use strict; use warnings; use Fcntl;
my ($path, $max, $logrotate, $options) = @ARGV;
$0 = "orrery-logger";
$SIG{$_} = "IGNORE" for qw(HUP INT TERM);
fcntl(STDIN, F_SETFL, fcntl(STDIN, F_GETFL, 0) & ~O_NONBLOCK);
open my $conf, ">", "$path.logrotate.conf" or exit 1;
my $least = $max > 4096 ? $max - 4096 : 1;
print $conf "\"$path\" {\n$options\nsize $least\n}\n";
close $conf;
my $file;
sub reopen { open $file, ">>", $path or exit 1; }
sub rotate {
  close $file;
  system $logrotate, "--state", "$path.logrotate.state", "$path.logrotate.conf";
  reopen();
}
reopen();
my $size = -s $path;
while (1) {
  my $read = sysread STDIN, my $bytes, 65536;
  next if !defined $read && $!{EINTR};
  last unless $read;
  my $done = 0;
  while ($done < $read) {
    my $piece = $read - $done;
    if ($size + $piece > $max) {
      my $room = $max - $size;
      $piece = $room > 0 ? $room - $room % 4096 : 0;
      if ($piece == 0) { rotate(); $size = 0; next; }
    }
    my $written = syswrite $file, $bytes, $piece, $done;
    if (!defined $written) { next if $!{EINTR}; last; }
    $done += $written;
    $size += $written;
  }
}
`;

export interface RotatedOutput {
  /** What the task writes to. The caller closes it. */
  readonly descriptor: number;
}

/** Throws a `ClusterError` with a sentence when there can be no such output. */
export function openRotatedOutput(
  stream: OutputStream,
  plan: LogPlan,
  place: { readonly cwd: string; readonly user?: UserIds },
): RotatedOutput {
  const perl = findProgram('perl');
  if (perl === undefined) throw failure('perl is not on the path');
  const { maxBytes, options } = plan[stream];
  const folder = mkdtempSync(join(tmpdir(), 'orrery-logger-'));
  const pipe = join(folder, stream);
  try {
    execFileSync('mkfifo', ['-m', '600', pipe]);
    // A reader that does not wait lets the writer's end open at once.
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = openSync(pipe, constants.O_WRONLY);
    const file = join(place.cwd, stream);
    const words = ['-e', PROGRAM, file, String(maxBytes), plan.logrotatePath, options];
    const logger = spawn(perl, words, {
      cwd: '/',
      detached: true,
      stdio: [reader, 'ignore', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '' },
      ...place.user,
    });
    logger.on('error', () => {});
    closeSync(reader);
    return { descriptor };
  } catch (thrown) {
    throw failure(describeError(thrown));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function failure(why: string): ClusterError {
  const text = `Failed to start the logger of a container: ${why}`;
  return new ClusterError('LOGGER', text, { retriable: false });
}
