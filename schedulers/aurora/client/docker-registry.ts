/** `{{docker.image[name][tag]}}`: the digest that the cluster's registry has for the tag (spec aurora, section 2.6). */
import { describeError } from '../../../core/base/errors.ts';
import { PyDict, type Value } from '../config/interpreter/values.ts';
import { componentsOf } from '../config/pystachio/references.ts';
import type { ClientContext } from './context.ts';
import { CommandFailure, EXIT } from './failure.ts';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const ANSWER_LIMIT_MS = 60_000;

type Binding = readonly [name: string, value: Value];

/** What to bind, so that every reference is answered. */
export async function imageDigests(
  context: ClientContext,
  clusterName: string,
  references: readonly string[],
): Promise<readonly Binding[]> {
  const cluster = context.cluster(clusterName);
  const registry = cluster.dockerRegistry;
  if (registry === undefined) {
    throw failure(`docker_registry is not set for cluster ${cluster.name}`);
  }
  const names = new Map<string, [tag: string, image: string][]>();
  for (const reference of references) {
    const [, , name, tag] = componentsOf(reference) ?? [];
    if (name?.kind !== 'index' || tag?.kind !== 'index') {
      throw failure(`{{${reference}}} must be of the form {{docker.image[name][tag]}}`);
    }
    const digest = await digestOf(context, registry, { name: name.index, tag: tag.index });
    const tags = names.get(name.index) ?? [];
    tags.push([tag.index, `${name.index}@${digest}`]);
    names.set(name.index, tags);
  }
  const images = [...names].map(([name, tags]): [string, Value] => [name, PyDict.from(tags)]);
  return [['docker', PyDict.from([['image', PyDict.from(images)]])]];
}

async function digestOf(
  context: ClientContext,
  registry: string,
  { name, tag }: { readonly name: string; readonly tag: string },
): Promise<string> {
  const url = `${registry.replace(/\/+$/, '')}/v2/${name}/manifests/${tag}`;
  try {
    const response = await context.ports.http.request({
      ...{ method: 'HEAD', url, headers: { accept: MANIFEST }, headTimeoutMs: ANSWER_LIMIT_MS },
    });
    response.cancel();
    const digest = response.headers['docker-content-digest'];
    if (response.status === 200 && digest !== undefined) return digest;
    throw failure(`${url} answers ${response.status} without a digest`);
  } catch (thrown) {
    if (thrown instanceof CommandFailure) throw thrown;
    throw failure(`${url}: ${describeError(thrown)}`, thrown);
  }
}

function failure(message: string, cause?: unknown): CommandFailure {
  return new CommandFailure(
    EXIT.invalidConfiguration,
    `Error loading configuration: ${message}`,
    cause,
  );
}
