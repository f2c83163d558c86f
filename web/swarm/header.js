// The line at the top: what is tested, how it goes, and the buttons that change it.

import { count, duration, latency, percent, short } from './format.js';
import { html } from './html.js';

/** @param {{name: string, children?: any, alarming?: boolean}} props */
function Figure({ name, children, alarming }) {
  return html`<div class=${alarming ? 'figure alarming' : 'figure'}><dt>${name}</dt><dd>${children}</dd></div>`;
}

/** @param {{stats: import('./api.js').Stats | null, host: string}} props */
export function Figures({ stats, host }) {
  const all = /** @type {any} */ (stats?.stats[stats.stats.length - 1]);
  const running = stats !== null && ['spawning', 'running', 'stopping'].includes(stats.state);
  return html`<dl class="figures">
    <${Figure} name="Host"><span class="host">${host || '–'}</span><//>
    <${Figure} name="State"><span class=${`state ${stats?.state ?? ''}`} role="status">${stats?.state ?? '…'}</span><//>
    ${stats && stats.state !== 'ready' && html`
      <${Figure} name="Time">${duration(stats.elapsed_seconds)}<//>
      <${Figure} name="Users">${count(stats.user_count)}<//>
      <${Figure} name="Requests/s">${short(running ? stats.current_rps : all.total_rps)}<//>
      <${Figure} name="95 %">${latency(running ? stats.current_response_time_percentiles['response_time_percentile_0.95'] : all['response_time_percentile_0.95'])}<//>
      <${Figure} name="Failures" alarming=${stats.fail_ratio > 0}>${percent(stats.fail_ratio)}<//>`}
  </dl>`;
}

export function ThemeButton() {
  const change = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem('swarm-theme', root.dataset.theme);
    document.dispatchEvent(new Event('swarm-theme'));
  };
  return html`<button type="button" class="theme" title="Light or dark" aria-label="Light or dark" onClick=${change}>◐</button>`;
}
