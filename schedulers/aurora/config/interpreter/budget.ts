/** What one evaluation may use. The limits are no errors of the configuration's language: `except` does not see them. */
import { ConfigError } from './source.ts';

export interface BudgetLimits {
  readonly stepsMax: number;
  readonly elementsMax: number;
  readonly charactersMax: number;
  /** Nested evaluations: of expressions, blocks, calls and includes. */
  readonly depthMax: number;
}

export const BUDGET: BudgetLimits = {
  stepsMax: 2_000_000,
  elementsMax: 1_000_000,
  charactersMax: 16_000_000,
  depthMax: 1_000,
};

/** Is not caught by `except`. */
export class LimitReached extends ConfigError {}

export class Budget {
  readonly #limits: BudgetLimits;
  #steps = 0;
  #elements = 0;
  #characters = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > this.#limits.stepsMax) {
      throw new LimitReached('RuntimeError', 'configuration takes too many steps');
    }
  }

  /** Elements made, ever: what is dropped again counts. */
  elements(count: number): void {
    this.#elements += count;
    if (this.#elements > this.#limits.elementsMax) {
      throw new LimitReached('MemoryError', 'configuration makes too many elements');
    }
  }

  /** Characters made, ever. Asked before they are made. */
  characters(count: number): void {
    this.#characters += count;
    if (this.#characters > this.#limits.charactersMax) {
      throw new LimitReached('MemoryError', 'configuration makes too much text');
    }
  }

  /** Set back where an error was caught. */
  depth = 0;

  enter(): void {
    this.depth += 1;
    if (this.depth > this.#limits.depthMax) {
      throw new LimitReached('RuntimeError', 'maximum recursion depth exceeded');
    }
  }

  leave(): void {
    this.depth -= 1;
  }
}
