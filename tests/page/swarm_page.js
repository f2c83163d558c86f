// swarm_page.js PAGE SERVICE IMAGES: uses the page of swarm as a person does: starts a test, watches each tab, edits, resets
// and stops it, starts the next. Writes a picture of each tab, light and dark, into IMAGES.
import { claim, withPage } from './browser.js';

const [url, service, images] = process.argv.slice(2);
const tabs = ['Statistics', 'Charts', 'Failures', 'Exceptions', 'Current ratio', 'Download', 'Logs'];

const figure = (page, name) => page.locator('.figure', { hasText: name }).locator('dd').innerText();
const waitForFigure = (page, name, value) => page.waitForFunction(
  ([wanted_name, wanted]) => [...document.querySelectorAll('.figure')].some((one) => one.querySelector('dt').textContent === wanted_name
    && one.querySelector('dd').textContent === wanted), [name, value], { timeout: 30000 });

async function start(page) {
  claim(await page.getByRole('heading', { name: 'New load test' }).isVisible(), 'a fresh page asks for the test');
  await page.screenshot({ path: `${images}/start-light.png` });
  await page.getByLabel('Users', { exact: false }).first().fill('20');
  await page.getByLabel('Users started per second').fill('50');
  await page.getByLabel('Host').fill('nonsense://');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('alert').filter({ hasText: 'is not the URL' }).waitFor();
  await page.getByLabel('Host').fill(service);
  await page.getByRole('button', { name: 'Start' }).click();
  await waitForFigure(page, 'State', 'running');
  await waitForFigure(page, 'Users', '20');
}

async function edit(page, users) {
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Users', { exact: false }).first().fill(String(users));
  await page.getByRole('button', { name: 'Update' }).click();
  await waitForFigure(page, 'Users', String(users));
}

async function sort(page) {
  const names = () => page.locator('tbody tr td:nth-child(2)').allInnerTexts();
  await page.getByRole('button', { name: 'Name' }).click();
  const up = await names();
  claim(up.length > 1 && up.join() === [...up].sort((a, b) => a.localeCompare(b)).join(), `sorted by name: ${up}`);
  await page.getByRole('button', { name: 'Name' }).click();
  claim((await names()).join() === up.reverse().join(), 'sorted the other way');
  claim(await page.locator('th[aria-sort=descending]').count() === 1, 'the heading says so');
}

async function zoom(page) {
  const chart = page.locator('.u-over').first();
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 50, { steps: 5 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Undo zoom' }).click();
  claim(await page.getByRole('button', { name: 'Whole run' }).getAttribute('aria-pressed') === 'true', 'the zoom is undone');
}

async function lookAtTabs(page, theme) {
  for (const tab of tabs) {
    await page.getByRole('tab', { name: tab }).click();
    await page.waitForTimeout(400);
    const text = await page.getByRole('tabpanel').innerText();
    claim(text.trim().length > 0, `the tab ${tab} shows something`);
    await page.screenshot({ path: `${images}/${tab.toLowerCase().replace(' ', '-')}-${theme}.png` });
  }
}

async function useKeyboard(page) {
  await page.getByRole('tab', { name: 'Statistics' }).click();
  await page.keyboard.press('ArrowRight');
  claim(await page.getByRole('tab', { name: 'Charts' }).getAttribute('aria-selected') === 'true', 'the arrow opens the next tab');
  await page.keyboard.press('End');
  claim(await page.getByRole('tab', { name: 'Logs' }).getAttribute('aria-selected') === 'true', 'End opens the last');
  claim(new URL(page.url()).hash === '#logs', 'the address keeps the tab');
}

await withPage(url, { colorScheme: 'light' }, async (page) => {
  await start(page);
  await page.waitForTimeout(3000);
  await sort(page);
  await edit(page, 30);
  await page.waitForTimeout(5000);
  await page.getByRole('tab', { name: 'Charts' }).click();
  await zoom(page);
  await lookAtTabs(page, 'light');
  await useKeyboard(page);
  await page.reload();
  await page.getByRole('log').filter({ hasText: 'Ramping to 30 users' }).waitFor();  // a reload opens the same tab
});

await withPage(`${url}#charts`, { colorScheme: 'dark' }, async (page) => {
  await page.locator('.u-over').first().waitFor();
  await lookAtTabs(page, 'dark');
  await page.getByRole('tab', { name: 'Statistics' }).click();
  const before = Number((await page.locator('tfoot td').nth(2).innerText()).replaceAll(/\D/g, ''));
  await page.getByRole('button', { name: 'Reset' }).click();
  await page.waitForFunction((old) => Number(document.querySelectorAll('tfoot td')[2].textContent.replaceAll(/\D/g, '')) < old, before);
  await page.getByRole('button', { name: 'Stop' }).click();
  await waitForFigure(page, 'State', 'stopped');
  await page.getByRole('button', { name: 'New test' }).click();
  await page.screenshot({ path: `${images}/new-test-dark.png` });
  await page.getByRole('button', { name: 'Start' }).click();
  await waitForFigure(page, 'State', 'running');
  claim(await figure(page, 'Failures') === '0 %', 'a new test begins without failures');
  await page.getByRole('button', { name: 'Stop' }).click();
  await waitForFigure(page, 'State', 'stopped');
});

await withPage(url, { viewport: { width: 390, height: 800 }, colorScheme: 'light' }, async (page) => {
  await page.getByRole('tab', { name: 'Statistics' }).waitFor();
  claim(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'a phone scrolls only the table');
  await page.screenshot({ path: `${images}/phone-light.png` });
});
console.log('started, watched, edited, zoomed, reset, stopped, started again');
