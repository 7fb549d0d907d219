/** What `/help` says about the agent's endpoints (spec operator-api, section 5). */
import type { HelpPage, HelpPages } from '../../operator/help.ts';
import { globalHelp } from '../../operator/help-texts.ts';
import { AGENT_ACTOR } from '../agent.ts';

const READONLY = 'mesos-agent-readonly';

const AGENT: Readonly<Record<string, HelpPage>> = {
  '/api/v1': {
    tldr: 'Takes the calls of operators.',
    description: [
      'Takes POST with a `mesos.v1.agent.Call` as JSON or protobuf, or a stream of them as',
      '`application/recordio`.',
    ],
    realm: 'mesos-agent-readwrite',
    authorization: 'Each call has its own rights.',
  },
  '/api/v1/executor': {
    tldr: 'Takes the calls of executors.',
    description: [
      'Takes POST with a `mesos.v1.executor.Call` as JSON or protobuf; SUBSCRIBE answers with a',
      'stream of events.',
    ],
    realm: 'mesos-agent-executor',
  },
  '/containerizer/debug': {
    tldr: 'Shows operations of the containerizer that have not ended.',
    realm: READONLY,
    authorization: 'The principal must be allowed to get the endpoint `/containerizer/debug`.',
  },
  '/containers': {
    tldr: 'Shows the containers of executors, with their status and use of resources.',
    description: [
      'Query parameters, none or one of these sets:',
      '>        container_id=VALUE',
      '>        framework_id=VALUE',
      '>        framework_id=VALUE, executor_id=VALUE',
    ],
    realm: READONLY,
    authorization: 'The answer leaves out containers the principal may not view.',
  },
  '/flags': {
    tldr: 'Shows the flags the agent was started with.',
    realm: READONLY,
    authorization: 'The principal must be allowed to view flags.',
  },
  '/health': { tldr: 'Answers 200 as long as the agent works.' },
  '/monitor/statistics': {
    tldr: 'Shows what executors use of their resources.',
    description: ['At most two requests a second are answered; others wait for their turn.'],
    realm: READONLY,
    authorization: 'The principal must be allowed to get the endpoint `/monitor/statistics`.',
  },
  '/state': {
    tldr: 'Shows the state of the agent: resources, frameworks, executors, tasks.',
    description: [
      'Query parameters:',
      '>        jsonp=VALUE         Name of a function to wrap the answer in.',
    ],
    realm: READONLY,
    authorization: 'The answer leaves out what the principal may not view.',
  },
};

export const AGENT_HELP: HelpPages = { ...globalHelp('mesos-agent'), [AGENT_ACTOR]: AGENT };
