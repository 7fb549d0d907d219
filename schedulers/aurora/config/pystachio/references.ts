/**
 * `{{references}}` in texts (spec aurora, section 2.6). `{{&x}}` stands for the literal text `{{x}}`; braces around
 * something that is no reference are left alone.
 */

export type Component =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: string };

export interface Reference {
  readonly kind: 'reference';
  /** As written between the braces. */
  readonly text: string;
  readonly components: readonly Component[];
}

export type Fragment = string | Reference;

const TOKEN = /\{\{(&?)([^{}]+?)\}\}/g;
const COMPONENT = /\.([^\W\d]\w*)|\[([\w\-./]+)\]/y;
/** More than these are refused as no reference. */
const COMPONENTS_MAX = 20;

export function fragmentsOf(text: string): readonly Fragment[] {
  if (!text.includes('{{')) return [text];
  const fragments: Fragment[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, ampersand, inner = ''] = match;
    fragments.push(text.slice(at, match.index));
    at = match.index + whole.length;
    const components = componentsOf(inner);
    if (ampersand === '&') fragments.push(`{{${inner}}}`);
    else if (components === undefined) fragments.push(whole);
    else fragments.push({ kind: 'reference', text: inner, components });
  }
  fragments.push(text.slice(at));
  return fragments.filter((each) => each !== '');
}

export function textOfFragments(fragments: readonly Fragment[]): string {
  return fragments.map((each) => (typeof each === 'string' ? each : `{{${each.text}}}`)).join('');
}

/** `a.b[c]` */
export function addressOf(components: readonly Component[]): string {
  return components
    .map((each) => (each.kind === 'name' ? `.${each.name}` : `[${each.index}]`))
    .join('')
    .replace(/^\./, '');
}

/** Undefined when the text is no reference. */
export function componentsOf(text: string): readonly Component[] | undefined {
  const dotted = text.startsWith('[') ? text : `.${text}`;
  const components: Component[] = [];
  let at = 0;
  while (at < dotted.length) {
    COMPONENT.lastIndex = at;
    const match = COMPONENT.exec(dotted);
    if (match === null || components.length === COMPONENTS_MAX) return undefined;
    const [whole, name, index] = match;
    if (name !== undefined) components.push({ kind: 'name', name });
    else if (index !== undefined) components.push({ kind: 'index', index });
    at += whole.length;
  }
  return components[0]?.kind === 'name' ? components : undefined;
}
