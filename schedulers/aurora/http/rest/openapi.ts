/** The description of the plain interface, made from the same rows that serve it. */
import { ORRERY_VERSION } from '../../../../core/base/version.ts';
import type { QueryParameter, RestRoute } from './route.ts';
import { componentsOf, type JsonSchema, record, TEXT } from './schemas.ts';

const PROBLEM = record({ message: TEXT });
const JSON_TYPE = 'application/json';

export function openApiOf(routes: readonly RestRoute[]): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = operations;
  }
  const schemas = routes.flatMap(({ answer, body }): readonly JsonSchema[] => [
    ...(answer.schema === undefined ? [] : [answer.schema]),
    ...(body === undefined ? [] : [body.schema]),
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Aurora',
      version: ORRERY_VERSION,
      description: 'Jobs, updates, quotas and hosts of an Aurora scheduler, as plain JSON.',
    },
    paths,
    components: { schemas: { ...componentsOf(schemas), Problem: PROBLEM } },
  };
}

function operationOf(route: RestRoute): unknown {
  const { answer, body, query = {} } = route;
  const content = (schema: JsonSchema): unknown => ({ [JSON_TYPE]: { schema } });
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: TEXT },
  }));
  const inQuery = Object.entries(query).map(([name, parameter]) => parameterOf(name, parameter));
  const location =
    answer.status === 201
      ? { headers: { Location: { description: 'What was made.', schema: TEXT } } }
      : {};
  return {
    operationId: route.id,
    summary: route.summary,
    ...(inPath.length + inQuery.length > 0 ? { parameters: [...inPath, ...inQuery] } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.isOptional !== true, content: content(body.schema) } }),
    responses: {
      [answer.status]: {
        description: route.summary,
        ...location,
        ...(answer.schema === undefined ? {} : { content: content(answer.schema) }),
      },
      default: {
        description: 'What was wrong with the request.',
        content: content({ $ref: '#/components/schemas/Problem' }),
      },
    },
  };
}

function parameterOf(name: string, { description, schema }: QueryParameter): unknown {
  return { name, in: 'query', description, schema };
}
