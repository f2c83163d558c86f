// A page in Debian's Chromium, without a window, and what it did that it must not do.
import { chromium } from 'playwright-core';

/** Calls `use(page)`. Fails if the page asked another host, logged an error, or broke its Content-Security-Policy. */
export async function withPage(url, options, use) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const wrong = [];
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const page = await context.newPage();
    page.on('request', (request) => {
      const asked = new URL(request.url());
      if (!['data:', 'blob:'].includes(asked.protocol) && asked.host !== new URL(url).host) wrong.push(`asked ${asked}`);
    });
    page.on('console', (message) => { if (message.type() === 'error') wrong.push(message.text()); });
    page.on('pageerror', (error) => wrong.push(String(error)));
    await page.goto(url);
    await use(page);
  } finally {
    await browser.close();
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

export function claim(truth, text) {
  if (!truth) throw new Error(`not so: ${text}`);
}
