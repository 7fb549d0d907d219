/** Who may act: one scheduler process of several. */

export interface Leader {
  /** `hostname:http_port`. */
  readonly id: string;
  readonly isSelf: boolean;
}

export interface Leadership {
  /** Calls back with the present leader now and at each change; gives a function that stops. */
  watch(onChange: (leader: Leader | undefined) => void): () => void;
  stop(): Promise<void>;
}

/** For one process without an election: it leads from the start. */
export class AlwaysLeader implements Leadership {
  private readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  watch(onChange: (leader: Leader | undefined) => void): () => void {
    onChange({ id: this.id, isSelf: true });
    return () => {};
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
