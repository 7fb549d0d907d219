/** The tree that a regular expression is read into. */

/** `re.I` and so on, as the original numbers them. */
export const FLAG = {
  ignoreCase: 2,
  locale: 4,
  multiLine: 8,
  dotAll: 16,
  unicode: 32,
  verbose: 64,
};

export type Pattern =
  | { readonly kind: 'character'; readonly code: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'set'; readonly isNegated: boolean; readonly items: readonly SetItem[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly branches: readonly Pattern[] }
  | {
      readonly kind: 'repeat';
      readonly of: Pattern;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    }
  /** Without a number it only holds together. */
  | { readonly kind: 'group'; readonly of: Pattern; readonly number: number | undefined }
  | { readonly kind: 'same-as'; readonly group: number }
  | { readonly kind: 'at'; readonly place: Place }
  | {
      readonly kind: 'look';
      readonly of: Pattern;
      readonly isNegated: boolean;
      /** Of a look behind; ahead where it is undefined. */
      readonly width: number | undefined;
    }
  | {
      readonly kind: 'if-group';
      readonly group: number;
      readonly then: Pattern;
      readonly otherwise: Pattern;
    };

export type Place = 'begin' | 'end' | 'line-begin' | 'line-end' | 'word-edge' | 'no-word-edge';

/** `digit`, `space`, `word`: a letter after a backslash. */
export type Category = 'd' | 'D' | 's' | 'S' | 'w' | 'W';

export type SetItem =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'category'; readonly category: Category };

export interface CompiledPattern {
  readonly source: string;
  readonly flags: number;
  readonly root: Pattern;
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
}

/** How many characters it matches; `max` may be endless. */
export function widthOf(pattern: Pattern): { readonly min: number; readonly max: number } {
  switch (pattern.kind) {
    case 'character':
    case 'any':
    case 'set':
      return { min: 1, max: 1 };
    case 'sequence': {
      const widths = pattern.parts.map(widthOf);
      const sum = (of: 'min' | 'max'): number => widths.reduce((all, each) => all + each[of], 0);
      return { min: sum('min'), max: sum('max') };
    }
    case 'choice':
      return either(pattern.branches.map(widthOf));
    case 'if-group':
      return either([widthOf(pattern.then), widthOf(pattern.otherwise)]);
    case 'repeat': {
      const { min, max } = widthOf(pattern.of);
      return { min: min * pattern.min, max: max === 0 ? 0 : max * pattern.max };
    }
    case 'group':
      return widthOf(pattern.of);
    case 'same-as':
      return { min: 0, max: Number.POSITIVE_INFINITY };
    case 'at':
    case 'look':
      return { min: 0, max: 0 };
  }
}

function either(widths: readonly { readonly min: number; readonly max: number }[]) {
  return {
    min: Math.min(...widths.map(({ min }) => min)),
    max: Math.max(...widths.map(({ max }) => max)),
  };
}
