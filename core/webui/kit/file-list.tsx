/** A directory of an agent as `ls -l` shows it: directories first, every level of the path a link. */
import type { JSX } from 'preact';
import { type Column, DataTable } from './data-table.tsx';
import { fileTime, sizeText } from './format.ts';
import { numberIn, recordOf, textIn } from './reading.ts';

/** One entry of `/files/browse`. */
export interface FileEntry {
  readonly path: string;
  readonly mode: string;
  readonly nlink: number;
  readonly uid: string;
  readonly gid: string;
  readonly size: number;
  /** Seconds of the epoch. */
  readonly mtime: number;
}

/** The answer of `/files/browse`; throws when it is no list. */
export function entriesOf(answer: unknown): readonly FileEntry[] {
  if (!Array.isArray(answer)) throw new Error('The agent has sent no list of files.');
  return answer.map(recordOf).map((json) => ({
    path: textIn(json, 'path'),
    mode: textIn(json, 'mode'),
    nlink: numberIn(json, 'nlink'),
    uid: textIn(json, 'uid'),
    gid: textIn(json, 'gid'),
    size: numberIn(json, 'size'),
    mtime: numberIn(json, 'mtime'),
  }));
}

export interface FileListProps {
  readonly path: string;
  readonly entries: readonly FileEntry[];
  readonly browseHref: (path: string) => string;
  /** Where a file is followed: a window of its own, or a place in this page. */
  readonly log:
    | { readonly hrefOf: (path: string) => string }
    | { readonly onOpen: (path: string) => void };
  readonly downloadHref: (path: string) => string;
}

export function FileList(props: FileListProps): JSX.Element {
  const { path, entries, browseHref, log, downloadHref } = props;
  const isDirectory = ({ mode }: FileEntry): boolean => mode.startsWith('d');
  const nameOf = (entry: FileEntry): string => entry.path.split('/').at(-1) ?? '';
  const sorted = [...entries].sort(
    (a, b) => Number(isDirectory(b)) - Number(isDirectory(a)) || (a.path < b.path ? -1 : 1),
  );
  const columns: readonly Column<FileEntry>[] = [
    { title: 'mode', value: ({ mode }) => mode, show: ({ mode }) => <code>{mode}</code> },
    { title: 'nlink', value: ({ nlink }) => nlink, isNumber: true },
    { title: 'uid', value: ({ uid }) => uid },
    { title: 'gid', value: ({ gid }) => gid },
    {
      title: 'size',
      value: ({ size }) => size,
      show: ({ size }) => sizeText(size),
      isNumber: true,
    },
    {
      title: 'mtime',
      value: ({ mtime }) => mtime,
      show: ({ mtime }) => fileTime(mtime * 1000, Date.now()),
    },
    {
      title: 'name',
      value: nameOf,
      show: (entry) =>
        isDirectory(entry) ? (
          <a href={browseHref(entry.path)}>{nameOf(entry)}/</a>
        ) : 'onOpen' in log ? (
          <button type="button" class="plain link" onClick={() => log.onOpen(entry.path)}>
            {nameOf(entry)}
          </button>
        ) : (
          <a href={log.hrefOf(entry.path)} target="_blank" rel="noreferrer">
            {nameOf(entry)}
          </a>
        ),
    },
    {
      title: '',
      value: () => undefined,
      show: (entry) => (isDirectory(entry) ? '' : <a href={downloadHref(entry.path)}>Download</a>),
    },
  ];
  return (
    <>
      <PathLinks path={path} hrefOf={browseHref} />
      <DataTable
        title="Files"
        rows={sorted}
        columns={columns}
        keyOf={(entry) => entry.path}
        empty="No files in this directory."
      />
    </>
  );
}

function PathLinks({
  path,
  hrefOf,
}: {
  readonly path: string;
  readonly hrefOf: (path: string) => string;
}): JSX.Element {
  const parts = path.split('/').filter(Boolean);
  return (
    <p class="path">
      {parts.map((part, at) => {
        const upTo = `/${parts.slice(0, at + 1).join('/')}`;
        return (
          <span key={upTo}>
            / <a href={hrefOf(upTo)}>{part}</a>{' '}
          </span>
        );
      })}
    </p>
  );
}
