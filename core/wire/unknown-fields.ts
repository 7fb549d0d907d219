/**
 * Fields and enum values that our `.proto` files do not know. A decoded message keeps them as raw bytes
 * (with their tags) under a symbol, which object spread carries on; the writer puts them back among
 * the known fields in the order of their numbers, where the sender had them.
 */
import protobuf from 'protobufjs/minimal.js';
import type { ByteWriter } from './byte-writer.ts';

export const UNKNOWN_FIELDS: unique symbol = Symbol('unknown fields');

export type Fields = Record<string | symbol, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Adds one raw field (with its tag) to those a message holds already. */
export function keepUnknown(into: Fields, raw: Uint8Array): void {
  const before = into[UNKNOWN_FIELDS];
  if (Array.isArray(before)) before.push(Uint8Array.from(raw));
  else into[UNKNOWN_FIELDS] = [Uint8Array.from(raw)];
}

/** What a message holds beyond its known fields, if anything. */
export function unknownOf(value: Fields): UnknownFields | undefined {
  const kept = value[UNKNOWN_FIELDS];
  return Array.isArray(kept) ? new UnknownFields(kept) : undefined;
}

/** The kept fields of one message while it is written. */
export class UnknownFields {
  private readonly fields: readonly { readonly number: number; readonly raw: Uint8Array }[];
  private written = 0;

  constructor(kept: readonly unknown[]) {
    this.fields = kept
      .filter((raw) => raw instanceof Uint8Array)
      .map((raw) => ({ number: protobuf.Reader.create(raw).tag() >>> 3, raw }))
      .sort((a, b) => a.number - b.number);
  }

  /** Writes what comes before the field `number`. */
  writeBelow(number: number, writer: ByteWriter): void {
    for (;;) {
      const next = this.fields[this.written];
      if (next === undefined || next.number >= number) return;
      writer.raw(next.raw);
      this.written += 1;
    }
  }
}

/** `SlaveInfo.checkpoint = true`: the only v0 field without a v1 twin. Original masters want it. */
const CHECKPOINT_TRUE = Uint8Array.of(0x38, 0x01);

/** Marks an `AgentInfo` that goes into a `mesos.internal` message as checkpointing. */
export function withCheckpoint<T extends object>(agentInfo: T): T {
  return { ...agentInfo, [UNKNOWN_FIELDS]: [CHECKPOINT_TRUE] };
}
