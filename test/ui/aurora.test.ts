/** The pages of Aurora in a browser, over an Aurora with a fake cluster (spec aurora-scheduler, section 10). */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { removeDirectory, temporaryDirectory } from '../e2e/support/programs.ts';
import { hello, startAurora } from './support/aurora.ts';
import { backgroundOf, startBrowser } from './support/browser.ts';

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

const CHANGED = hello({
  contact: 'new@example.com',
  update_config: { watch_secs: 3_600, batch_size: 1, rollback_on_failure: true },
});

/** Fills fields of the window that the button opens, and sends it. */
async function edit(
  page: Page,
  name: string,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  await button(page, name).click();
  const dialog = page.getByRole('dialog');
  for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label).fill(value);
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
}

/** Presses the button and confirms, with a reason where one is asked for. */
async function act(page: Page, name: string, reason?: string): Promise<void> {
  await button(page, name).click();
  const dialog = page.getByRole('dialog');
  if (reason !== undefined) await dialog.getByRole('textbox').fill(reason);
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
}

const table = (page: Page, title: string) =>
  page.locator('section.table', { has: page.getByRole('heading', { name: title }) });

const instanceRow = (page: Page, instance: string) =>
  table(page, 'Instances').locator('tbody tr', {
    has: page.getByRole('link', { name: instance, exact: true }),
  });

test('jobs, instances and updates are watched and steered in the pages of Aurora', async (t) => {
  await using it = await startAurora();
  await using browser = await startBrowser();
  const page = await browser.open(`${it.url}/`);

  await t.test('what there is appears by itself', async () => {
    assert.equal(await page.title(), 'Aurora');
    await page.getByText('There are no jobs yet.').waitFor();
    await it.ask('POST', '/v1/jobs', hello());
    await page.getByRole('link', { name: 'www', exact: true }).click();
    await page.getByRole('link', { name: 'web', exact: true }).click();
    await instanceRow(page, '0').getByText('running').waitFor();
    await instanceRow(page, '1').getByText('running').waitFor();
  });

  await t.test('an instance is restarted, and its page has every state of its tasks', async () => {
    await instanceRow(page, '1').getByRole('link', { name: '1', exact: true }).click();
    await page.getByRole('heading', { name: 'Instance 1' }).waitFor();
    await act(page, 'Restart www/prod/web/1');
    await page.getByRole('heading', { name: 'Earlier tasks' }).waitFor();
    await page.locator('.history').last().getByText('restarting').waitFor();
    await page.getByText('Restarted by UNSECURE').waitFor();
    await page.locator('.history').first().getByText('running').waitFor();
    await page
      .locator('a', { hasText: /^www-prod-web-1-/ })
      .last()
      .click();
    await page.getByRole('heading', { name: 'Task of instance 1' }).waitFor();
    assert.equal(await page.locator('.history').count(), 1, 'only the task that was asked for');
  });

  await t.test('an instance is killed with a reason, others are added', async () => {
    await page.goto(`${it.url}/scheduler/www/prod/web`);
    await act(page, 'Kill www/prod/web/1', 'makes noise');
    await instanceRow(page, '1').waitFor({ state: 'detached' });
    await act(page, 'Add instances www/prod/web');
    await instanceRow(page, '1').getByText('running').waitFor();
    await table(page, 'Ended tasks').getByText('killed').nth(1).waitFor();
  });

  await t.test(
    'an update shows what changes and how far it is, and is paused and rolled back',
    async () => {
      // The update stays with instance 0.
      const watched = { 'Seconds that each is watched': '3600' };
      await edit(page, 'Update', { ...watched, 'Command of web': './web --port 81' });
      await page.getByRole('link', { name: /^Instance 0: updating/ }).waitFor();
      await page.getByRole('link', { name: /^Instance 1: waiting/ }).waitFor();
      await page.locator('.diff .added', { hasText: '"cmdline": "./web --port 81"' }).waitFor();
      await act(page, 'Pause the update', 'lunch');
      await page.getByText('roll forward paused').first().waitFor();
      await page.getByText('lunch').waitFor();
      await act(page, 'Resume the update');
      await page.getByRole('heading', { name: 'rolling forward' }).waitFor();
      await act(page, 'Roll back the update');
      await page.getByRole('link', { name: /^Instance 0: rolling back/ }).waitFor();
      await act(page, 'Abort the update');
      await page.getByRole('heading', { name: 'aborted' }).waitFor();
      assert.equal(await button(page, 'Abort the update').count(), 0, 'nothing is left to steer');
    },
  );

  await t.test(
    'the updates of all jobs are listed, and chosen by status in the address',
    async () => {
      await page.getByRole('link', { name: 'Updates', exact: true }).click();
      await table(page, 'Ended').getByText('aborted').waitFor();
      await page.getByLabel('Status').selectOption('ABORTED');
      await page.waitForURL(/#\/updates\?status=ABORTED$/);
      await table(page, 'Ended').getByRole('link', { name: 'www/prod/web' }).click();
      await page.getByRole('heading', { name: 'web' }).waitFor();
    },
  );

  await t.test('instances with different configurations are compared', async () => {
    await it.ask('POST', '/v1/jobs/www/prod/web/updates', CHANGED);
    await page.getByText('compared with').waitFor();
    await page.locator('.diff .added').first().waitFor();
  });

  await t.test(
    'a job is made, the quota changed, and a host taken out of service and back',
    async () => {
      await page.goto(`${it.url}/scheduler/www`);
      const quota = page.getByRole('row', { name: /^Quota / });
      await quota.getByRole('cell', { name: '0', exact: true }).waitFor();
      await edit(page, 'Change the quota', { CPU: '7', 'RAM (MB)': '1024', 'Disk (MB)': '2048' });
      await quota.getByRole('cell', { name: '7', exact: true }).waitFor();
      await edit(page, 'New job', { Name: 'fresh', Environment: 'test' });
      await page.waitForURL(/#\/scheduler\/www\/test\/fresh$/);
      await instanceRow(page, '0').getByText('running').waitFor();

      await page.getByRole('link', { name: 'Hosts', exact: true }).click();
      await page.getByText('All hosts are in service.').waitFor();
      await act(page, 'Avoid a host', 'elsewhere');
      await page.getByRole('alert').getByText('There is no host elsewhere').waitFor();
      await act(page, 'Avoid a host', 'a1.example');
      await table(page, 'Out of service').getByText('scheduled').waitFor();
      await act(page, 'Return a1.example');
      await page.getByText('All hosts are in service.').waitFor();
    },
  );

  await t.test('a pending instance says what it waits for', async () => {
    await it.ask('POST', '/v1/jobs', hello({ name: 'big', instances: 1 }, { cpu: 1_000 }));
    await page.goto(`${it.url}/scheduler/www/prod/big`);
    await instanceRow(page, '0').getByText('Insufficient: CPU').waitFor();
  });

  await t.test('a cron job shows when it runs, and runs now', async () => {
    const cron = { name: 'night', service: false, cron_schedule: '0 3 * * *' };
    await it.ask('POST', '/v1/jobs', hello(cron));
    await page.goto(`${it.url}/scheduler/www/prod/night`);
    await page.locator('ol li', { hasText: 'T03:00:00Z' }).nth(9).waitFor();
    await act(page, 'Run now www/prod/night');
    await instanceRow(page, '0').getByText('running').waitFor();
  });

  await t.test('what the server refuses is shown', async () => {
    await page.goto(`${it.url}/scheduler/www/prod/big`);
    await button(page, 'Add instances www/prod/big').click();
    await page.getByLabel('How many').fill('5000');
    await page.getByRole('dialog').locator('button[type=submit]').click();
    await page.getByRole('alert').waitFor();
  });

  await t.test('a job is killed as a whole', async () => {
    await act(page, 'Kill www/prod/big', 'too big');
    await page.getByText('There is no job www/prod/big.').waitFor();
  });

  await t.test('the keyboard goes everywhere, and a dialog closes with Escape', async () => {
    await page.goto(`${it.url}/scheduler/www`);
    await page.getByRole('link', { name: 'web', exact: true }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('night');
    await page.getByRole('link', { name: 'web', exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'night', exact: true }).focus();
    await page.keyboard.press('Enter');
    await button(page, 'Kill www/prod/night').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  await t.test('it is dark where the system is', async () => {
    const dark = await browser.open(`${it.url}/scheduler/www`, 'dark');
    await dark.getByRole('link', { name: 'web', exact: true }).waitFor();
    assert.notEqual(await backgroundOf(dark), await backgroundOf(page));
  });

  await t.test("the original's addresses lead to their pages", async () => {
    const { updates } = Object(await it.ask('GET', '/v1/updates'));
    const taskId = it.aurora.machine.state.tasks.ofJob('www/prod/web')[0]?.assignedTask.taskId;
    const rows = [
      ['/scheduler', 'Roles'],
      ['/scheduler/', 'Roles'],
      ['/scheduler/www', 'Jobs'],
      ['/scheduler/www/prod', 'Jobs'],
      ['/scheduler/www/prod/web', 'web'],
      ['/scheduler/www/prod/web/', 'web'],
      ['/scheduler/www/prod/web/0', 'Instance 0'],
      [`/scheduler/www/prod/web/task/${taskId}`, 'Task of instance'],
      [`/scheduler/www/prod/web/update/${updates[0].key.id}`, 'Update of web'],
      ['/updates', 'Under way'],
    ] as const;
    for (const [path, heading] of rows) {
      const answer = await page.goto(`${it.url}${path}`);
      assert.equal(answer?.status(), 200, path);
      await page.getByRole('heading', { name: heading }).first().waitFor();
    }
  });

  await t.test(
    'whoever changes something is asked for a name by the browser, whoever looks is not',
    async () => {
      const directory = await temporaryDirectory('aurora-login');
      try {
        const users = join(directory, 'shiro.ini');
        await writeFile(users, '[users]\nalice = secret, admin\n[roles]\nadmin = *\n');
        await using it = await startAurora(
          '-http_authentication_mechanism=BASIC',
          `-shiro_ini_path=${users}`,
        );
        const alice = { username: 'alice', password: 'secret' };
        const authorization = `Basic ${Buffer.from('alice:secret').toString('base64')}`;
        await it.ask('POST', '/v1/jobs', hello(), { authorization });
        const address = `${it.url}/scheduler/www/prod/web`;
        const stranger = await browser.open(address);
        await instanceRow(stranger, '1').getByText('running').waitFor();
        const page = await browser.open(address, 'light', alice);
        await act(page, 'Kill www/prod/web/1', 'makes noise');
        await instanceRow(page, '1').waitFor({ state: 'detached' });
        const tasks = JSON.stringify(await it.ask('GET', '/v1/jobs/www/prod/web/tasks'));
        assert.match(tasks, /Killed by alice\.\\nmakes noise/);
      } finally {
        await removeDirectory(directory);
      }
    },
  );
});
