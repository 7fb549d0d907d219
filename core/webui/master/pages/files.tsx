/** Sandboxes: where one is, what is in it, and what is written into a file. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { showError } from '../../kit/alerts.tsx';
import { entriesOf, FileList } from '../../kit/file-list.tsx';
import { FileLog, type ReadFile } from '../../kit/file-log.tsx';
import { readJsonp } from '../../kit/requests.ts';
import { hashOf } from '../../kit/route.ts';
import { Breadcrumb, replaceBy } from '../../kit/router.tsx';
import { sandboxPath } from '../../kit/sandbox.ts';
import { useSource } from '../../kit/use-source.ts';
import { agentFileUrl, leaderHost, masterFileUrl, readAgentState } from '../cluster.ts';
import { agentHref } from '../columns.tsx';
import type { AgentRow } from '../model.ts';

const BROWSE_MS = 10_000;

export function BrowsePage({
  agent,
  path,
}: {
  readonly agent: AgentRow;
  readonly path: string | null;
}): JSX.Element {
  if (path === null) return <Problem text='Missing "path" request parameter.' />;
  return <Directory agent={agent} path={path} />;
}

function Directory({
  agent,
  path,
}: {
  readonly agent: AgentRow;
  readonly path: string;
}): JSX.Element {
  const { value, failure } = useSource(
    `${agent.id} ${path}`,
    async () => entriesOf(await readJsonp(agentFileUrl(agent, 'browse', path))),
    BROWSE_MS,
  );
  if (value === undefined) {
    if (failure !== undefined) return <Problem text={`Error browsing path: ${path}`} />;
    return <p class="quiet">Reading the directory…</p>;
  }
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / <a href={agentHref(agent.id)}>Agent</a> / Browse
      </Breadcrumb>
      <FileList
        path={path}
        entries={value}
        browseHref={(target) => hashOf(['agents', agent.id, 'browse'], { path: target })}
        log={{ hrefOf: (target) => hashOf(['agents', agent.id, 'log'], { path: target }) }}
        downloadHref={(target) => agentFileUrl(agent, 'download', target)}
      />
    </>
  );
}

function Problem({ text }: { readonly text: string }): JSX.Element {
  return (
    <p class="alert error" role="alert">
      {text}
    </p>
  );
}

export interface SandboxProps {
  readonly agent: AgentRow;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly taskId?: string | undefined;
}

/** No page: asks the agent where the sandbox is, and goes there. */
export function FindSandbox({ agent, frameworkId, executorId, taskId }: SandboxProps): JSX.Element {
  useEffect(() => {
    readAgentState(agent).then(
      (view) => {
        const path = sandboxPath(view.json, { frameworkId, executorId, taskId });
        if (path !== undefined) replaceBy(hashOf(['agents', agent.id, 'browse'], { path }));
        else giveUp(`No executor found with ID: ${executorId}`);
      },
      (thrown: unknown) => giveUp(thrown),
    );
  }, [agent, frameworkId, executorId, taskId]);
  return <p class="quiet">Looking for the sandbox…</p>;
}

function giveUp(why: unknown): void {
  history.back();
  addEventListener('hashchange', () => queueMicrotask(() => showError(why)), { once: true });
}

export function AgentLogPage({
  agent,
  path,
}: {
  readonly agent: AgentRow;
  readonly path: string;
}): JSX.Element {
  const read = useMemo(() => readerOf(agentFileUrl(agent, 'read', path)), [agent.id, path]);
  const name = path === '/slave/log' ? `Mesos Agent (${agent.id})` : `${path} (${agent.id})`;
  return <LogPage read={read} name={name} />;
}

export function MasterLogPage(): JSX.Element {
  const read = useMemo(() => readerOf(masterFileUrl('read', '/master/log')), []);
  return <LogPage read={read} name={`Mesos Master (${leaderHost()})`} />;
}

function LogPage({ read, name }: { readonly read: ReadFile; readonly name: string }): JSX.Element {
  useEffect(() => {
    document.title = name;
    return () => {
      document.title = 'Mesos';
    };
  }, [name]);
  return <FileLog read={read} name={name} />;
}

function readerOf(url: string): ReadFile {
  return ({ offset, length }) =>
    readJsonp(`${url}&offset=${offset}${length === undefined ? '' : `&length=${length}`}`);
}
