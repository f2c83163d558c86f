// locust_ui.js PAGE SERVICE LOCUST_UI IMAGE: Locust's own front-end, as npm has it in the folder LOCUST_UI, in front of the
// API of swarm. It is served from the address of swarm, and every request but those for its own files reaches swarm.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { claim } from './browser.js';

const here = dirname(fileURLToPath(import.meta.url));
const [url, service, locustUi, image] = process.argv.slice(2);

const bundle = await build({
  stdin: {
    contents: `import { createElement } from 'react';
      import { createRoot } from 'react-dom/client';
      import LocustUi from ${JSON.stringify(`${locustUi}/webui.js`)};
      createRoot(document.getElementById('root')).render(createElement(LocustUi, {}));`,
    resolveDir: here,
  },
  nodePaths: [`${here}/node_modules`],
  bundle: true,
  format: 'iife',
  write: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.svg': 'dataurl', '.png': 'dataurl' },
  logLevel: 'error',
});

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const problems = [];
page.on('pageerror', (error) => problems.push(String(error)));
await page.route('**/locust-ui.js', (route) => route.fulfill({ contentType: 'text/javascript', body: bundle.outputFiles[0].text }));
await page.route('**/locust-ui.html', async (route) => {
  const data = await (await fetch(`${url}page-data`)).text();
  await route.fulfill({ contentType: 'text/html', body: `<!doctype html><div id="root"></div>
    <script>window.templateArgs = ${data.replaceAll('<', '\\u003c')}</script><script src="locust-ui.js"></script>` });
});

const state = async () => (await (await fetch(`${url}stats/requests`)).json());
async function until(what, holds) {
  for (let tries = 0; tries < 150; ++tries) {
    if (holds(await state())) return;
    await page.waitForTimeout(200);
  }
  throw new Error(`never: ${what}; ${JSON.stringify(await state()).slice(0, 400)}`);
}

await page.goto(`${url}locust-ui.html`);
await page.locator('input[name=userCount]').fill('12');
await page.locator('input[name=spawnRate]').fill('50');
await page.locator('input[name=host]').fill(service);
await page.getByRole('button', { name: /start/i }).click();
await until('it starts', (stats) => stats.state === 'running' && stats.user_count === 12);
await page.getByRole('cell', { name: 'POST /events' }).first().waitFor();
await page.getByRole('button', { name: /edit/i }).click();
await page.locator('.MuiModal-root input[name=userCount]').fill('7');
await page.locator('.MuiModal-root input[name=spawnRate]').fill('50');
await page.getByRole('button', { name: /update/i }).click();
await until('it is edited', (stats) => stats.state === 'running' && stats.user_count === 7);
for (const tab of ['Charts', 'Failures', 'Exceptions', 'Current Ratio', 'Download Data', 'Logs']) {
  await page.getByRole('tab', { name: new RegExp(tab, 'i') }).click();
  await page.waitForTimeout(700);
  if (tab === 'Current Ratio') await page.getByText('HighThroughputUser').first().waitFor();
  if (tab === 'Logs') await page.getByText('Ramping to 7 users').first().waitFor();
}
await page.getByRole('tab', { name: /charts/i }).click();
await page.waitForTimeout(5000);
if (image) await page.screenshot({ path: image });
const before = (await state()).stats.at(-1).num_requests;
await page.getByRole('button', { name: /reset/i }).click();
await until('it counts from zero', (stats) => stats.stats.at(-1).num_requests < before);
await page.getByRole('button', { name: /stop/i }).click();
await until('it stops', (stats) => stats.state === 'stopped' && stats.user_count === 0);
await page.getByRole('button', { name: /new/i }).click();
await page.locator('input[name=userCount]').first().fill('3');
await page.locator('input[name=spawnRate]').first().fill('50');
await page.getByRole('button', { name: /start/i }).click();
await until('it starts again', (stats) => stats.state === 'running' && stats.user_count === 3);
claim(problems.length === 0, `no error: ${problems.join('\n')}`);
await browser.close();
console.log('started, watched, edited, reset, stopped, started again');
