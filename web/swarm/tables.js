// The tabs that are tables: statistics, failures, exceptions, workers.

import { api } from './api.js';
import { clock, count, percent, short } from './format.js';
import { html } from './html.js';
import { usePolled } from './live.js';
import { Table } from './table.js';

/** @typedef {import('./api.js').Row} Row */
/** @typedef {import('./api.js').Failure} Failure */
/** @typedef {import('./api.js').Exception} Exception */
/** @typedef {import('./api.js').Worker} Worker */
/** @template T @typedef {import('./table.js').Column<T>} Column */

/** @param {keyof Row} key @param {string} title @param {(value: number) => string} show @param {string} [hint] @returns {Column<Row>} */
function numbers(key, title, show, hint) {
  return { title, hint, value: (row) => row[key], show: (row) => show(Number(row[key])) };
}

/** @type {Column<Row>[]} */
const statistics = [
  { title: 'Method', text: true, value: (row) => row.method },
  { title: 'Name', text: true, value: (row) => row.name },
  numbers('num_requests', 'Requests', count, 'All that have ended, also those that failed'),
  numbers('num_failures', 'Failures', count),
  numbers('median_response_time', 'Median ms', short, 'Half of the requests were at least as quick'),
  numbers('ninetieth_response_time', '90 % ms', short),
  numbers('ninety_ninth_response_time', '99 % ms', short),
  numbers('avg_response_time', 'Average ms', short),
  numbers('min_response_time', 'Min ms', short),
  numbers('max_response_time', 'Max ms', short),
  numbers('avg_content_length', 'Bytes', short, 'Average size of a response'),
  numbers('current_rps', 'Requests/s now', short, 'Over the last ten seconds'),
  numbers('current_fail_per_sec', 'Failures/s now', short, 'Over the last ten seconds'),
];

/** @param {{stats: import('./api.js').Stats}} props */
export function Statistics({ stats }) {
  const rows = stats.stats.slice(0, -1);
  return html`<${Table} caption="Statistics" columns=${statistics} rows=${rows} last=${stats.stats[stats.stats.length - 1]}
    empty="No request has ended yet." mark=${(/** @type {Row} */ row) => (row.num_failures > 0 ? 'failing' : '')} />`;
}

/** @param {{stats: import('./api.js').Stats}} props */
export function Failures({ stats }) {
  /** @type {Column<Failure>[]} */
  const columns = [
    { title: 'Occurrences', value: (row) => row.occurrences, show: (row) => count(row.occurrences) },
    { title: 'Method', text: true, value: (row) => row.method },
    { title: 'Name', text: true, value: (row) => row.name },
    { title: 'Error', text: true, value: (row) => row.error },
    { title: 'First seen', value: (row) => row.first_seen, show: (row) => clock(row.first_seen) },
    { title: 'Last seen', value: (row) => row.last_seen, show: (row) => clock(row.last_seen) },
  ];
  return html`<${Table} caption="Failures" columns=${columns} rows=${stats.errors} empty="No request has failed." />`;
}

export function Exceptions() {
  const answer = usePolled(api.exceptions, 2000);
  /** @type {Column<Exception>[]} */
  const columns = [
    { title: 'Count', value: (row) => row.count, show: (row) => count(row.count) },
    { title: 'Message', text: true, value: (row) => row.msg },
    { title: 'Traceback', text: true, value: (row) => row.traceback, show: (row) => html`<pre>${row.traceback}</pre>` },
  ];
  return html`<${Table} caption="Exceptions" columns=${columns} rows=${answer?.exceptions ?? []} empty="No task has thrown an exception." />`;
}

/** @param {{stats: import('./api.js').Stats}} props */
export function Workers({ stats }) {
  /** @type {Column<Worker>[]} */
  const columns = [
    { title: 'Worker', text: true, value: (row) => row.id },
    { title: 'State', text: true, value: (row) => row.state },
    { title: 'Users', value: (row) => row.user_count, show: (row) => count(row.user_count) },
    { title: 'Processor', value: (row) => row.cpu_usage, show: (row) => percent(row.cpu_usage / 100) },
    { title: 'Memory', value: (row) => row.memory_usage, show: (row) => `${count(Math.round(row.memory_usage / 1048576))} MiB` },
  ];
  return html`<${Table} caption="Workers" columns=${columns} rows=${stats.workers} empty="No worker has joined." />`;
}
