/** One instance: the task that lives, and those before it, each with every state it went through. */
import type { JSX } from 'preact';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { Actions, instanceActions } from '../actions.tsx';
import { readInstance } from '../api.ts';
import { type JobKey, splitTasks, waitOf } from '../model.ts';
import { Path, Shown, StatusText } from '../parts.tsx';
import { TaskCard } from './task.tsx';

const PACE_MS = 2_000;

export interface InstancePageProps {
  readonly job: JobKey;
  readonly instance: string;
}

export function InstancePage({ job, instance }: InstancePageProps): JSX.Element {
  const source = useSource('instance', () => readInstance(job, instance), PACE_MS);
  return (
    <>
      <Path {...job}>{instance}</Path>
      <Shown source={source} what="the instance">
        {({ tasks, reasons }) => {
          const { active, ended } = splitTasks(tasks);
          const [live] = active;
          return (
            <>
              {live === undefined ? (
                <p class="quiet">Instance {instance} has no active task.</p>
              ) : (
                <>
                  <div class="title">
                    <h1>Instance {instance}</h1>
                    <StatusText status={live.status} />
                  </div>
                  <div class="actions">
                    <Actions
                      actions={instanceActions(job, live.instance)}
                      onDone={source.refresh}
                    />
                  </div>
                  <TaskCard job={job} task={live} reason={waitOf(live, reasons)} />
                </>
              )}
              {ended.length > 0 && <h2 class="part">Earlier tasks</h2>}
              {ended.map((task) => (
                <TaskCard key={task.id} job={job} task={task} />
              ))}
            </>
          );
        }}
      </Shown>
    </>
  );
}
