/**
 * A reply with answers, from its parts: what of them fits, and how they are written. Names are spelt
 * once where pointers reach (spec mesos-dns, section 5.7).
 */
import { HEADER_BYTES, SRV_TARGET_OFFSET } from './wire.ts';

/** One record to be written: its bytes behind the owner name. */
export interface Part {
  readonly tail: Buffer;
  /** Address records are owned by the cleaned name, the others by the name as asked. */
  readonly isAddress: boolean;
  /** Where the tail stands in the reply being written. */
  offset: number;
}

export interface AdditionalPart {
  readonly tail: Buffer;
  /** The SRV record in whose target the owner name stands. */
  readonly service: Part;
  readonly owner: Buffer;
}

export interface ReplyParts {
  readonly answers: Part[];
  /** ANY has SOA and NS beside its answers. */
  readonly authority: readonly Buffer[];
  readonly additional: readonly AdditionalPart[];
  /** The name that owns address records, where it differs from the question's. */
  readonly addressOwner: Buffer | undefined;
}

export interface ReplyPlan {
  readonly size: number;
  readonly answerCount: number;
  readonly hasAdditional: boolean;
  readonly isTruncated: boolean;
  /** Whether names may point into the reply; not in replies longer than pointers reach. */
  readonly hasPointers: boolean;
  /** Whether the owner of address records is spelt once; it is when it is certain to be in reach. */
  readonly spellsOnce: boolean;
}

/** Pointers reach no further than this. */
const POINTER_MAX = 0x3fff;
const POINTER_BYTES = 2;
const POINTER = 0xc000;
/** Where every question's name stands. */
export const POINTER_TO_QUESTION = POINTER | HEADER_BYTES;

/**
 * What fits: all; else all but the additional section; else as many answers as stay strictly below
 * the limit. The truncation mark is set in both latter cases. Authority is never cut.
 */
export function planReply(questionBytes: number, parts: ReplyParts, limit: number): ReplyPlan {
  const hasPointers = answersSize(questionBytes, parts, true).size <= POINTER_MAX;
  const spellsOnce = hasPointers || parts.answers.every((part) => part.isAddress);
  const { sizes, size } = answersSize(questionBytes, parts, spellsOnce);
  let fullSize = size;
  for (const { tail, owner } of parts.additional) {
    fullSize += (hasPointers ? POINTER_BYTES : owner.length) + tail.length;
  }
  const pointers = { hasPointers, spellsOnce };
  let answerCount = sizes.length;
  if (fullSize <= limit) {
    return { ...pointers, size: fullSize, answerCount, hasAdditional: true, isTruncated: false };
  }
  let cutSize = size;
  while (answerCount > 0 && cutSize >= limit) {
    answerCount -= 1;
    cutSize -= sizes[answerCount] ?? 0;
  }
  return { ...pointers, size: cutSize, answerCount, hasAdditional: false, isTruncated: true };
}

/** The size of each answer, and of the reply without the additional section. */
function answersSize(
  questionBytes: number,
  parts: ReplyParts,
  spellsOnce: boolean,
): { readonly sizes: readonly number[]; readonly size: number } {
  const ownerExtra = Math.max(0, (parts.addressOwner?.length ?? 0) - POINTER_BYTES);
  let isSpelt = false;
  const sizes = parts.answers.map(({ tail, isAddress }) => {
    const spells = isAddress && !(isSpelt && spellsOnce);
    if (isAddress) isSpelt = true;
    return POINTER_BYTES + tail.length + (spells ? ownerExtra : 0);
  });
  let size = HEADER_BYTES + questionBytes;
  for (const bytes of sizes) size += bytes;
  for (const tail of parts.authority) size += POINTER_BYTES + tail.length;
  return { sizes, size };
}

/** Gives where the answers end. */
export function writeAnswers(
  reply: Buffer,
  start: number,
  parts: ReplyParts,
  plan: ReplyPlan,
): number {
  let at = start;
  let addressOwner = POINTER_TO_QUESTION;
  let ownerName = parts.addressOwner;
  for (const part of parts.answers.slice(0, plan.answerCount)) {
    if (part.isAddress && ownerName !== undefined) {
      // The first address record spells the cleaned name, the others point to it.
      addressOwner = POINTER | at;
      reply.set(ownerName, at);
      at += ownerName.length;
      if (plan.spellsOnce) ownerName = undefined;
    } else {
      at = reply.writeUInt16BE(part.isAddress ? addressOwner : POINTER_TO_QUESTION, at);
    }
    part.offset = at;
    reply.set(part.tail, at);
    at += part.tail.length;
  }
  return at;
}

export function writeAdditional(
  reply: Buffer,
  start: number,
  parts: ReplyParts,
  plan: ReplyPlan,
): void {
  let at = start;
  for (const { tail, service, owner } of parts.additional) {
    if (plan.hasPointers) {
      at = reply.writeUInt16BE(POINTER | (service.offset + SRV_TARGET_OFFSET), at);
    } else {
      reply.set(owner, at);
      at += owner.length;
    }
    reply.set(tail, at);
    at += tail.length;
  }
}
