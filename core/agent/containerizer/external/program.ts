/**
 * One command of an external containerizer program (spec agent-runtime, section 10): in a session of its
 * own, in the sandbox, with its errors in the sandbox's `stderr`.
 *
 *   stdin, stdout := (length message)*     length: 4 bytes, of this host's order
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { endianness } from 'node:os';
import { describeError } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { openOutputFile } from '../../output-file.ts';

export type ExternalCommand =
  | 'containers'
  | 'destroy'
  | 'launch'
  | 'recover'
  | 'update'
  | 'usage'
  | 'wait';

export interface ExternalRequest {
  readonly command: ExternalCommand;
  readonly input?: Uint8Array;
  /** Where the program works; the agent's own directory where it is left out or has gone. */
  readonly directory?: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs the program; gives what it printed, or the sentence of its failure. */
export type ExternalProgram = (request: ExternalRequest) => Promise<Result<Uint8Array>>;

const LENGTH_BYTES = 4;
/** A list of ten thousand containers is half a megabyte. */
const OUTPUT_BYTES_MAX = 16 * 1024 ** 2;
const IS_LITTLE = endianness() === 'LE';

export function frame(message: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(LENGTH_BYTES + message.length);
  if (IS_LITTLE) framed.writeUInt32LE(message.length);
  else framed.writeUInt32BE(message.length);
  framed.set(message, LENGTH_BYTES);
  return framed;
}

/** The only message in what a program printed. */
export function unframe(printed: Uint8Array): Result<Uint8Array> {
  const bytes = Buffer.from(printed);
  if (bytes.length < LENGTH_BYTES) return err(`a message of ${bytes.length} bytes has no length`);
  const length = IS_LITTLE ? bytes.readUInt32LE() : bytes.readUInt32BE();
  const found = bytes.length - LENGTH_BYTES;
  return length === found
    ? ok(bytes.subarray(LENGTH_BYTES))
    : err(`a message of ${length} bytes was announced, ${found} came`);
}

export function externalProgram(path: string): ExternalProgram {
  return (request) =>
    new Promise((resolve) => {
      const { command, directory, environment, input } = request;
      const cwd = directory !== undefined && existsSync(directory) ? directory : undefined;
      const failed = (why: string): void =>
        resolve(err(`External containerizer failed to ${command}: ${why}`));
      let stderr: number | undefined;
      try {
        if (cwd !== undefined) stderr = openOutputFile(`${cwd}/stderr`);
      } catch (thrown) {
        failed(describeError(thrown));
        return;
      }
      const child = spawn(path, [command], {
        ...(cwd === undefined ? {} : { cwd }),
        env: environment,
        detached: true,
        stdio: ['pipe', 'pipe', stderr ?? 'inherit'],
      });
      if (stderr !== undefined) closeSync(stderr);
      const chunks: Buffer[] = [];
      let size = 0;
      child.stdout?.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= OUTPUT_BYTES_MAX) chunks.push(chunk);
      });
      // A program that does not read its input closes the pipe.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input === undefined ? undefined : frame(input));
      child.on('error', (error) => failed(describeError(error)));
      child.on('close', (code, signal) => {
        if (code !== 0)
          failed(signal === null ? `exited with status ${code}` : `killed by ${signal}`);
        else if (size > OUTPUT_BYTES_MAX) failed(`printed more than ${OUTPUT_BYTES_MAX} bytes`);
        else resolve(ok(Buffer.concat(chunks)));
      });
    });
}
