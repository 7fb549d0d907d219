/** Marathon's pages in a browser: each page and each action, over a real cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { type LocalCluster, startLocalCluster } from '../e2e/support/local-cluster.ts';
import { eventually, http } from '../e2e/support/programs.ts';
import { backgroundOf, startBrowser } from './support/browser.ts';

async function memberOf(cluster: LocalCluster, id: string, member: string): Promise<unknown> {
  const { body } = await http('GET', `${cluster.url('marathon')}/v2/apps${id}`);
  const app: unknown = typeof body === 'object' && body !== null && 'app' in body ? body.app : {};
  return Object.entries(app ?? {}).find(([name]) => name === member)?.[1];
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const dialog = (page: Page) => page.locator('dialog');

test('an app is created, watched, changed and destroyed in the browser', async (t) => {
  await using cluster = await startLocalCluster('marathon-pages');
  await using browser = await startBrowser();
  const page = await browser.open(`${cluster.url('marathon')}/`);

  await t.test('the address leads to the pages, empty at first', async () => {
    assert.match(page.url(), /\/ui\/$/);
    await page.getByText('No applications yet.').waitFor();
  });

  await t.test('what is wrong with a definition is said, and nothing is lost', async () => {
    await button(page, 'Create application').click();
    await dialog(page).getByLabel('ID').fill('/team/Web');
    await dialog(page).getByLabel('Command').fill('echo first-line; exec sleep 1000');
    await dialog(page).getByLabel('CPUs').fill('0.1');
    await dialog(page).getByLabel('Memory (MiB)').fill('32');
    await dialog(page).getByRole('button', { name: 'Create application' }).click();
    await dialog(page).getByText('/id: ').waitFor();
    assert.equal(
      await dialog(page).getByLabel('Command').inputValue(),
      'echo first-line; exec sleep 1000',
    );
  });

  await t.test('form and JSON are two views of one definition', async () => {
    await dialog(page).getByLabel('ID').fill('/team/web');
    await dialog(page).getByLabel('Labels, name=value').fill('tier=front');
    await dialog(page).getByRole('tab', { name: 'JSON' }).click();
    const document = JSON.parse(await dialog(page).getByLabel('Definition').inputValue());
    assert.deepEqual(document.labels, { tier: 'front' });
    assert.equal(document.id, '/team/web');
    await dialog(page).getByRole('button', { name: 'Create application' }).click();
    await page.getByText('/team/web was created.').waitFor();
    await page.getByRole('heading', { name: '/team/web' }).waitFor();
  });

  await t.test('the instance appears by itself, with its sandbox and output', async () => {
    await page.getByText('1 of 1 instances').waitFor();
    await page.locator('tbody td a', { hasText: 'team_web.instance-' }).click();
    await page.getByText('stdout').first().waitFor();
    await page.getByText('first-line').waitFor();
    await page.goBack();
  });

  await t.test('scaling', async () => {
    await button(page, 'Scale').click();
    await dialog(page).getByLabel('Instances').fill('3');
    await dialog(page).getByRole('button', { name: 'Scale' }).click();
    await page.getByText('3 of 3 instances').waitFor();
    assert.equal(await memberOf(cluster, '/team/web', 'instances'), 3);
  });

  await t.test(
    'a change is shown as a difference before it is sent, and kept as a version',
    async () => {
      await button(page, 'Edit').click();
      await dialog(page).getByLabel('Memory (MiB)').fill('40');
      await dialog(page).getByRole('tab', { name: 'Changes' }).click();
      assert.match(await dialog(page).locator('.removed').innerText(), /"mem": 32/);
      assert.match(await dialog(page).locator('.added').innerText(), /"mem": 40/);
      await button(page, 'Change application').click();
      await eventually('mem 40', async () => (await memberOf(cluster, '/team/web', 'mem')) === 40);
      await page.getByRole('link', { name: 'Versions' }).click();
      await page.locator('.diff .added', { hasText: '"mem": 40' }).waitFor();
    },
  );

  await t.test('one instance is killed and scaled away', async () => {
    await page.getByRole('link', { name: 'Instances' }).click();
    await page.getByText('3 of 3 instances').waitFor();
    await eventually('no deployment', async () => {
      const { body } = await http('GET', `${cluster.url('marathon')}/v2/deployments`);
      return Array.isArray(body) && body.length === 0;
    });
    await page.locator('tbody input[type=checkbox]').first().check();
    await button(page, 'Kill and scale down').click();
    await dialog(page).getByRole('button', { name: 'Kill and scale down' }).click();
    await page.getByText('2 of 2 instances').waitFor();
  });

  await t.test('groups are folders, filters search, and a group shows the sum', async () => {
    await page.getByRole('link', { name: 'Applications' }).first().click();
    const group = page.locator('tbody tr', { hasText: 'team/' });
    assert.match(await group.innerText(), /2 of 2/);
    await page.getByRole('link', { name: 'team/' }).click();
    await page.locator('tbody tr', { hasText: 'tier: front' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('nothing-like-it');
    await page.getByText('Nothing matches').waitFor();
  });

  await t.test('why it does not run, and its deployment, which is rolled back', async () => {
    const app = { id: '/huge', cmd: 'sleep 1000', cpus: 900, mem: 32 };
    await http('POST', `${cluster.url('marathon')}/v2/apps`, app);
    await page.goto(`${cluster.url('marathon')}/ui/#/app/%2Fhuge/why`);
    await page.getByText('Most offers do not have what it needs: CPUs.').waitFor();
    await page.getByText(/^cpus [0-9.]+ instead of 900$/).waitFor();
    await page.getByRole('link', { name: /^Deployments/ }).click();
    await page.getByText('Start /huge (0 of 1 run)').waitFor();
    await button(page, 'Roll back').click();
    await dialog(page).getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('No deployment is under way.').waitFor();
  });

  await t.test('events are shown as they come', async () => {
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByText('deployment_success').first().waitFor();
  });

  await t.test('restart, suspend and destroy ask first', async () => {
    await page.goto(`${cluster.url('marathon')}/ui/#/app/%2Fteam%2Fweb`);
    const before = await memberOf(cluster, '/team/web', 'version');
    await button(page, 'Restart').click();
    await page.keyboard.press('Escape');
    assert.equal(await memberOf(cluster, '/team/web', 'version'), before);
    await button(page, 'Restart').click();
    await dialog(page).getByRole('button', { name: 'Restart' }).click();
    await eventually(
      'a new version',
      async () => (await memberOf(cluster, '/team/web', 'version')) !== before,
    );
    await eventually('no deployment', async () => {
      const { body } = await http('GET', `${cluster.url('marathon')}/v2/deployments`);
      return Array.isArray(body) && body.length === 0;
    });
    await button(page, 'Suspend').click();
    await dialog(page).getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Suspended', { exact: true }).waitFor();
    await button(page, 'Destroy').click();
    await dialog(page).getByRole('button', { name: 'Destroy' }).click();
    await eventually(
      'it is gone',
      async () => (await http('GET', `${cluster.url('marathon')}/v2/apps/team/web`)).status === 404,
    );
  });

  await t.test('both themes', async () => {
    const light = await backgroundOf(page);
    await page.getByLabel('Theme').selectOption('dark');
    assert.notEqual(await backgroundOf(page), light);
  });
});
