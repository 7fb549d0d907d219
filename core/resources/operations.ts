/**
 * What offer operations do to resources (spec scheduler-api, section 12): each becomes a list of
 * conversions, consumed resources turning into others. Operations come validated, in list form.
 */
import { err, ok, type Result } from '../base/result.ts';
import type { OfferOperation, Resource } from '../wire/types/mesos.v1.ts';
import { add, contains, type Resources, subtractContained } from './arithmetic.ts';
import { formatResources } from './format.ts';
import { isShared } from './kinds.ts';
import { addScalars, fromMilli, toMilli } from './scalar.ts';
import { popReservation } from './select.ts';

/** One applied operation, or one resource of it: `consumed` became `converted`. */
export interface ResourceConversion {
  readonly consumed: Resources;
  readonly converted: Resources;
  /** Checked on the pool after the conversion. */
  readonly validateAfter?: (pool: Resources) => string | undefined;
}

/** The conversions of RESERVE ... SHRINK_VOLUME; other operations only consume and give an error. */
export function conversionsOf(
  operation: OfferOperation,
): Result<readonly ResourceConversion[], string> {
  switch (operation.type) {
    case 'RESERVE':
      return ok(reserve(operation.reserve?.source ?? [], operation.reserve?.resources ?? []));
    case 'UNRESERVE':
      return ok((operation.unreserve?.resources ?? []).map(unreserve));
    case 'CREATE':
      return ok((operation.create?.volumes ?? []).map(create));
    case 'DESTROY':
      return ok((operation.destroy?.volumes ?? []).map(destroy));
    case 'GROW_VOLUME': {
      const grow = operation.grow_volume;
      return grow === undefined
        ? missing('grow_volume')
        : ok([growVolume(grow.volume, grow.addition)]);
    }
    case 'SHRINK_VOLUME': {
      const shrink = operation.shrink_volume;
      if (shrink === undefined) return missing('shrink_volume');
      return ok([shrinkVolume(shrink.volume, shrink.subtract.value)]);
    }
    default:
      return err(`Unsupported operation ${operation.type ?? 'UNKNOWN'}`);
  }
}

/** The pool after the operation; the error is the original's text. */
export function applyOperation(pool: Resources, operation: OfferOperation): Result<Resources> {
  const conversions = conversionsOf(operation);
  if (!conversions.ok) return conversions;
  const applied = applyConversions(pool, conversions.value);
  if (applied.ok) return applied;
  const isResize = operation.type === 'GROW_VOLUME' || operation.type === 'SHRINK_VOLUME';
  return isResize ? err(`Invalid ${operation.type} operation: ${applied.error}`) : applied;
}

export function applyConversions(
  pool: Resources,
  conversions: readonly ResourceConversion[],
): Result<Resources> {
  let current = pool;
  for (const { consumed, converted, validateAfter } of conversions) {
    const rest = subtractContained(current, consumed);
    if (rest === undefined) {
      return err(`${formatResources(current)} does not contain ${formatResources(consumed)}`);
    }
    current = add(rest, converted);
    const why = validateAfter?.(current);
    if (why !== undefined) return err(why);
  }
  return ok(current);
}

/** The disk a volume was made of: no persistence, no mount point, not shared. */
export function stripVolume(volume: Resource): Resource {
  const { disk, shared: _, ...rest } = volume;
  return disk?.source === undefined ? rest : { ...rest, disk: { source: disk.source } };
}

function missing(field: string): { readonly ok: false; readonly error: string } {
  return err(`Operation without its '${field}' field`);
}

function reserve(source: Resources, resources: Resources): readonly ResourceConversion[] {
  if (source.length > 0) return [{ consumed: source, converted: resources }];
  return resources.map((each) => ({ consumed: [popReservation(each)], converted: [each] }));
}

function unreserve(resource: Resource): ResourceConversion {
  return { consumed: [resource], converted: [popReservation(resource)] };
}

function create(volume: Resource): ResourceConversion {
  return { consumed: [stripVolume(volume)], converted: [volume] };
}

function destroy(volume: Resource): ResourceConversion {
  const conversion = { consumed: [volume], converted: [stripVolume(volume)] };
  if (!isShared(volume)) return conversion;
  const text = formatResources([volume]);
  return {
    ...conversion,
    validateAfter: (pool) =>
      contains(pool, [volume])
        ? `Persistent volume ${text} cannot be removed due to additional shared copies`
        : undefined,
  };
}

function growVolume(volume: Resource, addition: Resource): ResourceConversion {
  const value = addScalars(volume.scalar?.value ?? 0, addition.scalar?.value ?? 0);
  return { consumed: [volume, addition], converted: [{ ...volume, scalar: { value } }] };
}

function shrinkVolume(volume: Resource, subtract: number): ResourceConversion {
  const rest = fromMilli(toMilli(volume.scalar?.value ?? 0) - toMilli(subtract));
  const freed = { ...stripVolume(volume), scalar: { value: subtract } };
  return { consumed: [volume], converted: [{ ...volume, scalar: { value: rest } }, freed] };
}
