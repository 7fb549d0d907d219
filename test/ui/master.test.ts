/** The master's pages in a browser, over a real cluster (spec cli-and-webui, section 7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { startLocalCluster } from '../e2e/support/local-cluster.ts';
import { http } from '../e2e/support/programs.ts';
import { backgroundOf, startBrowser } from './support/browser.ts';

const row = (page: Page, table: string, text: string) =>
  page
    .locator('section.table', { has: page.getByRole('heading', { name: table }) })
    .locator('tbody tr', { hasText: text });

test('the pages of the master show a running task, its agent, sandbox and log', async (t) => {
  await using cluster = await startLocalCluster('master-pages');
  const app = { id: '/pages', cmd: 'echo the-first-line; sleep 1000', cpus: 0.1, mem: 32 };
  const posted = await http('POST', `${cluster.url('marathon')}/v2/apps`, app);
  assert.equal(posted.status, 201);
  await using browser = await startBrowser();
  const home = `${cluster.url('master')}/`;
  const page = await browser.open(home);

  await t.test('the start shows the task and the figures of the cluster', async () => {
    assert.equal(await page.title(), 'Mesos');
    // The state is read every ten seconds.
    const task = row(page, 'Active Tasks', 'pages.instance-');
    await task.waitFor();
    await page.reload();
    await page.getByText('RUNNING', { exact: true }).waitFor();
    await page.getByText('No unreachable tasks.').waitFor();
    assert.match(await page.locator('.columns').innerText(), /Activated\s+1/);
  });

  await t.test('a filter hides what does not match', async () => {
    const box = page.getByLabel('Find in Active Tasks');
    await page.keyboard.press('/');
    await page.keyboard.type('no-such-task');
    assert.equal(await box.inputValue(), 'no-such-task');
    await page.getByText('Nothing matches').waitFor();
    await box.fill('');
  });

  await t.test('a click on a time shows all times in full, and that is remembered', async () => {
    await page.locator('button.time').first().click();
    await page.reload();
    await page.getByText('RUNNING', { exact: true }).waitFor();
    assert.match(
      await page.locator('button.time').first().innerText(),
      /^\d{4}-\d\d-\d\dT[\d:]+Z$/,
    );
  });

  await t.test('the sandbox of the task is found and its output followed', async () => {
    await page.getByRole('link', { name: 'Sandbox' }).click();
    await page.getByRole('link', { name: 'stdout' }).waitFor();
    assert.match(page.url(), /#\/agents\/[^/]+\/browse\?path=/);
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'stdout' }).click();
    const log = await opened;
    await log.getByText('the-first-line').waitFor();
    assert.match(await log.title(), /stdout \(.*-S0\)$/);
    await log.close();
  });

  await t.test('every tab opens', async () => {
    for (const [tab, text] of [
      ['Frameworks', 'Active Frameworks'],
      ['Roles', 'Quota Limit CPU'],
      ['Offers', 'Outstanding Offers'],
      ['Maintenance', 'No maintenance is planned.'],
      ['Agents', 'Allocated / Total'],
    ] as const) {
      await page.getByRole('link', { name: tab, exact: true }).click();
      await page.getByText(text).first().waitFor();
    }
  });

  await t.test('from the agent to its framework to the executor', async () => {
    await row(page, 'Agents', '127.0.0.1').getByRole('link').click();
    await row(page, 'Frameworks', 'marathon').getByRole('link').click();
    await row(page, 'Executors', 'pages.instance-').getByRole('link').first().click();
    await row(page, 'Tasks', 'RUNNING').first().waitFor();
  });

  await t.test('a framework page knows its tasks; unknown ids are said', async () => {
    await page.goto(`${home}#/frameworks/nobody`);
    await page.getByText('No framework found with ID: nobody').waitFor();
    await page.goto(`${home}#/slaves/nobody`);
    await page.getByText('No agent found with ID: nobody').waitFor();
    assert.match(page.url(), /#\/agents\/nobody$/);
  });

  await t.test('dark and light follow the system until one is chosen', async () => {
    const dark = await browser.open(home, 'dark');
    const before = await backgroundOf(dark);
    await dark.getByLabel('Theme').selectOption('light');
    assert.notEqual(await backgroundOf(dark), before);
    assert.equal(await backgroundOf(dark), await backgroundOf(page));
  });
});
