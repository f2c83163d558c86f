// The server's answers, and the requests that get them. All paths are relative: the page may be below a base path.

/**
 * @typedef {Object} Row
 * @property {string} method
 * @property {string} name
 * @property {number} num_requests
 * @property {number} num_failures
 * @property {number} avg_response_time
 * @property {number} min_response_time
 * @property {number} max_response_time
 * @property {number} median_response_time
 * @property {number} current_rps
 * @property {number} current_fail_per_sec
 * @property {number} total_rps
 * @property {number} ninetieth_response_time
 * @property {number} ninety_ninth_response_time
 * @property {number} avg_content_length
 */

/**
 * @typedef {Object} Failure
 * @property {string} method
 * @property {string} name
 * @property {string} error
 * @property {number} occurrences
 * @property {number} first_seen
 * @property {number} last_seen
 */

/**
 * @typedef {Object} Worker
 * @property {string} id
 * @property {string} state
 * @property {number} user_count
 * @property {number} cpu_usage
 * @property {number} memory_usage
 */

/**
 * One interval: [end in seconds since the epoch, requests a second, failures a second, p50, p95 and p99 in ms, users].
 * @typedef {[number, number, number, number, number, number, number]} Point
 */

/**
 * @typedef {Object} Stats
 * @property {Row[]} stats  The last row is that of all requests.
 * @property {Failure[]} errors
 * @property {number} current_rps
 * @property {number} current_fail_per_sec
 * @property {number} fail_ratio
 * @property {Record<string, number>} current_response_time_percentiles
 * @property {string} state
 * @property {number} user_count
 * @property {Worker[]} workers
 * @property {number} elapsed_seconds
 * @property {number} test  Its number, which changes with each start.
 * @property {Point[]} recent_points
 * @property {string[]} warnings
 */

/** @typedef {{count: number, msg: string, traceback: string, nodes: string}} Exception */
/** @typedef {Record<string, {ratio: number, tasks: Record<string, {ratio: number}>}>} Ratios */
/** @typedef {{success: boolean, message: string}} Outcome */
/** @typedef {{from: number, to: number, count: number}} LatencyBucket In ms. */

/**
 * What the page starts with.
 * @typedef {Object} Settings
 * @property {string} version
 * @property {string} host
 * @property {number} num_users
 * @property {number} spawn_rate
 * @property {string | null} run_time
 * @property {boolean} load_is_fixed
 * @property {boolean} can_start
 * @property {boolean} show_userclass_picker
 * @property {string[]} available_user_classes
 * @property {string[]} chosen_user_classes
 */

/** @returns {Settings} */
export function firstSettings() {
  return /** @type {any} */ (window).templateArgs;
}

/**
 * @template T
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<T>}
 */
async function fetchJson(path, options) {
  const response = await fetch(path, { cache: 'no-store', ...options });
  if (response.status === 401) location.reload();
  if (!response.ok) throw new Error((await response.text()).trim() || `The server answered ${response.status}`);
  return response.json();
}

export const api = {
  /** @returns {Promise<Stats>} */
  stats: () => fetchJson('stats/requests'),
  /** @returns {Promise<{points: Point[]}>} */
  history: () => fetchJson('stats/history'),
  /** @returns {Promise<{buckets: LatencyBucket[], p50: number, p95: number, p99: number}>} */
  latencies: () => fetchJson('stats/latencies'),
  /** @returns {Promise<{exceptions: Exception[]}>} */
  exceptions: () => fetchJson('exceptions'),
  /** @returns {Promise<{per_class: Ratios, total: Ratios}>} */
  ratios: () => fetchJson('tasks'),
  /** @returns {Promise<{master: string[], workers: Record<string, string[]>}>} */
  logs: () => fetchJson('logs'),
  /** @returns {Promise<Settings>} */
  settings: () => fetchJson('page-data'),
  /** @returns {Promise<Outcome>} */
  stop: () => fetchJson('stop', { method: 'POST' }),
  /** @param {FormData} form @returns {Promise<Outcome>} */
  swarm: (form) => fetchJson('swarm', { method: 'POST', body: new URLSearchParams(/** @type {any} */ (form)) }),
  reset: () => fetch('stats/reset', { method: 'POST' }),
};
