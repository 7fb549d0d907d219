/** Answers to calls; who they come from is added where they leave the machine (spec aurora-scheduler, section 2.3). */
import type { Response, ResponseCode, Result } from '../thrift/types.ts';

export function okay(result?: Result, ...messages: readonly string[]): Response {
  return { responseCode: 'OK', result, details: details(messages) };
}

export function refused(code: Exclude<ResponseCode, 'OK'>, ...messages: string[]): Response {
  return { responseCode: code, details: details(messages) };
}

export function invalid(message: string): Response {
  return refused('INVALID_REQUEST', message);
}

function details(messages: readonly string[]): readonly { readonly message: string }[] {
  return messages.map((message) => ({ message }));
}

export const JOB_UPDATING: Response = refused('JOB_UPDATING_ERROR', 'Job is currently updating');
export const NO_CRON = 'Cron jobs may only be created/updated by calling scheduleCronJob.';

/** For a text or a list that must have something in it. */
export const BLANK: Response = refused('ERROR', 'Argument cannot be blank');

/** Who calls: the authenticated subject. */
export interface Caller {
  readonly user: string;
}

const AUDIT_MESSAGE_MAX = 1_024;

/** Undefined when the message may be stored with an event. */
export function auditRefusal(message: string | undefined): Response | undefined {
  if (message === undefined || message.length <= AUDIT_MESSAGE_MAX) return undefined;
  return refused('ERROR', `Message must be at most ${AUDIT_MESSAGE_MAX} characters`);
}
