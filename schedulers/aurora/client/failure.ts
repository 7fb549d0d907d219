/** How commands end (spec aurora-client, section 1.1). */

export const EXIT = {
  ok: 0,
  /** An admin command or a check of the configuration gave up. */
  died: 1,
  usage: 2,
  invalidConfiguration: 3,
  commandFailure: 4,
  invalidCommand: 5,
  invalidParameter: 6,
  network: 7,
  timeout: 9,
  apiError: 10,
  unknown: 20,
  auth: 30,
  interrupted: 130,
} as const;

export type ExitCode = number;

/** Ends the command; caught where it was started. Without a message, all has been said. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: ExitCode;

  constructor(code: ExitCode, message = '', cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
