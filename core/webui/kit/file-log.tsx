/** Follows a file: the newest lines, older ones while scrolling up, search (spec cli-and-webui, section 7.5). */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isJson } from './reading.ts';
import {
  appendPiece,
  type FilePiece,
  type FileRead,
  nextRead,
  openTail,
  prependPiece,
  previousRead,
  TAIL_CHARACTERS_MAX,
  type TailView,
} from './tail.ts';

const PACE_MS = 1_000;

/** An offset of -1 asks for the size alone. */
export type ReadFile = (read: {
  readonly offset: number;
  readonly length?: number;
}) => Promise<unknown>;

export interface FileLogProps {
  readonly read: ReadFile;
  /** Called when the file tells its name to the window. */
  readonly name: string;
}

export function FileLog({ read, name }: FileLogProps): JSX.Element {
  const box = useRef<HTMLPreElement>(null);
  const [text, setText] = useState('');
  const [status, setStatus] = useState('(LOADING)');
  const [search, setSearch] = useState('');
  useEffect(() => {
    const follower = new Follower(read, box, setText, setStatus);
    follower.start();
    return () => follower.stop();
  }, [read]);
  return (
    <div class="log">
      <header>
        <strong>{name}</strong>
        <input
          type="search"
          placeholder="Find..."
          aria-label="Find lines"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <span class="quiet" role="status">
          {status}
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre ref={box} tabIndex={0}>
        {search === '' ? text : matching(text, search)}
      </pre>
    </div>
  );
}

function matching(text: string, search: string): string {
  const wanted = search.toLowerCase();
  return text
    .split('\n')
    .filter((line) => line.toLowerCase().includes(wanted))
    .join('\n');
}

/** The loop: open, then tail at the bottom or page at the top. */
class Follower {
  private readonly read: ReadFile;
  private readonly box: { readonly current: HTMLPreElement | null };
  private readonly setText: (text: string) => void;
  private readonly setStatus: (status: string) => void;
  private view: TailView | undefined;
  private isOn = true;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    read: ReadFile,
    box: { readonly current: HTMLPreElement | null },
    setText: (text: string) => void,
    setStatus: (status: string) => void,
  ) {
    this.read = read;
    this.box = box;
    this.setText = setText;
    this.setStatus = setStatus;
  }

  start(): void {
    void this.open();
  }

  stop(): void {
    this.isOn = false;
    clearTimeout(this.timer);
  }

  private async open(): Promise<void> {
    const size = await this.ask({ offset: -1 }, 'INITIALIZE');
    if (size === undefined) return this.again(() => this.open());
    this.view = openTail(size.offset);
    this.setStatus('');
    await this.turn();
  }

  /** One look: older text when scrolled to the top, newer text when at the bottom. */
  private async turn(): Promise<void> {
    const { view } = this;
    const { current } = this.box;
    if (!this.isOn || view === undefined || current === null) return;
    const isAtEnd = current.scrollTop + current.clientHeight >= current.scrollHeight - 4;
    if (isAtEnd) return this.tail(view, current);
    if (current.scrollTop === 0) return this.page(view, current);
    return this.again(() => this.turn());
  }

  private async tail(view: TailView, box: HTMLPreElement): Promise<void> {
    const piece = await this.ask(nextRead(view), 'TAIL');
    if (piece !== undefined && piece.data !== '') {
      this.view = appendPiece(view, piece);
      this.setText(this.view.text);
      requestAnimationFrame(() => {
        box.scrollTop = box.scrollHeight;
      });
      if (piece.data.length >= TAIL_CHARACTERS_MAX) return this.turn();
    }
    return this.again(() => this.turn());
  }

  private async page(view: TailView, box: HTMLPreElement): Promise<void> {
    const wanted = previousRead(view);
    if (wanted === undefined) {
      this.flash('(AT BEGINNING OF FILE)');
      return this.again(() => this.turn());
    }
    this.setStatus('(PAGING)');
    const piece = await this.ask(wanted, 'PAGE');
    if (piece !== undefined) {
      const height = box.scrollHeight;
      this.view = prependPiece(view, piece);
      this.setText(this.view.text);
      requestAnimationFrame(() => {
        box.scrollTop = box.scrollHeight - height;
      });
      this.flash('(PAGED)');
    }
    return this.again(() => this.turn());
  }

  private flash(status: string): void {
    this.setStatus(status);
    setTimeout(() => {
      if (this.isOn) this.setStatus('');
    }, PACE_MS);
  }

  private again(work: () => Promise<void>): void {
    this.timer = setTimeout(() => {
      if (this.isOn) void work();
    }, PACE_MS);
  }

  private async ask(
    read: FileRead | { readonly offset: number },
    what: string,
  ): Promise<FilePiece | undefined> {
    try {
      const answer = await this.read(read);
      if (isJson(answer) && typeof answer['data'] === 'string') {
        return { data: answer['data'], offset: Number(answer['offset']) };
      }
    } catch {
      // Told below; the next try is soon.
    }
    this.setStatus(`(FAILED TO ${what} ... RETRYING)`);
    return undefined;
  }
}
