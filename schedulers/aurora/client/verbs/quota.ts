/** `aurora quota get` (spec aurora-client, section 4). */

import { err, ok } from '../../../../core/base/result.ts';
import type { GetQuotaResult, ResourceAggregate } from '../../thrift/types.ts';
import { EXIT } from '../failure.ts';
import * as rows from '../option-rows.ts';
import { resourceText, sortedResources } from '../resource-text.ts';
import { jsonOfStruct } from '../thrift-text.ts';
import { type Noun, parameter, type Verb } from '../verb.ts';

const GET: Verb = {
  name: 'get',
  help: 'Print information about quotas for a role',
  options: [rows.WRITE_JSON],
  positionals: [
    {
      ...{ name: 'role', metavar: 'CLUSTER/NAME' },
      help: 'Role to retrieve information about',
    },
  ],
  run: async (context, args) => {
    const [cluster, ownerRole] = parameter(roleOf(args.text('role')));
    const quota = await context.ask(
      cluster,
      { method: 'getQuota', args: { ownerRole }, result: 'getQuotaResult' },
      { message: `Error retrieving quota for role ${ownerRole}` },
    );
    if (args.has('--write-json'))
      context.print(JSON.stringify(jsonOfStruct('GetQuotaResult', quota)));
    else for (const line of quotaLines(quota)) context.print(line);
    return EXIT.ok;
  },
};

export const QUOTA: Noun = {
  name: 'quota',
  help: 'Work with quota settings for an Apache Aurora cluster',
  verbs: [GET],
};

function roleOf(text: string) {
  const [cluster = '', role = '', ...more] = text.split('/');
  if (cluster === '' || role === '' || more.length > 0) {
    return err('Role argument must be a CLUSTER/NAME pair');
  }
  return ok([cluster, role] as const);
}

export function quotaLines(result: GetQuotaResult): readonly string[] {
  const section = (title: string, amounts: ResourceAggregate | undefined): readonly string[] => {
    if (amounts === undefined) return [];
    return [title, ...sortedResources(amounts.resources).map((each) => `  ${resourceText(each)}`)];
  };
  return [
    ...section('Allocated:', result.quota),
    ...section('Production shared pool resources consumed:', result.prodSharedConsumption),
    ...section('Production dedicated pool resources consumed:', result.prodDedicatedConsumption),
    ...section('Non-production shared pool resources consumed:', result.nonProdSharedConsumption),
    ...section(
      'Non-production dedicated pool resources consumed:',
      result.nonProdDedicatedConsumption,
    ),
  ];
}
