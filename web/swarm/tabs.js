// Tabs that the arrow keys change, as the ARIA patterns say. The address keeps the one that is open.

import { useEffect, useState } from 'preact/hooks';
import { html } from './html.js';

/** @typedef {{id: string, title: any, show: () => any}} Tab */

/** @param {{tabs: Tab[]}} props */
export function Tabs({ tabs }) {
  const named = () => tabs.findIndex((tab) => `#${tab.id}` === location.hash);
  const [open, setOpen] = useState(Math.max(0, named()));
  useEffect(() => {
    const follow = () => setOpen(Math.max(0, named()));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [tabs.length]);
  const choose = (/** @type {number} */ at) => {
    setOpen(at);
    history.replaceState(null, '', `#${tabs[at].id}`);
  };
  const move = (/** @type {KeyboardEvent} */ event) => {
    const steps = /** @type {Record<string, number>} */ ({ ArrowRight: open + 1, ArrowLeft: open - 1, Home: 0, End: tabs.length - 1 });
    if (!(event.key in steps)) return;
    event.preventDefault();
    const at = (steps[event.key] + tabs.length) % tabs.length;
    choose(at);
    document.getElementById(`tab-${tabs[at].id}`)?.focus();
  };
  const shown = tabs[Math.min(open, tabs.length - 1)];
  return html`
    <div class="tabs" role="tablist" onKeyDown=${move}>
      ${tabs.map((tab, at) => html`
        <button type="button" role="tab" id=${`tab-${tab.id}`} aria-selected=${tab === shown} aria-controls="tab-panel"
          tabindex=${tab === shown ? 0 : -1} onClick=${() => choose(at)}>${tab.title}</button>`)}
    </div>
    <div id="tab-panel" role="tabpanel" aria-labelledby=${`tab-${shown.id}`}>${shown.show()}</div>`;
}
