/**
 * Crawls a site with two kinds of executors, one finds links, one renders, and draws who links to whom:
 * `node examples/crawler/scheduler.ts --master=localhost:5050 --output=site.dot http://localhost:8000/`.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runWork, type Work } from '../work-list.ts';

const { values, positionals } = parseArgs({
  options: {
    master: { type: 'string', default: '127.0.0.1:5050' },
    output: { type: 'string', default: 'site.dot' },
    pages: { type: 'string', default: '50' },
  },
  allowPositionals: true,
});
const [start = ''] = positionals;
if (!URL.canParse(start)) throw new Error('usage: [--output=site.dot] [--pages=50] URL');
const { origin, href } = new URL(start);
const pagesMax = Number(values.pages);
const titles = new Map<string, string>();
const links: (readonly [from: string, to: string])[] = [];

/** Both kinds of work on a page, the first time it is seen. */
function visit(url: string): readonly Work[] {
  if (titles.has(url) || titles.size >= pagesMax || new URL(url).origin !== origin) return [];
  titles.set(url, '');
  const crawl = (answer: string): readonly Work[] => {
    const found: readonly string[] = JSON.parse(answer);
    console.log(`${url} links to ${found.length} pages`);
    links.push(...found.map((link) => [url, link] as const));
    return found.flatMap(visit);
  };
  const render = (title: string): readonly Work[] => {
    titles.set(url, title);
    return [];
  };
  return [workOn(url, 'crawl', crawl), workOn(url, 'render', render)];
}

function workOn(url: string, executor: 'crawl' | 'render', onAnswer: Work['onAnswer']): Work {
  return {
    name: executor,
    executor,
    program: `crawler/${executor}-executor.ts`,
    input: url,
    onAnswer,
  };
}

/** In the language of Graphviz; JSON strings are its strings, too. */
function drawing(): string {
  const nodes = [...titles].map(
    ([url, title]) =>
      `  ${JSON.stringify(url)} [label=${JSON.stringify(title === '' ? url : title)}];\n`,
  );
  const edges = links.map(([from, to]) => `  ${JSON.stringify(from)} -> ${JSON.stringify(to)};\n`);
  return `digraph site {\n${[...nodes, ...edges].sort().join('')}}\n`;
}

await runWork(values.master, 'crawler', visit(href));
writeFileSync(values.output, drawing());
console.log(`${titles.size} pages and ${links.length} links are in ${values.output}`);
