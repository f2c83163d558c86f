#include "swarm/report/html_style.h"

namespace triggers::swarm {

std::string_view html_style() noexcept {
  return R"css(
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1d2327;--soft:#5c666d;--rule:#e3e6e8;--c1:#0b6bcb;--c2:#c2410c;
--c3:#15803d;--c4:#7e3fb8;--bad:#b42318;--warn:#fff4e0;--warn-ink:#7a4a00}
@media (prefers-color-scheme:dark){:root{--page:#14181b;--card:#1b2024;--ink:#e6e9eb;--soft:#9aa5ac;--rule:#2c3439;--c1:#63aef5;
--c2:#f0904f;--c3:#5fc585;--c4:#be93ee;--bad:#ff8a7a;--warn:#3a2c10;--warn-ink:#f3d08a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;font-weight:650}
h2{font-size:17px;margin:40px 0 12px;font-weight:650}
h3{font-size:14px;margin:0;font-weight:600}
.sub{color:var(--soft);margin:0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;margin:24px 0 0;background:var(--rule);
border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.facts div{background:var(--card);padding:12px 16px}
.facts dt{color:var(--soft);font-size:13px}
.facts dd{margin:0;font-size:20px;font-weight:600}
.facts dd small{font-size:13px;font-weight:400;color:var(--soft)}
.bad{color:var(--bad)}
.warnings{margin:20px 0 0;padding:12px 16px 12px 34px;background:var(--warn);color:var(--warn-ink);border-radius:8px}
.chart{margin:0 0 16px;background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:14px 16px 8px}
.chart figcaption{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline}
.chart output{margin-left:auto;color:var(--soft);font-size:13px}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;list-style:none;margin:0;padding:0;font-size:13px;color:var(--soft)}
.legend i{display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:6px;vertical-align:middle;background:currentColor}
.legend b{color:var(--ink);font-weight:600}
svg{display:block;width:100%;height:auto;overflow:visible}
.grid{stroke:var(--rule)}
.tick{fill:var(--soft);font-size:12px}
.line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.area{fill:currentColor;opacity:.12;stroke:none}
.rule{stroke:var(--soft);stroke-dasharray:3 3;visibility:hidden}
.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:7px 12px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
th{color:var(--soft);font-weight:500;font-size:13px}
tr:last-child td{border-bottom:0}
tr.total td{font-weight:600}
td.text,th.text{text-align:left}
td.wrap{white-space:pre-wrap;overflow-wrap:anywhere;text-align:left;min-width:20em}
footer{margin-top:40px;color:var(--soft);font-size:13px}
@media print{body{background:#fff}.chart,.scroll{break-inside:avoid}}
)css";
}

std::string_view html_script() noexcept {
  return R"js(
for (const figure of document.querySelectorAll('.chart')) {
  const svg = figure.querySelector('svg'), rule = figure.querySelector('.rule'), where = figure.querySelector('output');
  const values = figure.querySelectorAll('.legend b');
  const {unit, points} = JSON.parse(figure.querySelector('script').textContent);
  if (!points.length) continue;
  svg.addEventListener('pointermove', event => {
    const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    let low = 0, high = points.length - 1;
    while (low < high) { const middle = (low + high) >> 1; if (points[middle][0] < x) low = middle + 1; else high = middle; }
    if (low > 0 && x - points[low - 1][0] < points[low][0] - x) --low;
    const point = points[low];
    rule.setAttribute('x1', point[0]); rule.setAttribute('x2', point[0]); rule.style.visibility = 'visible';
    where.textContent = point[1];
    values.forEach((value, i) => { value.textContent = point[i + 2] + (unit && point[i + 2] !== '–' ? ' ' + unit : ''); });
  });
  svg.addEventListener('pointerleave', () => {
    rule.style.visibility = 'hidden'; where.textContent = ''; values.forEach(value => { value.textContent = ''; });
  });
}
)js";
}

}  // namespace triggers::swarm
