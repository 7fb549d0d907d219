/** What `/help` says about the master's endpoints (spec operator-api, sections 2 and 4). */
import type { HelpPage, HelpPages } from '../../operator/help.ts';
import { globalHelp } from '../../operator/help-texts.ts';

const READONLY = 'mesos-master-readonly';
const READWRITE = 'mesos-master-readwrite';

const LEADER = 'Other masters redirect to the leading one.';
const JSONP = '>        jsonp=VALUE         Name of a function to wrap the answer in.';
const FILTERED = 'The answer leaves out what the principal may not view.';

/** A form with an agent and a JSON array of resources or volumes. */
function operation(tldr: string, field: 'resources' | 'volumes', authorization: string): HelpPage {
  return {
    tldr,
    description: [
      'Takes POST with a form:',
      '>        slaveId=VALUE       Id of the agent.',
      `>        ${`${field}=VALUE`.padEnd(19)} JSON array of ${field}.`,
      '202 means that the agent was told; whether it was done is seen in `/slaves`. 400: the body or',
      'the operation is not valid; 409: the agent has not enough free resources.',
      LEADER,
    ],
    realm: READWRITE,
    authorization,
  };
}

function machines(tldr: string, authorization: string): HelpPage {
  return {
    tldr,
    description: [
      'Takes POST with a JSON array of machines, `[{"hostname":"a1","ip":"10.0.0.5"}]`.',
      LEADER,
    ],
    realm: READWRITE,
    authorization,
  };
}

const MASTER: Readonly<Record<string, HelpPage>> = {
  '/api/v1': {
    tldr: 'Takes the calls of operators.',
    description: [
      'Takes POST with a `mesos.v1.master.Call` as JSON or protobuf; SUBSCRIBE answers with a stream',
      'of events.',
      LEADER,
    ],
    realm: READWRITE,
    authorization: 'Each call has its own rights.',
  },
  '/api/v1/scheduler': {
    tldr: 'Takes the calls of schedulers.',
    description: [
      'Takes POST with a `mesos.v1.scheduler.Call` as JSON or protobuf; SUBSCRIBE answers with a',
      'stream of events and names it in the header `Mesos-Stream-Id`.',
      LEADER,
    ],
    realm: 'mesos-master-scheduler',
    authorization: 'The principal must be allowed to register with the roles it names.',
  },
  '/create-volumes': operation(
    'Makes persistent volumes on reserved resources.',
    'volumes',
    'The principal must be allowed to create volumes for their roles.',
  ),
  '/destroy-volumes': operation(
    'Destroys persistent volumes and what is on them.',
    'volumes',
    'The principal must be allowed to destroy volumes of their creators.',
  ),
  '/flags': {
    tldr: 'Shows the flags the master was started with.',
    realm: READONLY,
    authorization: 'The principal must be allowed to view flags.',
  },
  '/frameworks': {
    tldr: 'Shows the frameworks, with their tasks and executors.',
    description: [
      'Query parameters:',
      '>        framework_id=VALUE  Only this framework.',
      JSONP,
      LEADER,
    ],
    realm: READONLY,
    authorization: FILTERED,
  },
  '/health': { tldr: 'Answers 200 as long as the master works.' },
  '/machine/down': machines(
    'Takes machines out of service; their agents are shut down.',
    'The principal must be allowed to start maintenance on all of them.',
  ),
  '/machine/up': machines(
    'Puts machines back into service.',
    'The principal must be allowed to stop maintenance on all of them.',
  ),
  '/maintenance/schedule': {
    tldr: 'Shows or replaces the schedule of maintenance.',
    description: [
      'GET shows it. POST takes a whole new one:',
      '`{"windows":[{"machine_ids":[...],"unavailability":{"start":{"nanoseconds":...}}}]}`.',
      LEADER,
    ],
    realm: READWRITE,
    authorization: 'The principal must be allowed to view or update the schedule of the machines.',
  },
  '/maintenance/status': {
    tldr: 'Shows machines that are draining, with the answers of frameworks, and those that are down.',
    description: [LEADER],
    realm: READONLY,
    authorization: FILTERED,
  },
  '/quota': {
    tldr: 'Shows, sets or removes the quota of roles.',
    description: [
      'GET shows all. POST takes `{"role":"r","guarantee":[...],"force":false}`. DELETE of',
      '`/quota/ROLE` removes one. The call UPDATE_QUOTA of `/api/v1` has taken the place of both.',
      LEADER,
    ],
    realm: READWRITE,
    authorization: 'The principal must be allowed to view or update the quota of the role.',
  },
  '/redirect': {
    tldr: 'Redirects to the leading master.',
    description: ['307 to it, or 503 when there is none.'],
  },
  '/reserve': operation(
    'Reserves resources for a role.',
    'resources',
    'The principal must be allowed to reserve for the roles.',
  ),
  '/roles': {
    tldr: 'Shows the roles with their weights, quota and what they hold.',
    description: ['Query parameters:', JSONP, LEADER],
    realm: READONLY,
    authorization: FILTERED,
  },
  '/slaves': {
    tldr: 'Shows the agents.',
    description: [
      'Query parameters:',
      '>        slave_id=VALUE      Only this agent.',
      JSONP,
      LEADER,
    ],
    realm: READONLY,
    authorization: FILTERED,
  },
  '/state': {
    tldr: 'Shows the state of the cluster: agents, frameworks, tasks.',
    description: ['Query parameters:', JSONP, LEADER],
    realm: READONLY,
    authorization: FILTERED,
  },
  '/state-summary': {
    tldr: 'Shows agents and frameworks with the number of their tasks in each state.',
    description: ['Query parameters:', JSONP, LEADER],
    realm: READONLY,
    authorization: FILTERED,
  },
  '/tasks': {
    tldr: 'Lists tasks.',
    description: [
      'Query parameters:',
      '>        limit=VALUE         How many at most; 100 without.',
      '>        offset=VALUE        How many to leave out first.',
      '>        order=(asc|des)     By the time of the first status; `des` without.',
      '>        framework_id=VALUE  Only those of this framework.',
      '>        task_id=VALUE       Only those with this id.',
      JSONP,
      LEADER,
    ],
    realm: READONLY,
    authorization: FILTERED,
  },
  '/teardown': {
    tldr: 'Ends a framework with its tasks and executors.',
    description: [
      'Takes POST with a form:',
      '>        frameworkId=VALUE   Id of the framework.',
      LEADER,
    ],
    realm: READWRITE,
    authorization: 'The principal must be allowed to tear down frameworks of their principal.',
  },
  '/unreserve': operation(
    'Gives reserved resources back.',
    'resources',
    'The principal must be allowed to unreserve what the reserver reserved.',
  ),
  '/weights': {
    tldr: 'Shows or changes the weights of roles.',
    description: ['GET shows them. PUT takes `[{"role":"r","weight":2.0}]`.', LEADER],
    realm: READWRITE,
    authorization: 'The principal must be allowed to view the roles, or to update their weights.',
  },
};

export const MASTER_HELP: HelpPages = {
  ...globalHelp('mesos-master'),
  allocator: {
    '/offer_constraints_debug': {
      tldr: 'Shows which agents the offer constraints of frameworks leave out.',
      realm: READONLY,
    },
  },
  master: MASTER,
  'registrar(1)': {
    '/registry': {
      tldr: 'Shows the registry: what the master keeps over its restarts.',
      description: ['Query parameters:', JSONP],
      realm: READONLY,
    },
  },
};
