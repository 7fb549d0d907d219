/** The pages of Chronos in a browser, over a Chronos with a fake cluster (spec chronos, section 11.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { backgroundOf, startBrowser } from './support/browser.ts';
import { startChronos } from './support/chronos.ts';

const JOBS = 5_000;

const row = (page: Page, name: string) =>
  page.locator('tbody tr', { has: page.getByRole('link', { name, exact: true }) });

test('jobs are created, run, changed, disabled, killed and deleted in the pages of Chronos', async (t) => {
  await using chronos = await startChronos();
  await chronos.post({ name: 'early', schedule: 'R/2040-01-01T00:00:00Z/P1D', epsilon: 'PT5M' });
  await chronos.post({ name: 'endless', schedule: 'R/2040-01-01T00:00:00Z/P1D' });
  await using browser = await startBrowser();
  const page = await browser.open(chronos.url);

  await t.test('a scheduled job is created, after the form has refused a bad one', async () => {
    assert.equal(await page.title(), 'CHRONOS');
    await page.getByRole('link', { name: 'New scheduled job' }).click();
    assert.match(await page.locator('[name=schedule]').inputValue(), /^R\/.*:00:00\.000Z\/PT24H$/);
    await page.locator('[name=name]').fill('night report');
    await page.locator('[name=command]').fill('./report.sh');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText('The name may have').waitFor();
    await page.locator('[name=name]').fill('night-report');
    await page.locator('[name=schedule]').fill('cron 0 3 * * *');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'night-report', exact: true }).waitFor();
    assert.equal((await chronos.job('night-report'))['schedule'], 'cron 0 3 * * *');
    await page.locator('ol li').nth(4).waitFor();
    assert.equal(await page.locator('ol li').count(), 5, 'five next runs');
  });

  await t.test('what the server refuses is shown', async () => {
    await page.goto(`${chronos.url}#/new/scheduled`);
    await page.locator('[name=name]').fill('bad');
    await page.locator('[name=schedule]').fill('cron 99 3 * * *');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText("Cannot parse schedule 'cron 99 3 * * *' (wtf bro)").waitFor();
  });

  await t.test('a dependent job is created and its graph shown', async () => {
    await page.goto(`${chronos.url}#/new/dependent`);
    await page.locator('[name=name]').fill('after-report');
    await page.locator('[name=parent]').fill('night-report');
    await page.getByRole('button', { name: 'Remove parent night-report' }).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Graph', exact: true }).last().click();
    await page.getByRole('link', { name: 'night-report, fresh, idle' }).waitFor();
    assert.equal(await page.locator('svg path.link').count(), 1);
  });

  await t.test('a run by hand appears in the history, its child after it', async () => {
    await page.goto(`${chronos.url}#/jobs/night-report`);
    await page.getByRole('button', { name: 'Run night-report' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('tbody tr', { hasText: 'FINISHED' }).waitFor();
    await page.locator('svg rect.run.FINISHED').waitFor();
    await page.goto(`${chronos.url}#/jobs/after-report`);
    await page.locator('tbody tr', { hasText: 'dependency' }).waitFor();
  });

  await t.test('a job is disabled without losing what its definition says', async () => {
    await page.goto(chronos.url);
    await row(page, 'early').getByRole('button', { name: 'Disable early' }).click();
    await row(page, 'early').getByRole('button', { name: 'Enable early' }).waitFor();
    assert.match(String(await row(page, 'early').getAttribute('class')), /disabled/);
    assert.equal((await chronos.job('early'))['disabled'], true);
    const old = await page.request.get(`${chronos.url}scheduler/job/early`);
    assert.match(await old.text(), /"epsilon":"PT5M"/);
  });

  await t.test('a change is saved, also one made as JSON', async () => {
    await row(page, 'early').getByRole('button', { name: 'Edit early' }).click();
    await page.locator('[name=command]').fill('echo changed');
    await page.getByRole('tab', { name: 'JSON' }).click();
    const text = await page.locator('textarea').inputValue();
    await page.locator('textarea').fill(text.replace('"softError": false', '"softError": true'));
    await page.getByRole('tab', { name: 'Changes' }).click();
    await page.getByText('"softError": true').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'early', exact: true }).waitFor();
    const job = await chronos.job('early');
    assert.deepEqual([job['command'], job['softError']], ['echo changed', true]);
  });

  await t.test('the tasks of a job are killed, and the job deleted', async () => {
    await page.goto(`${chronos.url}#/jobs/endless`);
    await page.getByRole('button', { name: 'Run endless' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('tbody tr', { hasText: 'RUNNING' }).waitFor();
    await page.getByRole('button', { name: 'Kill endless' }).click();
    await page.getByRole('button', { name: 'Kill', exact: true }).click();
    await page.locator('tbody tr', { hasText: 'KILLED' }).waitFor();
    await page.getByRole('button', { name: 'Delete endless' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await row(page, 'early').waitFor();
    await row(page, 'endless').waitFor({ state: 'detached' });
  });

  await t.test('the keyboard goes everywhere, and a dialog closes with Escape', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('night');
    await row(page, 'early').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Run night-report' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  await t.test('it is dark where the system is', async () => {
    const dark = await browser.open(chronos.url, 'dark');
    await dark.getByRole('link', { name: 'night-report' }).waitFor();
    assert.notEqual(await backgroundOf(dark), await backgroundOf(page));
  });
});

test('5,000 jobs are shown, filtered and paged', async () => {
  await using chronos = await startChronos();
  await chronos.postMany(JOBS);
  await using browser = await startBrowser();
  const page = await browser.open(chronos.url);
  await page.getByText('5000 rows').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 50);
  await page.getByLabel('Find in Jobs').focus();
  await page.keyboard.insertText('job-4321');
  await page.getByRole('link', { name: 'job-4321' }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
});
