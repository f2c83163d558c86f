// The charts: throughput, latency and users over time, with a zoom that all of them share; and the latencies' distribution.

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { api } from './api.js';
import { latency, percent, short } from './format.js';
import { html } from './html.js';
import { usePolled } from './live.js';

/** @typedef {import('./api.js').Point} Point */
/** @typedef {{label: string, at: number, color: string, fill?: boolean}} Line `at` is its place in a Point. */
/** @typedef {{title: string, lines: Line[], show: (value: number) => string}} ChartKind */

/** @type {ChartKind[]} */
const kinds = [
  { title: 'Requests per second',
    lines: [{ label: 'requests', at: 1, color: '--requests', fill: true }, { label: 'failures', at: 2, color: '--failures' }],
    show: short },
  { title: 'Latency',
    lines: [{ label: 'p99', at: 5, color: '--p99' }, { label: 'p95', at: 4, color: '--p95' }, { label: 'p50', at: 3, color: '--p50' }],
    show: latency },
  { title: 'Users', lines: [{ label: 'users', at: 6, color: '--users', fill: true }], show: short },
];

/** @param {string} name */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @param {ChartKind} kind @param {Point[]} points @returns {uPlot.AlignedData} */
function dataOf(kind, points) {
  const quiet = (/** @type {Point} */ point) => point[1] === 0;
  const latencies = kind.title === 'Latency';
  return [points.map((point) => point[0]),
    ...kind.lines.map((line) => points.map((point) => (latencies && quiet(point) ? null : point[line.at])))];
}

/** @param {ChartKind} kind @param {number} width @param {(from: number | null, to: number | null) => void} zoomed @returns {uPlot.Options} */
function optionsOf(kind, width, zoomed) {
  const axis = { stroke: () => color('--dim'), grid: { stroke: () => color('--line'), width: 1 }, ticks: { stroke: () => color('--line') } };
  return {
    width,
    height: 220,
    cursor: { sync: { key: 'swarm', setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((tick) => new Date(tick * 1000).toLocaleTimeString('en-GB')), space: 80 },
      { ...axis, size: 70, values: (_, ticks) => ticks.map((tick) => kind.show(tick)) }],
    series: [{ value: (_, at) => (at ? new Date(at * 1000).toLocaleTimeString('en-GB') : '–') },
      ...kind.lines.map((line) => ({
        label: line.label,
        stroke: () => color(line.color),
        fill: line.fill ? () => `${color(line.color)}22` : undefined,
        width: 1.5,
        points: { show: false },
        value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) => (value === null || value === undefined ? '–' : kind.show(value)),
      }))],
    hooks: {
      setSelect: [(plot) => {
        if (plot.select.width < 5) return;
        zoomed(plot.posToVal(plot.select.left, 'x'), plot.posToVal(plot.select.left + plot.select.width, 'x'));
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  };
}

/** @param {{kind: ChartKind, points: Point[], range: [number, number] | null, zoomed: (from: number | null, to: number | null) => void}} props */
function Chart({ kind, points, range, zoomed }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {uPlot | null} */ (null));
  useEffect(() => {
    const box = /** @type {HTMLDivElement} */ (place.current);
    const made = new uPlot(optionsOf(kind, box.clientWidth, zoomed), dataOf(kind, points), box);
    made.over.addEventListener('dblclick', () => zoomed(null, null));
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: 220 }));
    resized.observe(box);
    const recolored = () => made.redraw(false, true);
    document.addEventListener('swarm-theme', recolored);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolored);
    return () => {
      resized.disconnect();
      document.removeEventListener('swarm-theme', recolored);
      matchMedia('(prefers-color-scheme: dark)').removeEventListener('change', recolored);
      made.destroy();
    };
  }, []);
  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    made.setData(dataOf(kind, points), range === null);
    if (range) made.setScale('x', { min: range[0], max: range[1] });
  }, [points, range]);
  const last = points[points.length - 1];
  const now = last ? kind.lines.map((line) => `${line.label} ${kind.show(last[line.at])}`).join(', ') : 'nothing was measured yet';
  return html`<figure class="panel chart"><figcaption>${kind.title}</figcaption>
    <div ref=${place} role="img" aria-label=${`${kind.title}: ${now}`}></div></figure>`;
}

function Distribution() {
  const answer = usePolled(api.latencies, 2000);
  if (!answer || answer.buckets.length === 0) {
    return html`<figure class="panel chart"><figcaption>Distribution of latencies</figcaption><p>Nothing was measured yet.</p></figure>`;
  }
  const { buckets } = answer;
  const all = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const most = Math.max(...buckets.map((bucket) => bucket.count));
  const [first, last] = [Math.log10(buckets[0].from), Math.log10(buckets[buckets.length - 1].to)];
  const place = (/** @type {number} */ ms) => ((Math.log10(Math.max(ms, 1e-6)) - first) / (last - first)) * 1000;
  const decades = [];
  for (let power = Math.ceil(first); power <= last; ++power) decades.push(10 ** power);
  return html`<figure class="panel chart">
    <figcaption>Distribution of latencies <small>of ${short(all)} requests, on a logarithmic scale</small></figcaption>
    <svg viewBox="0 0 1000 220" role="img" aria-label=${`Median ${latency(answer.p50)}, 95 % ${latency(answer.p95)}, 99 % ${latency(answer.p99)}`}>
      ${buckets.map((bucket) => html`<rect class="bar" x=${place(bucket.from)} width=${Math.max(2, place(bucket.to) - place(bucket.from) - 1)}
        y=${190 - Math.max(1.5, (bucket.count / most) * 150)} height=${Math.max(1.5, (bucket.count / most) * 150)}>
        <title>${latency(bucket.from)} to ${latency(bucket.to)}: ${percent(bucket.count / all)}</title></rect>`)}
      ${decades.map((ms) => html`<text x=${place(ms)} y="210" text-anchor="middle">${latency(ms)}</text>`)}
      ${[['p50', answer.p50], ['p95', answer.p95], ['p99', answer.p99]].map(([name, ms], row) => html`
        <line class=${`mark ${name}`} x1=${place(Number(ms))} x2=${place(Number(ms))} y1=${8 + row * 14} y2="190" />
        <text class=${`mark ${name}`} x=${place(Number(ms)) + (place(Number(ms)) > 850 ? -6 : 6)} y=${14 + row * 14}
          text-anchor=${place(Number(ms)) > 850 ? 'end' : 'start'}>${name} ${latency(Number(ms))}</text>`)}
    </svg></figure>`;
}

const spans = /** @type {[string, number][]} */ ([['Whole run', 0], ['Last 5 minutes', 300], ['Last minute', 60]]);

/** @param {{points: Point[]}} props */
export function Charts({ points }) {
  const [span, setSpan] = useState(0);
  const [zoom, setZoom] = useState(/** @type {[number, number] | null} */ (null));
  const zoomed = (/** @type {number | null} */ from, /** @type {number | null} */ to) => (
    setZoom(from === null || to === null ? null : [from, to]));
  const end = points.length > 0 ? points[points.length - 1][0] : 0;
  const range = zoom ?? (span > 0 ? /** @type {[number, number]} */ ([end - span, end]) : null);
  return html`
    <div class="spans" role="group" aria-label="Time that the charts show">
      ${spans.map(([title, seconds]) => html`
        <button type="button" aria-pressed=${zoom === null && span === seconds} onClick=${() => { setZoom(null); setSpan(seconds); }}>${title}</button>`)}
      ${zoom && html`<button type="button" onClick=${() => setZoom(null)}>Undo zoom</button>`}
      <span class="hint">Drag across a chart to zoom; double-click to undo.</span>
    </div>
    ${kinds.map((kind) => html`<${Chart} key=${kind.title} kind=${kind} points=${points} range=${range} zoomed=${zoomed} />`)}
    <${Distribution} />`;
}
