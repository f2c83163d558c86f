// Numbers and times as the page shows them.

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en').replaceAll(',', '\u202f');
}

/** Three significant digits. @param {number} value */
export function short(value) {
  if (value === 0) return '0';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return count(Number(value.toFixed(digits)));
}

/** @param {number} ms */
export function latency(ms) {
  return ms >= 10000 ? `${short(ms / 1000)} s` : `${short(ms)} ms`;
}

/** @param {number} share From 0 to 1. */
export function percent(share) {
  return `${short(share * 100)} %`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** @param {number} epochSeconds */
export function clock(epochSeconds) {
  return epochSeconds > 0 ? new Date(epochSeconds * 1000).toLocaleTimeString('en-GB') : '–';
}
