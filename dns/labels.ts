/** Names of frameworks and tasks as DNS labels (spec mesos-dns, section 3). Pure. */
export type LabelRule = 'rfc1123' | 'rfc952';

interface Shape {
  readonly lengthMax: number;
  /** Characters removed at the start. */
  readonly left: RegExp;
}

const SHAPES: Readonly<Record<LabelRule, Shape>> = {
  rfc1123: { lengthMax: 63, left: /^-+/ },
  rfc952: { lengthMax: 24, left: /^[-0-9]+/ },
};

/** Names that need no work under both rules but the length; most task names are such. */
const PLAIN = /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,23}$/;

/** One label; dots become dashes. Empty when nothing of the name can stay. */
export function toLabel(name: string, rule: LabelRule): string {
  if (PLAIN.test(name)) return name;
  const { lengthMax, left } = SHAPES[rule];
  const text = mapCharacters(name).replace(left, '');
  const size = Math.min(text.length, lengthMax);
  const head = text.slice(0, size).replace(/-+$/, '');
  if (head.length === size) return head;
  // The cut fell into a run of dashes: the label is filled up from behind the run.
  const tail = text.slice(size).replace(/^-+/, '');
  return head + tail.slice(0, size - head.length);
}

/** Several labels: each part between dots by the rule, empty ones left out. */
export function toDomainFragment(name: string, rule: LabelRule): string {
  return name
    .split('.')
    .map((part) => toLabel(part, rule))
    .filter((part) => part !== '')
    .join('.');
}

function mapCharacters(name: string): string {
  return name
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll(/[._]/g, '-')
    .replaceAll(/[^a-z0-9-]/g, '');
}
