/** Resources as the fake master keeps them: exact pieces, never merged. */
export interface ResourceTree {
  readonly name: string;
  readonly type: string;
  readonly role?: string;
  readonly reservation?: {
    readonly principal?: string;
    readonly labels?: {
      readonly labels: readonly { readonly key: string; readonly value: string }[];
    };
  };
  readonly disk?: {
    readonly persistence?: { readonly id: string };
    readonly volume?: { readonly container_path: string };
    readonly source?: unknown;
  };
  readonly scalar?: { readonly value: number };
  readonly ranges?: { readonly range: readonly { begin: number; end: number }[] };
}

/** The very same resource must be there: what was never offered cannot be used. */
export function removeFrom(list: ResourceTree[], resource: ResourceTree): void {
  const wanted = keyOf(resource);
  const index = list.findIndex((each) => keyOf(each) === wanted);
  if (index === -1) throw new Error(`nobody offered ${wanted}`);
  list.splice(index, 1);
}

function keyOf(resource: ResourceTree): string {
  const { name, role, reservation, disk, scalar, ranges } = resource;
  const labels = reservation?.labels?.labels;
  return JSON.stringify([name, role, labels, disk ?? {}, scalar, ranges]);
}

export function plain({ reservation, ...rest }: ResourceTree): ResourceTree {
  return { ...rest, role: '*' };
}

export function withoutVolume({ disk, ...resource }: ResourceTree): ResourceTree {
  return disk?.source === undefined ? resource : { ...resource, disk: { source: disk.source } };
}
