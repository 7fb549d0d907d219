/**
 * Reading a growing file in pieces (spec cli-and-webui, section 7.5): what to ask for next, and what to
 * show of what came. Pure; offsets and lengths are bytes, the server answers characters for bytes.
 */

export const TAIL_CHARACTERS_MAX = 50_000;
const PAGE_BYTES = 32_768;

export interface FileRead {
  readonly offset: number;
  readonly length: number;
}

export interface FilePiece {
  readonly data: string;
  readonly offset: number;
}

export interface TailView {
  /** What is shown. */
  readonly text: string;
  /** Where the shown text begins and ends in the file. */
  readonly start: number;
  readonly end: number;
}

/** Where to begin in a file of this size. */
export function openTail(size: number): TailView {
  const start = size > PAGE_BYTES ? size - PAGE_BYTES : 0;
  return { text: '', start, end: start };
}

export function nextRead(view: TailView): FileRead {
  return { offset: view.end, length: TAIL_CHARACTERS_MAX };
}

export function appendPiece(view: TailView, piece: FilePiece): TailView {
  const length = bytesOf(piece.data);
  let { text, start } = view;
  let data = piece.data;
  if (text === '' && start > 0) {
    const cut = data.indexOf('\n') + 1;
    start += bytesOf(data.slice(0, cut));
    data = data.slice(cut);
  }
  text += data;
  if (text.length > TAIL_CHARACTERS_MAX) {
    const dropped = text.slice(0, text.length - TAIL_CHARACTERS_MAX);
    start += bytesOf(dropped);
    text = text.slice(-TAIL_CHARACTERS_MAX);
  }
  return { text, start, end: view.end + length };
}

/** The piece before the shown one; undefined at the beginning of the file. */
export function previousRead(view: TailView): FileRead | undefined {
  if (view.start === 0) return undefined;
  const length = Math.min(PAGE_BYTES, view.start);
  return { offset: view.start - length, length };
}

export function prependPiece(view: TailView, piece: FilePiece): TailView {
  const cut = piece.offset === 0 ? 0 : piece.data.indexOf('\n') + 1;
  const data = piece.data.slice(cut);
  return {
    ...view,
    text: data + view.text,
    start: piece.offset + bytesOf(piece.data.slice(0, cut)),
  };
}

const ENCODER = new TextEncoder();
const REPLACEMENT = /\ufffd/g;

/** Bytes of a text in the file: what was no UTF-8 came as one replacement character per byte. */
function bytesOf(text: string): number {
  const replaced = text.match(REPLACEMENT)?.length ?? 0;
  return ENCODER.encode(text).length - 2 * replaced;
}
