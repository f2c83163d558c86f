// locust_ui.js PAGE SERVICE IMAGE: uses Locust's web page as a person does. It starts a test, changes its users, checks the
// charts, stops it, downloads the statistics, and starts the other class. Ends with an error if anything is missing.
const { chromium } = require('playwright-core');
const [page_url, service, image] = process.argv.slice(2);

async function start(page, users, user_class) {
  await page.selectOption('select[name=user_classes]', user_class);
  await page.fill('#swarm_form input[name=user_count]', String(users));
  await page.fill('#swarm_form input[name=spawn_rate]', '20');
  await page.fill('#swarm_form input[name=host]', service);
  await page.click('#swarm_form button[type=submit]');
}

async function users_are(page, count) {
  await page.waitForFunction((wanted) => document.querySelector('#userCount').textContent.trim() === wanted,
    String(count), { timeout: 30000 });
}

async function main() {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
  const opened = async () => {
    await page.goto(page_url);
    return page.evaluate(async () => (await (await fetch('./stats/requests')).json()).workers.length);
  };
  for (let tries = 0; ; ++tries) {
    const workers = await opened().catch(() => 0);
    if (workers === 2) break;
    if (tries > 100) throw new Error('no two workers');
    await page.waitForTimeout(200);
  }
  // Workers that join must not change a fresh page: it still shows its form, and is not stopped.
  if (!await page.isVisible('#swarm_form')) throw new Error('the page of a fresh master is not ready');
  await start(page, 40, 'TriggersAPIUser');
  await users_are(page, 40);
  await page.click('#edit-test');
  await page.fill('#edit_form input[name=user_count]', '60');
  await page.fill('#edit_form input[name=spawn_rate]', '20');
  await page.click('#edit_form button[type=submit]');
  await users_are(page, 60);
  await page.click('a.chart-tab-link');
  await page.waitForTimeout(40000);
  await page.screenshot({ path: image });
  await page.click('a.stop-button');
  await users_are(page, 0);
  const rows = await page.evaluate(async () => (await fetch('./stats/requests/csv')).text());
  if (!/POST \/events/.test(rows)) throw new Error(`no POST /events in ${rows}`);
  await page.waitForTimeout(1000);
  await page.click('#new-test');
  await start(page, 10, 'HighThroughputUser');
  await users_are(page, 10);
  await page.click('a.stop-button');
  await users_are(page, 0);
  await browser.close();
  console.log('started, changed, charted, stopped, downloaded, started again');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
