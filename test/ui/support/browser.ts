/** A headless Chromium, Debian's, whose pages must not log an error. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Only a failing test waits so long. */
const LIMIT_MS = 120_000;

/** What somebody types where the browser asks for a name. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface TestBrowser extends AsyncDisposable {
  /** A page of its own, without remembered settings. */
  open(url: string, colorScheme?: 'light' | 'dark', login?: Login): Promise<Page>;
}

export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = process.env['CHROMIUM'] ?? PATHS.find((path) => existsSync(path));
  assert.ok(
    executablePath !== undefined,
    'Chromium is missing: install it, or name it in CHROMIUM',
  );
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox'],
    timeout: LIMIT_MS,
  });
  const errors: string[] = [];
  return {
    open: (url, colorScheme = 'light', login = undefined) =>
      openPage(browser, url, { colorScheme, login }, errors),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      assert.deepEqual(errors, [], 'errors in the pages');
    },
  };
}

async function openPage(
  browser: Browser,
  url: string,
  { colorScheme, login }: { colorScheme: 'light' | 'dark'; login: Login | undefined },
  errors: string[],
): Promise<Page> {
  const context = await browser.newContext({
    colorScheme,
    ...(login === undefined ? {} : { httpCredentials: login }),
    viewport: { width: 1_400, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(String(error.stack)));
  await page.goto(url);
  return page;
}

/** The background of a page, to tell its theme by: `rgb(...)`. */
export function backgroundOf(page: Page): Promise<string> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor');
}

/** Git ignores it. */
const SCREENSHOTS = join(import.meta.dirname, '../../../tmp/screenshots');

/** Keeps how the page looks, in both themes, for people to look at, where `SCREENSHOTS` is set. */
export async function keepScreenshots(page: Page, name: string): Promise<void> {
  if (process.env['SCREENSHOTS'] === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}.png`) });
  }
}
