#include "swarm/report/html_style.h"

namespace triggers::swarm {

std::string_view html_style() noexcept {
  return R"css(
:root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--ink:#1b2126;--soft:#59636b;--rule:#e4e6e7;--base:#b4babf;
--blue:#1f6fc2;--green:#2c8540;--red:#c2361f;--violet:#7c4cc0;--rose:#c02a73;--slate:#55708a;
--warn:#fdf3dc;--warn-rule:#d9a13b;--warn-ink:#5c3d00}
@media screen and (prefers-color-scheme:dark){:root{--page:#131619;--card:#1a1e22;--ink:#e5e8ea;--soft:#9ba6ae;--rule:#2b3238;
--base:#56616a;--blue:#64aef2;--green:#63c379;--red:#ff8168;--violet:#b795f0;--rose:#f285b4;--slate:#93adc6;
--warn:#33280f;--warn-rule:#a87c28;--warn-ink:#f0d596}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1240px;margin:0 auto;padding:36px 28px 56px}
h1,h2,h3,p,ul,dl,dd,figure{margin:0}
h1{font-size:24px;line-height:1.25;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:16px;font-weight:650}
h3{font-size:14px;font-weight:650}
small{font-size:12px;font-weight:400;color:var(--soft);margin-left:4px}
header p{color:var(--soft);margin-top:2px}
section{margin-top:36px}
section>h2{margin-bottom:10px}
.warnings{margin-top:24px;background:var(--warn);color:var(--warn-ink);border-left:4px solid var(--warn-rule);border-radius:4px;padding:14px 18px}
.warnings h2{font-size:14px;margin-bottom:4px}
.warnings ul{padding-left:18px}
.warnings li{max-width:100ch;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(6,1fr);gap:1px;margin-top:24px;background:var(--rule);border:1px solid var(--rule);
border-radius:6px;overflow:hidden}
.figures div{background:var(--card);padding:14px 18px 12px}
.figures dt,.figures dd+dd{color:var(--soft);font-size:13px}
.figures dd{font-size:22px;line-height:1.35;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
.figures dd+dd{font-weight:400;letter-spacing:0;min-height:1.5em}
.figures .bad dd{color:var(--red)}
.charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:16px;margin-top:16px}
.chart{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:14px 12px 6px 14px}
.chart figcaption{display:grid;grid-template-columns:1fr auto;column-gap:12px;padding-right:8px}
.chart output{color:var(--soft);font-size:13px}
.chart ul{grid-column:1/3;display:flex;flex-wrap:wrap;column-gap:14px;list-style:none;padding:0;font-size:13px;color:var(--soft)}
.chart li{white-space:nowrap}
.chart i{display:inline-block;width:12px;height:3px;border-radius:2px;margin-right:6px;vertical-align:middle;background:currentColor}
.chart b{display:inline-block;min-width:4.6em;color:var(--ink);font-weight:600}
.plot{overflow-x:auto}
svg{display:block;width:100%;min-width:400px;height:auto}
svg text{fill:var(--soft);font-size:11.5px}
.grid{stroke:var(--rule);fill:none}
.base{stroke:var(--base);fill:none}
.line{fill:none;stroke:currentColor;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.dot{fill:currentColor}
.area{fill:currentColor;opacity:.1}
.bars{fill:currentColor;opacity:.8}
path.mark{stroke:currentColor;stroke-width:1.2;stroke-dasharray:3 3;fill:none}
text.mark{fill:currentColor;font-weight:600}
.rule{stroke:var(--soft);fill:none;visibility:hidden}
.requests,.p50{color:var(--blue)}.accepted{color:var(--green)}.failures{color:var(--red)}.p95{color:var(--violet)}.p99{color:var(--rose)}
.users{color:var(--slate)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:13px}
th,td{padding:6px 10px;text-align:right;vertical-align:top;white-space:nowrap}
th{color:var(--soft);font-weight:500}
th:first-child,td:first-child{padding-left:16px}
th:last-child,td:last-child{padding-right:16px}
td{border-top:1px solid var(--rule)}
tbody tr:hover td{background:color-mix(in srgb,var(--blue) 6%,transparent)}
.total td{font-weight:600}
td.bad{color:var(--red);font-weight:600}
.text{text-align:left}
td.wrap{text-align:left;white-space:pre-wrap;overflow-wrap:anywhere;min-width:18em}
.facts{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:10px 16px}
.facts div{display:grid;grid-template-columns:9em 1fr;padding:3px 0}
.facts dt{color:var(--soft)}
.facts dd{overflow-wrap:anywhere}
footer{margin-top:32px;color:var(--soft);font-size:12px;max-width:100ch}
@media (max-width:1000px){.figures{grid-template-columns:repeat(3,1fr)}.charts{grid-template-columns:minmax(0,1fr)}}
@media (max-width:560px){main{padding:20px 14px 40px}.figures{grid-template-columns:repeat(2,1fr)}.figures div{padding:10px 12px}
.facts div{grid-template-columns:1fr;padding:5px 0}}
@media print{@page{margin:12mm}body{background:#fff;font-size:11px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:none;padding:0}section{margin-top:18px}.charts{grid-template-columns:repeat(2,minmax(0,1fr));gap:8px}
.figures{grid-template-columns:repeat(6,1fr)}.figures div{padding:8px 10px}.figures dd{font-size:16px}.chart,tr,.warnings,.figures{break-inside:avoid}
h2{break-after:avoid}svg{min-width:0}.plot,.scroll{overflow:visible}table{font-size:9.5px}th,td{padding:3px 5px}td.wrap{min-width:0}
.chart b,.chart output{display:none}}
)css";
}

std::string_view html_script() noexcept {
  return R"js(
const charts = [...document.querySelectorAll('.chart')].map(figure => ({
  figure,
  svg: figure.querySelector('svg'),
  rule: figure.querySelector('.rule'),
  where: figure.querySelector('output'),
  values: figure.querySelectorAll('b'),
  points: JSON.parse(figure.querySelector('script').textContent),
  timed: figure.classList.contains('timed'),
}));
function show(chart, index) {
  const [x, where, ...values] = chart.points[index] ?? [0, ''];
  chart.rule.setAttribute('transform', `translate(${x})`);
  chart.rule.style.visibility = where ? 'visible' : 'hidden';
  chart.where.textContent = where;
  chart.values.forEach((value, i) => { value.textContent = values[i] ?? ''; });
}
for (const chart of charts) {
  // The charts over time have the same moments: one pointer for all of them.
  const together = chart.timed ? charts.filter(other => other.timed) : [chart];
  const at = event => {
    const box = chart.svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * chart.svg.viewBox.baseVal.width;
    let best = 0;
    chart.points.forEach((point, i) => { if (Math.abs(point[0] - x) < Math.abs(chart.points[best][0] - x)) best = i; });
    together.forEach(other => show(other, best));
  };
  chart.svg.addEventListener('pointermove', at);
  chart.svg.addEventListener('pointerdown', at);
  chart.svg.addEventListener('pointerleave', () => together.forEach(other => show(other, -1)));
}
)js";
}

}  // namespace triggers::swarm
