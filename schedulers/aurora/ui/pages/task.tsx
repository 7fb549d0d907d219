/** One task with its states; the page of a task that was named by its id. */
import type { JSX } from 'preact';
import { CopyableId } from '../../../../core/webui/kit/data-table.tsx';
import { Facts } from '../../../../core/webui/kit/facts.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { jobHref } from '../address.ts';
import { readTask } from '../api.ts';
import type { JobKey, TaskRow } from '../model.ts';
import { History, HostLinks, instanceHref, Path, Shown, StatusText } from '../parts.tsx';

const PACE_MS = 2_000;

export function TaskPage({ job, id }: { readonly job: JobKey; readonly id: string }): JSX.Element {
  const source = useSource('task', () => readTask(job, id), PACE_MS);
  return (
    <>
      <Path {...job}>{id}</Path>
      <Shown source={source} what="the task">
        {({ tasks }) =>
          tasks.map((task) => (
            <div key={task.id}>
              <div class="title">
                <h1>Task of instance {task.instance}</h1>
                <StatusText status={task.status} />
              </div>
              <TaskCard job={job} task={task} />
            </div>
          ))
        }
      </Shown>
    </>
  );
}

export interface TaskCardProps {
  readonly job: JobKey;
  readonly task: TaskRow;
  /** Why it waits. */
  readonly reason?: string | undefined;
}

export function TaskCard({ job, task, reason }: TaskCardProps): JSX.Element {
  const { id, instance, status, ancestorId, failures } = task;
  return (
    <section class="card">
      <Facts
        facts={[
          ['Status', <StatusText status={status} />],
          ['Waits for', reason === undefined ? undefined : <span class="warn">{reason}</span>],
          ['Instance', <a href={instanceHref(job, instance)}>{instance}</a>],
          ['Task', <CopyableId id={id} short={id} href={jobHref(job, 'task', id)} />],
          ['Host', <HostLinks task={task} />],
          ['Failures', failures === 0 ? undefined : failures],
          [
            'Task before',
            ancestorId === undefined ? undefined : (
              <a href={jobHref(job, 'task', ancestorId)}>{ancestorId}</a>
            ),
          ],
        ]}
      />
      <History events={task.events} />
    </section>
  );
}
