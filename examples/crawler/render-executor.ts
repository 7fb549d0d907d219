/** Renders a page, as far as a label needs it: its title. */
import { serveTasks } from '../work-executor.ts';
import { pageAt } from './page.ts';

const TITLE_MAX = 200;

await serveTasks('render', async (url) => {
  const title = /<title[^>]*>([^<]*)/i.exec(await pageAt(url))?.[1]?.trim() ?? '';
  return title.slice(0, TITLE_MAX);
});
