/** The plain pages for people that need no script. */
import { escapeHtml } from '../../../core/base/html.ts';

/** `body` is HTML already. */
export function htmlPage(title: string, body: string): string {
  const head = `<meta charset="utf-8"><title>${escapeHtml(title)}</title>`;
  return `<!DOCTYPE html>\n<html><head>${head}</head><body><h1>${escapeHtml(title)}</h1>\n${body}\n</body></html>\n`;
}

export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (tag: 'th' | 'td', cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>\n${[row('th', head), ...rows.map((cells) => row('td', cells))].join('\n')}\n</table>`;
}
