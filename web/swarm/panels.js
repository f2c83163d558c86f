// The small tabs: current ratio, downloads, logs.

import { useEffect, useRef } from 'preact/hooks';
import { api } from './api.js';
import { percent } from './format.js';
import { html } from './html.js';
import { usePolled } from './live.js';

/** @typedef {import('./api.js').Ratios} Ratios */

/** @param {{title: string, ratios: Ratios}} props */
function RatioList({ title, ratios }) {
  const line = (/** @type {string} */ name, /** @type {number} */ ratio) => html`
    <span class="share"><b>${percent(ratio)}</b> ${name}<meter min="0" max="1" value=${ratio} aria-hidden="true"></meter></span>`;
  return html`
    <section class="panel">
      <h2>${title}</h2>
      <ul class="ratios">${Object.entries(ratios).map(([name, one]) => html`
        <li>${line(name, one.ratio)}
          <ul>${Object.entries(one.tasks).map(([task, share]) => html`<li>${line(task, share.ratio)}</li>`)}</ul>
        </li>`)}
      </ul>
    </section>`;
}

export function Ratio() {
  const answer = usePolled(api.ratios, 2000);
  if (!answer) return null;
  return html`<div class="columns">
    <${RatioList} title="Of each class" ratios=${answer.per_class} />
    <${RatioList} title="Of all users" ratios=${answer.total} />
  </div>`;
}

const downloads = [
  ['stats/requests/csv', 'Request statistics', 'CSV, as Locust writes it'],
  ['stats/failures/csv', 'Failures', 'CSV, as Locust writes it'],
  ['exceptions/csv', 'Exceptions', 'CSV, as Locust writes it'],
  ['stats/report?download=1', 'Report', 'one HTML file with charts'],
  ['stats/json', 'Results', 'JSON, without Locust’s rounding'],
];

export function Downloads() {
  return html`<section class="panel"><h2>Download</h2><ul class="downloads">
    ${downloads.map(([path, title, what]) => html`<li><a href=${path} download>${title}</a> <span>${what}</span></li>`)}
    <li><a href="stats/report" target="_blank" rel="noopener">Report in a new tab</a></li>
    <li><a href="metrics" target="_blank" rel="noopener">Metrics</a> <span>for Prometheus</span></li>
  </ul></section>`;
}

export function Logs() {
  const answer = usePolled(api.logs, 2000);
  const end = useRef(/** @type {HTMLPreElement | null} */ (null));
  const lines = answer?.master ?? [];
  useEffect(() => {
    const box = end.current;
    // Follow the newest line unless the reader has scrolled up.
    if (box && box.scrollHeight - box.scrollTop - box.clientHeight < 200) box.scrollTop = box.scrollHeight;
  }, [lines.length]);
  return html`<pre class="log" ref=${end} tabindex="0" role="log" aria-label="Log">${lines.join('\n')}</pre>`;
}
