// The page as a whole: one test, watched and controlled.

import { render } from 'preact';
import { useState } from 'preact/hooks';
import { api, firstSettings } from './api.js';
import { Charts } from './charts.js';
import { EditForm, StartForm } from './forms.js';
import { Figures, ThemeButton } from './header.js';
import { html } from './html.js';
import { useLive } from './live.js';
import { Downloads, Logs, Ratio } from './panels.js';
import { Tabs } from './tabs.js';
import { Exceptions, Failures, Statistics, Workers } from './tables.js';

const theme = localStorage.getItem('swarm-theme');
if (theme) document.documentElement.dataset.theme = theme;

function App() {
  const live = useLive();
  const [settings, setSettings] = useState(firstSettings());
  const [form, setForm] = useState(/** @type {'' | 'start' | 'edit'} */ (''));
  const { stats } = live;
  const state = stats?.state ?? 'ready';
  const running = state === 'spawning' || state === 'running';
  const open = async (/** @type {'start' | 'edit'} */ which) => {
    setSettings(await api.settings().catch(() => settings));
    setForm(which);
  };
  const close = async () => {
    setForm('');
    live.refresh();
    setSettings(await api.settings().catch(() => settings));
  };
  const stop = () => api.stop().catch(() => null).then(live.refresh);
  const reset = () => api.reset().catch(() => null).then(live.refresh);
  const buttons = html`<div class="buttons">
    ${running && html`<button type="button" onClick=${() => open('edit')}>Edit</button>
      <button type="button" class="danger" onClick=${stop}>Stop</button>`}
    ${state === 'stopped' && settings.can_start && html`<button type="button" class="primary" onClick=${() => open('start')}>New test</button>`}
    ${stats && state !== 'ready' && html`<button type="button" onClick=${reset}>Reset</button>`}
    <${ThemeButton} />
  </div>`;
  const asksToStart = state === 'ready' || (form === 'start' && !running);
  return html`
    <header><h1><img src="icon.svg" alt="" width="28" height="28" />swarm <small>${settings.version}</small></h1>
      <${Figures} stats=${stats} host=${settings.host} />${buttons}</header>
    <main>
      ${live.problem && html`<p class="problem" role="alert">${live.problem}</p>`}
      ${stats?.warnings.map((warning) => html`<p class="warning">${warning}</p>`)}
      ${asksToStart && html`<${StartForm} key="start" settings=${settings} started=${close} cancel=${state === 'ready' ? undefined : close} />`}
      ${form === 'edit' && running && html`<${EditForm} key="edit" settings=${settings} done=${close} />`}
      ${stats && state !== 'ready' && html`<${Tabs} tabs=${tabsOf(live, stats)} />`}
    </main>`;
}

/** @param {import('./live.js').Live} live @param {import('./api.js').Stats} stats */
function tabsOf(live, stats) {
  const errors = stats.errors.length;
  const tabs = [
    { id: 'statistics', title: 'Statistics', show: () => html`<${Statistics} stats=${stats} />` },
    { id: 'charts', title: 'Charts', show: () => html`<${Charts} key=${stats.test} points=${live.points} />` },
    { id: 'failures', title: html`Failures${errors > 0 && html` <b class="badge">${errors}</b>`}`, show: () => html`<${Failures} stats=${stats} />` },
    { id: 'exceptions', title: 'Exceptions', show: () => html`<${Exceptions} />` },
    { id: 'ratio', title: 'Current ratio', show: () => html`<${Ratio} />` },
    { id: 'download', title: 'Download', show: () => html`<${Downloads} />` },
    { id: 'logs', title: 'Logs', show: () => html`<${Logs} />` },
  ];
  if (stats.workers.length > 0) tabs.push({ id: 'workers', title: 'Workers', show: () => html`<${Workers} stats=${stats} />` });
  return tabs;
}

render(html`<${App} />`, document.body);
