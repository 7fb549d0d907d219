/**
 * Answers to commands that cannot be carried out: code, status and text (spec chronos, section 4).
 * Texts that the original takes from an exception start with its class, as its clients see them.
 */
import type { Refusal } from './records.ts';

const ILLEGAL = 'java.lang.IllegalArgumentException: requirement failed: ';

/** A plain sentence. */
export function refuse(message: string): Refusal {
  return { status: 400, message };
}

export function requirementFailed(text: string): Refusal {
  return { status: 400, message: ILLEGAL + text };
}

/** Unknown jobs are 400 everywhere. */
export function doesNotExist(what: 'Job' | 'JobSchedule', name: string): Refusal {
  return requirementFailed(`${what} '${name}' not found`);
}

export function invalidName(): Refusal {
  return requirementFailed("the job's name is invalid. Allowed names: '([\\w\\.-]+)'");
}

export function parentMissing(isNew: boolean): Refusal {
  const text = 'Error, parent does not exist';
  return isNew ? { status: 500, message: `java.lang.Exception: ${text}` } : requirementFailed(text);
}

export function parentsUndefined(name: string): Refusal {
  return requirementFailed(`JobSchedule ${name} does not have all parents defined!`);
}
