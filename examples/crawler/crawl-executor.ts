/** Finds the links of a page: its address in the task's data, theirs as a JSON list in the status. */
import { serveTasks } from '../work-executor.ts';
import { pageAt } from './page.ts';

const LINKS_MAX = 200;

await serveTasks('crawl', async (url) => {
  const page = await pageAt(url);
  const links = new Set<string>();
  for (const [, link = ''] of page.matchAll(/<a\s[^>]*href\s*=\s*["']([^"'#]*)/gi)) {
    if (URL.canParse(link, url)) links.add(new URL(link, url).href);
  }
  return JSON.stringify([...links].slice(0, LINKS_MAX));
});
