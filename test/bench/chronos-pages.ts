/**
 * The list of jobs in a browser with 5,000 of them: from asking for the page until the list is painted, and
 * from a letter typed into the filter until what it leaves is. The page itself looks at its clock, once per
 * frame. Needs Chromium and the built pages.
 */
import { startBrowser } from '../ui/support/browser.ts';
import { startChronos } from '../ui/support/chronos.ts';
import type { Benchmark, Figure } from './figures.ts';
import { percentile } from './measure.ts';

const JOBS = 5_000;
const ROUNDS = 9;

export const chronosPagesBenchmark: Benchmark = {
  name: 'chronos-pages',
  what: `the list of ${JOBS} jobs in a browser: first paint, filter`,
  run: measure,
};

/** Milliseconds since the navigation, in the frame after the one that has the list. */
const LISTED = `new Promise((resolve) => {
  const look = () => {
    if (document.querySelectorAll('tbody tr').length === 0) return requestAnimationFrame(look);
    requestAnimationFrame(() => resolve(performance.now()));
  };
  look();
})`;

/** Milliseconds from the event to the frame after the one that shows only what was asked for. */
function filtered(name: string): string {
  return `new Promise((resolve) => {
    const field = document.querySelector('[aria-label="Find in Jobs"]');
    const start = performance.now();
    field.value = '${name}';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    const look = () => {
      const rows = document.querySelectorAll('tbody tr');
      if (rows.length !== 1 || !rows[0].textContent.includes('${name}')) {
        return requestAnimationFrame(look);
      }
      requestAnimationFrame(() => resolve(performance.now() - start));
    };
    requestAnimationFrame(look);
  })`;
}

async function measure(): Promise<readonly Figure[]> {
  await using chronos = await startChronos();
  await chronos.postMany(JOBS);
  await using browser = await startBrowser();
  const paints: number[] = [];
  const filters: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await browser.open(chronos.url);
    paints.push(Number(await page.evaluate(LISTED)));
    filters.push(Number(await page.evaluate(filtered(`job-43${round}1`))));
    await page.context().close();
  }
  return [
    {
      name: `chronos pages: first paint of ${JOBS} jobs, median of ${ROUNDS}`,
      value: percentile(paints, 50),
      unit: 'ms',
      target: { bound: 'at most', value: 1_000 },
    },
    {
      name: `chronos pages: filter among ${JOBS} jobs, median of ${ROUNDS}`,
      value: percentile(filters, 50),
      unit: 'ms',
      target: { bound: 'at most', value: 100 },
    },
    { name: 'chronos pages: the slowest filter', value: Math.max(...filters), unit: 'ms' },
  ];
}
