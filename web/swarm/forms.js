// The forms that start and edit a test.

import { useState } from 'preact/hooks';
import { api } from './api.js';
import { html } from './html.js';

/** @typedef {import('./api.js').Settings} Settings */

/** @param {{label: string, hint?: string, [attribute: string]: any}} props */
function Field({ label, hint, ...attributes }) {
  return html`<label>${label}<input ...${attributes} />${hint && html`<small>${hint}</small>`}</label>`;
}

/** @param {() => void} done @returns {[string, (event: SubmitEvent) => Promise<void>, boolean]} */
function useSubmit(done) {
  const [mistake, setMistake] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const outcome = await api.swarm(new FormData(/** @type {HTMLFormElement} */ (event.target)));
      setMistake(outcome.success ? '' : outcome.message);
      if (outcome.success) done();
    } catch (problem) {
      setMistake(problem instanceof Error ? problem.message : String(problem));
    }
    setBusy(false);
  };
  return [mistake, submit, busy];
}

/** @param {{settings: Settings, ms?: number}} props */
function LoadFields({ settings }) {
  if (settings.load_is_fixed) return html`<p>The command line sets the load (--rate or --stages).</p>`;
  return html`
    <${Field} label="Users" hint="the most at once" name="user_count" type="number" min="0" max="1000000" step="1" required defaultValue=${settings.num_users} />
    <${Field} label="Users started per second" name="spawn_rate" type="number" min="0" step="any" required defaultValue=${settings.spawn_rate} />`;
}

/** @param {{settings: Settings}} props */
function ClassPicker({ settings }) {
  return html`<fieldset><legend>User classes</legend>${settings.available_user_classes.map((name) => html`
    <label class="choice"><input type="checkbox" name="user_classes" value=${name}
      defaultChecked=${settings.chosen_user_classes.includes(name)} />${name}</label>`)}</fieldset>`;
}

/** @param {{settings: Settings, started: () => void, cancel?: () => void}} props */
export function StartForm({ settings, started, cancel }) {
  const [mistake, submit, busy] = useSubmit(started);
  return html`
    <form class="panel start" onSubmit=${submit}>
      <h2>New load test</h2>
      ${settings.show_userclass_picker && html`<${ClassPicker} settings=${settings} />`}
      <${LoadFields} settings=${settings} />
      <${Field} label="Host" name="host" type="url" required defaultValue=${settings.host} placeholder="http://localhost:8000" />
      <${Field} label="Run time" hint="such as 20s, 5m or 1h30m; empty: until you stop it" name="run_time" type="text"
        defaultValue=${settings.run_time ?? ''} />
      <p class="mistake" role="alert">${mistake}</p>
      <div class="buttons"><button class="primary" disabled=${busy}>Start</button>
        ${cancel && html`<button type="button" onClick=${cancel}>Cancel</button>`}</div>
    </form>`;
}

/** @param {{settings: Settings, done: () => void}} props */
export function EditForm({ settings, done }) {
  const [mistake, submit, busy] = useSubmit(done);
  return html`
    <form class="panel start" onSubmit=${submit}>
      <h2>Edit running test</h2>
      <${LoadFields} settings=${settings} />
      <p class="mistake" role="alert">${mistake}</p>
      <div class="buttons">${!settings.load_is_fixed && html`<button class="primary" disabled=${busy}>Update</button>`}
        <button type="button" onClick=${done}>Close</button></div>
    </form>`;
}
