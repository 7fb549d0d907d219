/** The value that a constraint's field has at an agent (spec marathon-behaviour, section 4.4). */
import type { Attribute } from '../../../core/wire/types/mesos.v1.ts';

export interface Place {
  readonly host: string;
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
  readonly attributes: readonly Attribute[];
}

/** Undefined when the agent has no such attribute. */
export function constraintValue(field: string, place: Place): string | undefined {
  switch (field) {
    case 'hostname':
    case '@hostname':
      return place.host;
    case '@region':
      return place.region;
    case '@zone':
      return place.zone;
    default: {
      const attribute = place.attributes.find(({ name }) => name === field);
      return attribute === undefined ? undefined : attributeText(attribute);
    }
  }
}

function attributeText(attribute: Attribute): string {
  switch (attribute.type) {
    case 'TEXT':
      return attribute.text?.value ?? '';
    case 'SCALAR':
      return formatScalar(attribute.scalar?.value ?? 0);
    case 'RANGES': {
      const ranges = [...(attribute.ranges?.range ?? [])].sort((a, b) => a.begin - b.begin);
      return `[${ranges.map(({ begin, end }) => `${begin}-${end}`).join(',')}]`;
    }
    case 'SET':
      return `{${[...(attribute.set?.item ?? [])].sort().join(',')}}`;
  }
}

/** At most three decimals, halves to the even neighbour, no trailing zeros. */
export function formatScalar(value: number): string {
  const scaled = value * 1_000;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const even = floor % 2 === 0 ? floor : floor + 1;
  const rounded = rest === 0.5 ? even : Math.round(scaled);
  return String(rounded / 1_000);
}
