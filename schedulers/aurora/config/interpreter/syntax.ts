/** The tree that the parser makes. `at` is the offset in the text that an error about the node points to. */

export type Expression =
  | { readonly kind: 'literal'; readonly at: number; readonly value: bigint | number | string }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | {
      readonly kind: 'attribute';
      readonly at: number;
      readonly of: Expression;
      readonly name: string;
    }
  | {
      readonly kind: 'call';
      readonly at: number;
      readonly callee: Expression;
      readonly args: readonly Argument[];
    }
  | {
      readonly kind: 'item';
      readonly at: number;
      readonly of: Expression;
      readonly key: Expression;
    }
  | {
      readonly kind: 'slice';
      readonly at: number;
      readonly of: Expression;
      readonly from: Expression | undefined;
      readonly to: Expression | undefined;
      readonly step: Expression | undefined;
    }
  | {
      readonly kind: 'list' | 'tuple' | 'set';
      readonly at: number;
      readonly elements: readonly Expression[];
    }
  | {
      readonly kind: 'dict';
      readonly at: number;
      readonly entries: readonly (readonly [Expression, Expression])[];
    }
  | {
      readonly kind: 'comprehension';
      readonly at: number;
      readonly makes: 'list' | 'set' | 'dict' | 'generator';
      /** Two for a dictionary: key and value. */
      readonly element: readonly [Expression, ...Expression[]];
      readonly clauses: readonly Clause[];
    }
  | {
      readonly kind: 'lambda';
      readonly at: number;
      readonly parameters: Parameters;
      readonly body: Expression;
    }
  | {
      readonly kind: 'conditional';
      readonly at: number;
      readonly condition: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  | {
      readonly kind: 'and' | 'or';
      readonly at: number;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'not'; readonly at: number; readonly of: Expression }
  | {
      readonly kind: 'compare';
      readonly at: number;
      readonly first: Expression;
      readonly rest: readonly { readonly operator: string; readonly value: Expression }[];
    }
  | {
      readonly kind: 'binary';
      readonly at: number;
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'unary';
      readonly at: number;
      readonly operator: string;
      readonly of: Expression;
    };

export interface Argument {
  readonly kind: 'positional' | 'keyword' | 'spread' | 'spread-keywords';
  /** Of a keyword. */
  readonly name: string;
  readonly value: Expression;
}

export type Clause =
  | { readonly kind: 'for'; readonly target: Expression; readonly over: Expression }
  | { readonly kind: 'if'; readonly condition: Expression };

export interface Parameters {
  readonly names: readonly { readonly name: string; readonly otherwise: Expression | undefined }[];
  /** `*args` */
  readonly rest: string | undefined;
  /** `**kwargs` */
  readonly keywords: string | undefined;
}

export type Block = readonly Statement[];

export type Statement =
  | { readonly kind: 'expression'; readonly at: number; readonly value: Expression }
  | {
      readonly kind: 'assign';
      readonly at: number;
      readonly targets: readonly Expression[];
      readonly value: Expression;
    }
  | {
      readonly kind: 'augment';
      readonly at: number;
      readonly target: Expression;
      readonly operator: string;
      readonly value: Expression;
    }
  | { readonly kind: 'import'; readonly at: number; readonly module: string; readonly as: string }
  | {
      readonly kind: 'from-import';
      readonly at: number;
      readonly module: string;
      readonly names: readonly { readonly name: string; readonly as: string }[];
    }
  | {
      readonly kind: 'def';
      readonly at: number;
      readonly name: string;
      readonly parameters: Parameters;
      readonly body: Block;
    }
  | {
      readonly kind: 'class';
      readonly at: number;
      readonly name: string;
      readonly base: Expression;
      readonly body: Block;
    }
  | { readonly kind: 'return'; readonly at: number; readonly value: Expression | undefined }
  | {
      readonly kind: 'if' | 'while';
      readonly at: number;
      readonly condition: Expression;
      readonly body: Block;
      readonly otherwise: Block;
    }
  | {
      readonly kind: 'for';
      readonly at: number;
      readonly target: Expression;
      readonly over: Expression;
      readonly body: Block;
      readonly otherwise: Block;
    }
  | { readonly kind: 'break' | 'continue' | 'pass'; readonly at: number }
  | {
      readonly kind: 'with';
      readonly at: number;
      readonly value: Expression;
      readonly target: Expression | undefined;
      readonly body: Block;
    }
  | {
      readonly kind: 'try';
      readonly at: number;
      readonly body: Block;
      readonly handlers: readonly {
        readonly type: Expression | undefined;
        readonly target: Expression | undefined;
        readonly body: Block;
      }[];
      readonly otherwise: Block;
      readonly finally: Block;
    }
  | { readonly kind: 'raise'; readonly at: number; readonly value: Expression | undefined }
  | {
      readonly kind: 'assert';
      readonly at: number;
      readonly condition: Expression;
      readonly message: Expression | undefined;
    }
  | { readonly kind: 'print'; readonly at: number; readonly values: readonly Expression[] }
  | { readonly kind: 'global'; readonly at: number; readonly names: readonly string[] }
  | { readonly kind: 'del'; readonly at: number; readonly targets: readonly Expression[] };
