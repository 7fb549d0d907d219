/**
 * The files of `--log_dir`, in the form that readers of the originals' logs expect (spec
 * flags-and-metrics, section 3): a file for each severity, with the lines of that severity and
 * above, made with its first line; `<program>.<SEVERITY>` links to the current one.
 *
 *   line     := letter MMDD ' ' time ' ' pid ' ' program ':0] ' text [' ' json of the fields]
 *   file     := program '.' host '.' user '.log.' severity '.' date '-' time '.' pid
 *
 *   I1128 17:35:06.977000 51 mesos-master:0] agent registered {"agentId":"S0"}
 */
import { closeSync, openSync, renameSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface LogFilesOptions {
  readonly directory: string;
  readonly program: string;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
}

type Severity = 'INFO' | 'WARNING' | 'ERROR';

const SEVERITIES: readonly Severity[] = ['INFO', 'WARNING', 'ERROR'];

/** A file that is longer is followed by another, as the original does. */
export const LOG_FILE_MAX_BYTES = 1_800 * 1024 * 1024;

interface OpenFile {
  readonly descriptor: number;
  byteCount: number;
}

/** Where the log's JSON lines go; one write for one line. */
export class LogFiles {
  private readonly options: LogFilesOptions;
  private readonly fileMaxBytes: number;
  private readonly files = new Map<Severity, OpenFile>();

  constructor(options: LogFilesOptions, fileMaxBytes: number = LOG_FILE_MAX_BYTES) {
    this.options = options;
    this.fileMaxBytes = fileMaxBytes;
  }

  /** The path under which the lines of a severity are found, whatever file they go to. */
  static linkOf(directory: string, program: string, severity: Severity): string {
    return join(directory, `${program}.${severity}`);
  }

  write(json: string): void {
    const entry = parseEntry(json);
    const line = Buffer.from(formatLine(entry, this.options.program));
    for (const severity of SEVERITIES.slice(0, SEVERITIES.indexOf(entry.severity) + 1)) {
      this.append(severity, line, entry.time);
    }
  }

  close(): void {
    for (const { descriptor } of this.files.values()) closeSync(descriptor);
    this.files.clear();
  }

  private append(severity: Severity, line: Buffer, time: Date): void {
    try {
      const file = this.fileFor(severity, time);
      file.byteCount += writeSync(file.descriptor, line);
    } catch {
      // The disk is full or the directory gone: a daemon lives without its log.
    }
  }

  private fileFor(severity: Severity, time: Date): OpenFile {
    const open = this.files.get(severity);
    if (open !== undefined && open.byteCount < this.fileMaxBytes) return open;
    if (open !== undefined) closeSync(open.descriptor);
    const { directory, program, host, user, pid } = this.options;
    const name = `${program}.${host}.${user}.log.${severity}.${dateText(time)}.${pid}`;
    const file = { descriptor: openSync(join(directory, name), 'a', 0o644), byteCount: 0 };
    this.files.set(severity, file);
    const link = LogFiles.linkOf(directory, program, severity);
    symlinkSync(name, `${link}.${pid}.new`);
    renameSync(`${link}.${pid}.new`, link);
    return file;
  }
}

interface Entry {
  readonly severity: Severity;
  readonly time: Date;
  readonly pid: unknown;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function parseEntry(json: string): Entry {
  const parsed: Readonly<Record<string, unknown>> = JSON.parse(json);
  const { level, time, pid, hostname: _host, name: _name, msg, ...fields } = parsed;
  const severity = Number(level) >= 50 ? 'ERROR' : Number(level) >= 40 ? 'WARNING' : 'INFO';
  return { severity, time: new Date(String(time)), pid, text: String(msg ?? ''), fields };
}

function formatLine({ severity, time, pid, text, fields }: Entry, program: string): string {
  const day = `${two(time.getMonth() + 1)}${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const micros = String(time.getMilliseconds() * 1_000).padStart(6, '0');
  const details = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  return `${severity[0]}${day} ${clock}.${micros} ${pid} ${program}:0] ${text}${details}\n`;
}

function dateText(time: Date): string {
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  return `${day}-${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
