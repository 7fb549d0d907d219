/** One instance: its figures, its files, and its output as it comes. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Facts } from '../../../../core/webui/kit/facts.tsx';
import { entriesOf, FileList } from '../../../../core/webui/kit/file-list.tsx';
import { FileLog } from '../../../../core/webui/kit/file-log.tsx';
import { readJsonp } from '../../../../core/webui/kit/requests.ts';
import { hashOf } from '../../../../core/webui/kit/route.ts';
import { Breadcrumb } from '../../../../core/webui/kit/router.tsx';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { appHref, HealthDot } from '../parts.tsx';
import { findSandbox, type Sandbox } from '../sandboxes.ts';
import { Endpoints } from './instances.tsx';
import { useApp } from './use-app.ts';

const SEARCH_MS = 10_000;
const BROWSE_MS = 5_000;

export interface InstancePageProps {
  readonly appId: string;
  readonly id: string;
  readonly path: string | null;
}

export function InstancePage({ appId, id, path }: InstancePageProps): JSX.Element {
  const { app } = useApp(appId);
  const row = app?.tasks.find((each) => each.id === id);
  const failed = app?.lastFailure?.taskId === id ? app.lastFailure : undefined;
  return (
    <>
      <Breadcrumb>
        <a href="#/">Applications</a> / <a href={appHref(appId)}>{appId}</a> / {id}
      </Breadcrumb>
      <section class="card">
        <Facts
          facts={[
            ['Status', row?.state ?? failed?.state ?? 'ended'],
            ['Message', failed?.message],
            ['Host', row?.host ?? failed?.host],
            ['Endpoints', row === undefined ? undefined : <Endpoints row={row} />],
            ['Health', row === undefined ? undefined : <HealthDot health={row.health} />],
            ['Version', row?.version ?? failed?.version],
            ['Staged', row === undefined ? undefined : <Time at={row.stagedAt} />],
            ['Started', row === undefined ? undefined : <Time at={row.startedAt} />],
          ]}
        />
      </section>
      <SandboxOf taskId={id} at={['app', appId, 'instances', id]} path={path} />
    </>
  );
}

export interface SandboxOfProps {
  readonly taskId: string;
  /** Hash of the page that shows it. */
  readonly at: readonly string[];
  readonly path: string | null;
}

/** Files and output of a task, as soon as they are found. */
export function SandboxOf({ taskId, at, path }: SandboxOfProps): JSX.Element {
  const { value: sandbox, failure } = useSource(
    `sandbox of ${taskId}`,
    () => findSandbox(taskId),
    SEARCH_MS,
  );
  if (sandbox !== undefined) {
    return <SandboxFiles at={at} sandbox={sandbox} path={path ?? sandbox.directory} />;
  }
  return (
    <p class={failure === undefined ? 'quiet' : 'alert error'} role="status">
      {failure === undefined ? 'Looking for the sandbox…' : errorText(failure.error)}
    </p>
  );
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface SandboxFilesProps {
  /** Hash of the page that shows them. */
  readonly at: readonly string[];
  readonly sandbox: Sandbox;
  readonly path: string;
}

function SandboxFiles({ at, sandbox, path }: SandboxFilesProps): JSX.Element {
  const [log, setLog] = useState(`${sandbox.directory}/stdout`);
  const url = (kind: string, target: string): string =>
    `${sandbox.agent}/files/${kind}?${new URLSearchParams({ path: target })}`;
  const { value } = useSource(
    `${sandbox.agent} ${path}`,
    async () => entriesOf(await readJsonp(url('browse', path))),
    BROWSE_MS,
  );
  const read = useMemo(
    () =>
      ({ offset, length }: { readonly offset: number; readonly length?: number }) =>
        readJsonp(
          `${url('read', log)}&offset=${offset}${length === undefined ? '' : `&length=${length}`}`,
        ),
    [sandbox.agent, log],
  );
  const here = (query: Record<string, string>): string => hashOf(at, query);
  return (
    <>
      <FileList
        path={path}
        entries={value ?? []}
        browseHref={(target) => here({ path: target })}
        log={{ onOpen: setLog }}
        downloadHref={(target) => url('download', target)}
      />
      <FileLog read={read} name={log.split('/').at(-1) ?? log} />
    </>
  );
}
