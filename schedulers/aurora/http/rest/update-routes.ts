/** Updates of jobs: which there are, how far they are, and their steering. */
import { ENUMS } from '../../thrift/description.ts';
import type { JobUpdateKey, JobUpdateStatus } from '../../thrift/types.ts';
import { ACCEPTED } from './job-lookup.ts';
import {
  asked,
  inQuery,
  keyOf,
  messageOf,
  PAGED,
  page,
  problem,
  type RestRequest,
  type RestRoute,
  resultOf,
  showing,
} from './route.ts';
import { COUNT, listOf, record, struct, TEXT } from './schemas.ts';

const UPDATE = '/v1/updates/{role}/{environment}/{name}/{id}';

const STATUSES = Object.keys(ENUMS.JobUpdateStatus);

const STEERS = [
  ['pause', 'pauseJobUpdate', 'Pauses an update.'],
  ['resume', 'resumeJobUpdate', 'Goes on with a paused update.'],
  ['abort', 'abortJobUpdate', 'Stops an update where it is.'],
  ['rollback', 'rollbackJobUpdate', 'Brings the instances back to what they were.'],
] as const;

export const UPDATE_ROUTES: readonly RestRoute[] = [
  {
    id: 'listUpdates',
    method: 'GET',
    path: '/v1/updates',
    summary: 'Updates, the latest first.',
    query: {
      role: inQuery('Only of jobs of this role.', TEXT),
      environment: inQuery('Only of jobs of this environment; with role and name.', TEXT),
      name: inQuery('Only of jobs of this name; with role and environment.', TEXT),
      user: inQuery('Only updates that this user started.', TEXT),
      status: inQuery('Only updates with this status.', {
        type: 'string',
        enum: STATUSES,
      }),
      ...PAGED,
    },
    answer: {
      status: 200,
      schema: record({ total: COUNT, updates: listOf(struct('JobUpdateSummary')) }),
    },
    run: async (request) => {
      const [role, environment, name, user] = ['role', 'environment', 'name', 'user'].map((each) =>
        request.query(each),
      );
      const isWhole = role !== undefined && environment !== undefined && name !== undefined;
      if (!isWhole && (environment !== undefined || name !== undefined)) {
        return problem(400, 'environment and name are given together with role');
      }
      const updateStatuses = statusesOf(request.query('status'));
      const jobUpdateQuery = {
        user,
        ...(isWhole ? { jobKey: { role, environment, name } } : { role }),
        updateStatuses,
      };
      const call = { method: 'getJobUpdateSummaries', args: { jobUpdateQuery } } as const;
      return await showing(request, call, 'getJobUpdateSummariesResult', ({ updateSummaries }) => {
        return { total: updateSummaries.length, updates: page(request, updateSummaries) };
      });
    },
  },
  {
    id: 'getUpdate',
    method: 'GET',
    path: UPDATE,
    summary: 'An update with its instructions and all its events.',
    answer: { status: 200, schema: struct('JobUpdateDetails') },
    run: async (request) => {
      const found = await detailsOf(request);
      return found === undefined ? missing(request) : { status: 200, body: found };
    },
  },
  ...STEERS.map(
    ([verb, method, summary]): RestRoute => ({
      id: `${verb}Update`,
      method: 'POST',
      path: `${UPDATE}/${verb}`,
      summary,
      body: { schema: record({ message: TEXT }, ['message']), isOptional: true },
      answer: { status: 202 },
      run: async (request) => {
        if ((await detailsOf(request)) === undefined) return missing(request);
        const args = { key: updateKeyOf(request), ...messageOf(request) };
        const answer = await asked(request, { method, args });
        return answer.ok ? ACCEPTED : answer.error;
      },
    }),
  ),
  {
    id: 'pulseUpdate',
    method: 'POST',
    path: `${UPDATE}/pulse`,
    summary: 'The sign of life that a coordinated update needs.',
    answer: {
      status: 200,
      schema: record({ status: { type: 'string', enum: ['OK', 'FINISHED'] } }),
    },
    run: (request) => {
      const args = { key: updateKeyOf(request) };
      return showing(request, { method: 'pulseJobUpdate', args }, 'pulseJobUpdateResult');
    },
  },
];

function statusesOf(asked: string | undefined): readonly JobUpdateStatus[] {
  const isKnown = (text: string): text is JobUpdateStatus => STATUSES.includes(text);
  return asked !== undefined && isKnown(asked) ? [asked] : [];
}

function updateKeyOf(request: RestRequest): JobUpdateKey {
  return { job: keyOf(request), id: request.part('id') };
}

async function detailsOf(request: RestRequest) {
  const args = { query: { key: updateKeyOf(request) } };
  const call = { method: 'getJobUpdateDetails', args } as const;
  const found = await resultOf(request, call, 'getJobUpdateDetailsResult');
  return found.ok ? found.value.detailsList[0] : undefined;
}

function missing(request: RestRequest) {
  return problem(404, `There is no update ${request.part('id')} of that job`);
}
