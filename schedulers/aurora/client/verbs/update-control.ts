/** `aurora update pause`, `resume`, `abort` and `rollback` (spec aurora-client, section 3). */
import type { JobUpdateKey } from '../../thrift/types.ts';
import { ACTIVE_UPDATE } from '../../thrift/update-statuses.ts';
import type { ClientContext } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { type ClusterJobKey, thriftKey } from '../job-keys.ts';
import * as rows from '../option-rows.ts';
import { jobKeyIn, type Verb } from '../verb.ts';

interface Control {
  readonly method: 'pauseJobUpdate' | 'resumeJobUpdate' | 'abortJobUpdate' | 'rollbackJobUpdate';
  readonly verb: string;
  readonly done: string;
}

const CONTROLS: readonly (Control & { readonly help: string })[] = [
  {
    ...{ verb: 'pause', method: 'pauseJobUpdate', done: 'Update has been paused.' },
    help: 'Pause an update.',
  },
  {
    ...{ verb: 'resume', method: 'resumeJobUpdate', done: 'Update has been resumed.' },
    help: 'Resume an update.',
  },
  {
    ...{ verb: 'abort', method: 'abortJobUpdate', done: 'Update has been aborted.' },
    help: 'Abort an in-progress update.',
  },
  {
    ...{ verb: 'rollback', method: 'rollbackJobUpdate', done: 'Update rollback has started.' },
    help: 'Rollback an in-progress update.',
  },
];

export const CONTROL_VERBS: readonly Verb[] = CONTROLS.map((control) => ({
  name: control.verb,
  help: control.help,
  options: [rows.MESSAGE],
  positionals: [rows.JOB_KEY],
  run: (context, args) => {
    return changeUpdate(context, {
      ...control,
      key: jobKeyIn(args),
      message: args.optional('--message'),
    });
  },
}));

export async function changeUpdate(
  context: ClientContext,
  change: Control & { readonly key: ClusterJobKey; readonly message: string | undefined },
): Promise<ExitCode> {
  const { method, verb, done, key, message } = change;
  const updateKey = await activeUpdate(context, key);
  if (updateKey === undefined) {
    context.complain('No active update found for this job.');
    return EXIT.invalidParameter;
  }
  await context.call(
    key.cluster,
    method,
    { key: updateKey, message },
    { code: EXIT.apiError, message: `Failed to ${verb} update due to error:` },
  );
  context.print(done);
  return EXIT.ok;
}

/** The update of the job that has not ended. */
export async function activeUpdate(
  context: ClientContext,
  key: ClusterJobKey,
): Promise<JobUpdateKey | undefined> {
  const jobUpdateQuery = { jobKey: thriftKey(key), updateStatuses: ACTIVE_UPDATE };
  const { updateSummaries } = await context.ask(key.cluster, {
    method: 'getJobUpdateSummaries',
    args: { jobUpdateQuery },
    result: 'getJobUpdateSummariesResult',
  });
  if (updateSummaries.length > 1) {
    const message = 'scheduler returned multiple active updates for this job.';
    throw new CommandFailure(EXIT.apiError, message);
  }
  return updateSummaries[0]?.key;
}
