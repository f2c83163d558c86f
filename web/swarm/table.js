// A table that its reader sorts by pressing a heading.

import { useState } from 'preact/hooks';
import { html } from './html.js';

/**
 * @template T
 * @typedef {Object} Column
 * @property {string} title
 * @property {(row: T) => string | number} value  What it is sorted by.
 * @property {(row: T) => any} [show]  What it shows, if that is something else.
 * @property {boolean} [text]  Left-aligned.
 * @property {string} [hint]
 */

/**
 * @template T
 * @param {{caption: string, columns: Column<T>[], rows: T[], last?: T, empty: string, mark?: (row: T) => string}} props
 *   `last` stays below all others. `mark` gives a row its class.
 */
export function Table({ caption, columns, rows, last, empty, mark }) {
  const [order, setOrder] = useState({ column: -1, down: false });
  const sorted = order.column < 0 ? rows : [...rows].sort((a, b) => {
    const [x, y] = [columns[order.column].value(a), columns[order.column].value(b)];
    const less = typeof x === 'string' ? x.localeCompare(String(y)) : x - Number(y);
    return order.down ? -less : less;
  });
  const press = (/** @type {number} */ column) => setOrder((before) => (
    before.column === column ? { column, down: !before.down } : { column, down: !columns[column].text }));
  const cells = (/** @type {T} */ row) => columns.map((column) => html`
    <td class=${column.text ? 'text' : 'number'}>${column.show ? column.show(row) : column.value(row)}</td>`);
  const direction = (/** @type {number} */ column) => (
    order.column !== column ? 'none' : order.down ? 'descending' : 'ascending');
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption class="hidden">${caption}</caption>
        <thead><tr>${columns.map((column, at) => html`
          <th scope="col" class=${column.text ? 'text' : 'number'} aria-sort=${direction(at)}>
            <button type="button" title=${column.hint} onClick=${() => press(at)}>${column.title}<i aria-hidden="true"></i></button>
          </th>`)}
        </tr></thead>
        <tbody>
          ${sorted.map((row) => html`<tr class=${mark?.(row) ?? ''}>${cells(row)}</tr>`)}
          ${rows.length === 0 && html`<tr><td class="text empty" colspan=${columns.length}>${empty}</td></tr>`}
        </tbody>
        ${last && html`<tfoot><tr>${cells(last)}</tr></tfoot>`}
      </table>
    </div>`;
}
