/** Markup of the observer's pages; everything put into it is text. */
import { escapeHtml } from '../../../core/base/html.ts';

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[];

/** A template whose values are escaped unless they are markup themselves. */
export function html(strings: readonly string[], ...parts: readonly Part[]): Html {
  const values = [...parts.map(markup), ''];
  return new Html(strings.map((text, at) => `${text}${values[at]}`).join(''));
}

function markup(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map((each) => each.text).join('');
}

const STYLE = `body{font:14px system-ui,sans-serif;margin:2em;color:#222;background:#fff}
a{color:#1a56b0}table{border-collapse:collapse}td,th{padding:.3em 1em .3em 0;text-align:left;vertical-align:top}
pre{white-space:pre-wrap;background:#f4f4f4;padding:1em}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8ab4f8}pre{background:#242424}}`;

export function page(title: string, body: Html): string {
  return html`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>${new Html(STYLE)}</style></head><body><h1>${title}</h1>${body}</body></html>`.text;
}

export function table(heads: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const head = heads.map((each) => html`<th>${each}</th>`);
  const body = rows.map((row) => html`<tr>${row.map((each) => html`<td>${each}</td>`)}</tr>`);
  return html`<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

export function link(parts: readonly (string | number)[], text: string): Html {
  const path = parts.map((each) => encodeURIComponent(String(each))).join('/');
  return html`<a href="/${new Html(path)}">${text}</a>`;
}
