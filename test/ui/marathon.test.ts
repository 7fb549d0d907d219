/** Marathon's pages in a browser: each page and each action, over a real cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { type LocalCluster, startLocalCluster } from '../e2e/support/local-cluster.ts';
import { eventually, http } from '../e2e/support/programs.ts';
import { backgroundOf, keepScreenshots, startBrowser } from './support/browser.ts';

async function memberOf(cluster: LocalCluster, id: string, member: string): Promise<unknown> {
  const { body } = await http('GET', `${cluster.url('marathon')}/v2/apps${id}`);
  const app: unknown = typeof body === 'object' && body !== null && 'app' in body ? body.app : {};
  return Object.entries(app ?? {}).find(([name]) => name === member)?.[1];
}

/** No deployment is under way: the next change finds nothing locked. */
async function settled(cluster: LocalCluster): Promise<void> {
  await eventually('no deployment', async () => {
    const { body } = await http('GET', `${cluster.url('marathon')}/v2/deployments`);
    return Array.isArray(body) && body.length === 0;
  });
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
    await keepScreenshots(page, 'marathon-empty');
  });

  await t.test('what is wrong with a definition is said, and nothing is lost', async () => {
    await button(page, 'Create application').click();
    await dialog(page).getByLabel('ID').fill('/team/Web');
    await dialog(page)
      .getByLabel('Command')
      .fill('mkdir deep; echo inside >deep/file; echo first-line; exec sleep 1000');
    await dialog(page).getByLabel('CPUs').fill('0.1');
    await dialog(page).getByLabel('Memory (MiB)').fill('32');
    await dialog(page).getByRole('button', { name: 'Create application' }).click();
    await dialog(page).getByText('/id: ').waitFor();
    await keepScreenshots(page, 'marathon-form-refused');
    assert.equal(
      await dialog(page).getByLabel('Command').inputValue(),
      'mkdir deep; echo inside >deep/file; echo first-line; exec sleep 1000',
    );
  });

  await t.test('form and JSON are two views of one definition', async () => {
    await dialog(page).getByLabel('ID').fill('/team/web');
    await dialog(page).getByLabel('Labels, name=value').fill('tier=front');
    await dialog(page).getByRole('tab', { name: 'JSON' }).click();
    const document = JSON.parse(await dialog(page).getByLabel('Definition').inputValue());
    assert.deepEqual(document.labels, { tier: 'front' });
    await keepScreenshots(page, 'marathon-json');
    assert.equal(document.id, '/team/web');
  });

  await t.test('ports, health checks and volumes are rows of the form', async () => {
    await dialog(page).getByRole('tab', { name: 'Form' }).click();
    for (const [title, name] of [
      ['Ports', 'port'],
      ['Health checks', 'health check'],
      ['Volumes', 'volume'],
    ] as const) {
      await dialog(page).getByText(`${title} (0)`).click();
      await button(page, `Add ${name}`).click();
    }
    await dialog(page).getByLabel('Port name').fill('http');
    await dialog(page).getByLabel('Check by').selectOption('COMMAND');
    await dialog(page).getByLabel('Path or command').fill('true');
    await dialog(page).getByLabel('Container path').fill('data');
    await dialog(page).getByLabel('Size to keep (MiB)').fill('5');
    await keepScreenshots(page, 'marathon-form-rows');
    await dialog(page).getByRole('tab', { name: 'JSON' }).click();
    const document = JSON.parse(await dialog(page).getByLabel('Definition').inputValue());
    assert.deepEqual(document.portDefinitions, [{ port: 0, protocol: 'tcp', name: 'http' }]);
    assert.deepEqual(document.healthChecks, [{ protocol: 'COMMAND', command: { value: 'true' } }]);
    assert.deepEqual(document.container, {
      type: 'MESOS',
      volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 5 } }],
    });
    await dialog(page).getByRole('tab', { name: 'Form' }).click();
    await button(page, 'Remove health check').click();
    await button(page, 'Remove volume').click();
    await dialog(page).getByRole('button', { name: 'Create application' }).click();
    await page.getByText('/team/web was created.').waitFor();
    await page.getByRole('heading', { name: '/team/web' }).waitFor();
  });

  await t.test('the instance appears by itself, with its sandbox and output', async () => {
    await page.getByText('1 of 1 instances').waitFor();
    await page.locator('tbody td a', { hasText: 'team_web.instance-' }).click();
    await page.getByText('stdout').first().waitFor();
    await page.getByText('first-line').waitFor();
    await keepScreenshots(page, 'marathon-instance');
    const output = (line: string) => page.locator('.log pre', { hasText: line });
    await page.getByLabel('Find lines').fill('FIRST');
    await output('first-line').waitFor();
    await page.getByLabel('Find lines').fill('nothing-like-it');
    await output('first-line').waitFor({ state: 'detached' });
    await page.getByLabel('Find lines').fill('');
    await page.getByRole('link', { name: 'deep/' }).click();
    await button(page, 'file').click();
    await output('inside').waitFor();
    await page.getByRole('link', { name: '/team/web' }).click();
  });

  await t.test('scaling', async () => {
    await button(page, 'Scale').click();
    await dialog(page).getByLabel('Instances').fill('3');
    await dialog(page).getByRole('button', { name: 'Scale' }).click();
    await page.getByText('3 of 3 instances').waitFor();
    assert.equal(await memberOf(cluster, '/team/web', 'instances'), 3);
    await keepScreenshots(page, 'marathon-instances');
  });

  await t.test(
    'a change is shown as a difference before it is sent, and kept as a version',
    async () => {
      await button(page, 'Edit').click();
      await dialog(page).getByLabel('Memory (MiB)').fill('40');
      await dialog(page).getByRole('tab', { name: 'Changes' }).click();
      assert.match(await dialog(page).locator('.removed').innerText(), /"mem": 32/);
      assert.match(await dialog(page).locator('.added').innerText(), /"mem": 40/);
      await keepScreenshots(page, 'marathon-changes');
      await button(page, 'Change application').click();
      await eventually('mem 40', async () => (await memberOf(cluster, '/team/web', 'mem')) === 40);
      await page.getByRole('link', { name: 'Versions' }).click();
      await page.locator('.diff .added', { hasText: '"mem": 40' }).waitFor();
      await keepScreenshots(page, 'marathon-versions');
    },
  );

  await t.test('one instance is killed and scaled away', async () => {
    await page.getByRole('link', { name: 'Instances' }).click();
    await page.getByText('3 of 3 instances').waitFor();
    await settled(cluster);
    await page.locator('tbody input[type=checkbox]').first().check();
    await button(page, 'Kill and scale down').click();
    await dialog(page).getByRole('button', { name: 'Kill and scale down' }).click();
    await page.getByText('2 of 2 instances').waitFor();
  });

  await t.test('one instance is killed, and its next task takes its place', async () => {
    await settled(cluster);
    await page.locator('tbody input[type=checkbox]').first().check();
    await button(page, 'Kill').click();
    await dialog(page).getByRole('button', { name: 'Kill' }).click();
    await page.locator('tbody td a', { hasText: '._app.2' }).waitFor();
    await page.getByText('2 of 2 instances').waitFor();
  });

  await t.test('groups are folders, filters search, and a group shows the sum', async () => {
    await page.getByRole('link', { name: 'Applications' }).first().click();
    await page.locator('tbody tr', { hasText: 'team/' }).getByText('2 of 2').waitFor();
    await keepScreenshots(page, 'marathon-groups');
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
    await keepScreenshots(page, 'marathon-why');
    await page.getByRole('link', { name: /^Deployments/ }).click();
    await page.getByText('Start /huge (0 of 1 run)').waitFor();
    await keepScreenshots(page, 'marathon-deployments');
    await button(page, 'Roll back').click();
    await dialog(page).getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('No deployment is under way.').waitFor();
  });

  await t.test('a deployment is stopped, and what it has changed stays', async () => {
    const app = { id: '/stuck', cmd: 'sleep 1000', cpus: 900, mem: 32 };
    await http('POST', `${cluster.url('marathon')}/v2/apps`, app);
    await page.getByText('Start /stuck (0 of 1 run)').waitFor();
    await button(page, 'Stop').click();
    await dialog(page).getByRole('button', { name: 'Stop' }).click();
    await page.getByText('No deployment is under way.').waitFor();
    assert.equal(await memberOf(cluster, '/stuck', 'cpus'), 900);
    await http('DELETE', `${cluster.url('marathon')}/v2/apps/stuck`);
  });

  await t.test('events are shown as they come', async () => {
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByText('deployment_success').first().waitFor();
    await keepScreenshots(page, 'marathon-events');
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
    await settled(cluster);
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

  await t.test('a pod is created in the form, without a mouse', async () => {
    await page.goto(`${cluster.url('marathon')}/ui/#/`);
    await button(page, 'Create pod').focus();
    await page.keyboard.press('Enter');
    await dialog(page).getByLabel('ID').fill('/team/pair');
    await dialog(page).getByLabel('Command').fill('echo from-the-pod; exec sleep 1000');
    await button(page, 'Add container').focus();
    await page.keyboard.press('Enter');
    await dialog(page).getByLabel('Name').last().fill('side');
    await dialog(page).getByLabel('Command').last().fill('exec sleep 1000');
    await keepScreenshots(page, 'marathon-pod-form');
    await dialog(page).getByRole('button', { name: 'Create pod' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('/team/pair was created.').waitFor();
    await page.getByText('1 of 1 instances').waitFor();
    await page.locator('tbody').getByText('STABLE').waitFor();
    await keepScreenshots(page, 'marathon-pod');
  });

  await t.test('each container of a pod has its sandbox', async () => {
    await page.locator('tbody').getByRole('link', { name: 'main' }).click();
    await page.getByText('from-the-pod').waitFor();
    await keepScreenshots(page, 'marathon-pod-container');
    await page.getByRole('link', { name: '/team/pair' }).click();
  });

  await t.test('a pod is scaled, changed as JSON, and goes back to a version', async () => {
    await button(page, 'Scale').click();
    await dialog(page).getByLabel('Instances').fill('2');
    await dialog(page).getByRole('button', { name: 'Scale' }).click();
    await page.getByText('2 of 2 instances').waitFor();
    await settled(cluster);
    await button(page, 'Edit').click();
    await dialog(page).getByRole('tab', { name: 'JSON' }).click();
    const text = await dialog(page).getByLabel('Definition').inputValue();
    const definition = { ...JSON.parse(text), labels: { changed: 'yes' } };
    await dialog(page).getByLabel('Definition').fill(JSON.stringify(definition));
    await button(page, 'Change pod').click();
    await page.getByText('/team/pair is being changed.').waitFor();
    await page.getByRole('link', { name: 'Versions' }).click();
    await page.locator('.diff .added', { hasText: '"changed": "yes"' }).waitFor();
    await keepScreenshots(page, 'marathon-pod-versions');
    await settled(cluster);
    await button(page, 'Apply this version').click();
    await dialog(page).getByRole('button', { name: 'Apply version' }).click();
    await eventually('no label', async () => {
      const { body } = await http('GET', `${cluster.url('marathon')}/v2/pods/team/pair`);
      return !JSON.stringify(body).includes('changed');
    });
  });

  await t.test('why a pod does not run', async () => {
    const resources = { cpus: 900, mem: 32 };
    const containers = [{ name: 'main', exec: { command: { shell: 'sleep 1000' } }, resources }];
    await http('POST', `${cluster.url('marathon')}/v2/pods`, { id: '/greedy', containers });
    await page.goto(`${cluster.url('marathon')}/ui/#/pod/%2Fgreedy/why`);
    await page.getByText('Most offers do not have what it needs: CPUs.').waitFor();
    await keepScreenshots(page, 'marathon-pod-why');
    await http('DELETE', `${cluster.url('marathon')}/v2/pods/greedy?force=true`);
  });

  await t.test('one instance of a pod is killed', async () => {
    await page.goto(`${cluster.url('marathon')}/ui/#/`);
    await page.getByRole('link', { name: 'team/' }).click();
    await page.getByRole('link', { name: 'pair', exact: true }).click();
    await page.getByText('2 of 2 instances').waitFor();
    await settled(cluster);
    const first = page.locator('tbody input[type=checkbox]').first();
    const chosen = (await first.getAttribute('aria-label')) ?? '';
    await first.check();
    await button(page, 'Kill').click();
    await dialog(page).getByRole('button', { name: 'Kill' }).click();
    await eventually('its end is in the history', async () => {
      const url = `${cluster.url('marathon')}/v2/pods/team/pair::history`;
      const text = JSON.stringify((await http('GET', url)).body);
      return text.includes(chosen.replace('Choose ', '')) && text.includes('"by":"request"');
    });
  });

  await t.test('a pod is suspended, then destroyed', async () => {
    await button(page, 'Suspend').click();
    await dialog(page).getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Suspended', { exact: true }).waitFor();
    await button(page, 'Destroy').click();
    await dialog(page).getByRole('button', { name: 'Destroy' }).click();
    await eventually(
      'it is gone',
      async () =>
        (await http('GET', `${cluster.url('marathon')}/v2/pods/team/pair`)).status === 404,
    );
  });

  await t.test('both themes', async () => {
    const light = await backgroundOf(page);
    await page.getByLabel('Theme').selectOption('dark');
    assert.notEqual(await backgroundOf(page), light);
  });
});
