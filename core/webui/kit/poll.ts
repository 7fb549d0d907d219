/** Asking again and again: at the pace that is told, slower while nobody answers. */
import { batch, signal } from '@preact/signals';

const RETRY_FIRST_MS = 2_000;
const RETRY_LAST_MS = 128_000;

export interface Failure {
  readonly error: unknown;
  /** Milliseconds of the epoch. */
  readonly retryAt: number;
}

/** One source of data. While the page is not visible nobody is asked. */
export class Poller<T> {
  /** The newest answer. */
  readonly value = signal<T | undefined>(undefined);
  /** Set while the last request failed. */
  readonly failure = signal<Failure | undefined>(undefined);
  private readonly fetch: () => Promise<T>;
  private readonly paceOf: (value: T) => number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = RETRY_FIRST_MS;
  private round = 0;
  private isOn = false;

  constructor(fetch: () => Promise<T>, paceOf: number | ((value: T) => number)) {
    this.fetch = fetch;
    this.paceOf = typeof paceOf === 'number' ? () => paceOf : paceOf;
    document.addEventListener('visibilitychange', () => {
      if (this.isOn && !document.hidden) this.refresh();
    });
  }

  start(): void {
    if (this.isOn) return;
    this.isOn = true;
    this.refresh();
  }

  stop(): void {
    this.isOn = false;
    this.round += 1;
    clearTimeout(this.timer);
  }

  /** Asks at once; what is under way counts no more. */
  refresh(): void {
    this.retryMs = RETRY_FIRST_MS;
    this.ask();
  }

  private ask(): void {
    clearTimeout(this.timer);
    this.round += 1;
    const { round } = this;
    this.fetch().then(
      (value) => {
        if (round !== this.round) return;
        batch(() => {
          this.value.value = value;
          this.failure.value = undefined;
        });
        this.retryMs = RETRY_FIRST_MS;
        this.askIn(this.paceOf(value));
      },
      (error: unknown) => {
        if (round !== this.round) return;
        this.failure.value = { error, retryAt: Date.now() + this.retryMs };
        this.askIn(this.retryMs);
        this.retryMs = this.retryMs >= RETRY_LAST_MS ? RETRY_FIRST_MS : this.retryMs * 2;
      },
    );
  }

  private askIn(ms: number): void {
    this.timer = setTimeout(() => {
      if (this.isOn && !document.hidden) this.ask();
    }, ms);
  }
}
