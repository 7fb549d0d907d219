/** `aurora job update` and `cancel-update` of the 0.7 client, by way of the scheduler's own updates. */
import { EXIT } from '../failure.ts';
import * as rows from '../option-rows.ts';
import { jobKeyIn, type Verb } from '../verb.ts';
import { changeUpdate } from './update-control.ts';
import { START, startUpdate } from './update-start.ts';

export const UPDATE_AND_WAIT: Verb = {
  ...START,
  name: 'update',
  help: 'Perform a rolling upgrade on a running job and wait for its end; see "aurora update start"',
  options: START.options.filter(({ name }) => name !== '--wait'),
  run: async (context, args) => {
    const code = await startUpdate(context, args, true);
    if (code === EXIT.ok) context.print('Update completed successfully');
    return code;
  },
};

export const CANCEL_UPDATE: Verb = {
  name: 'cancel-update',
  help: 'Cancel an in-progress update operation; see "aurora update abort"',
  options: [rows.CONFIG, rows.READ_JSON],
  positionals: [rows.JOB_KEY],
  run: (context, args) => {
    const done = 'Update has been aborted.';
    const change = { verb: 'abort', method: 'abortJobUpdate', done } as const;
    return changeUpdate(context, { ...change, key: jobKeyIn(args), message: undefined });
  },
};
