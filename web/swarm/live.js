// Follows the test: asks the server once a second, and keeps the series of the charts.

import { useEffect, useState } from 'preact/hooks';
import { api } from './api.js';

const pollMs = 1000;
const hiddenPollMs = 10000;
const pointsMax = 1200;

/** @typedef {import('./api.js').Stats} Stats */
/** @typedef {import('./api.js').Point} Point */
/** @typedef {{stats: Stats | null, points: Point[], problem: string}} Live */

/**
 * The old points, and those of `newer` that come after them. Null if some between them are missing.
 * @param {Point[]} points @param {Point[]} newer @returns {Point[] | null}
 */
export function joined(points, newer) {
  const last = points.length > 0 ? points[points.length - 1][0] : 0;
  const after = newer.filter((point) => point[0] > last + 0.05);
  if (points.length > 0 && newer.length > 0 && newer[0][0] > last + 2.5) return null;
  if (points.length + after.length > pointsMax) return null;
  return after.length === 0 ? points : [...points, ...after];
}

/** @returns {Live & {refresh: () => void}} */
export function useLive() {
  const [live, setLive] = useState(/** @type {Live} */ ({ stats: null, points: [], problem: '' }));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    /** @type {Point[]} */
    let points = [];
    let test = -1;
    let timer = 0;
    let ended = false;
    const follow = async () => {
      clearTimeout(timer);
      try {
        const stats = await api.stats();
        const next = stats.test === test ? joined(points, stats.recent_points) : null;
        points = next ?? (await api.history()).points;
        test = stats.test;
        if (!ended) setLive({ stats, points, problem: '' });
      } catch (problem) {
        const text = problem instanceof TypeError ? 'swarm does not answer. Has the program ended?' : String(problem);
        if (!ended) setLive((last) => ({ ...last, problem: text }));
      }
      if (!ended) timer = window.setTimeout(follow, document.hidden ? hiddenPollMs : pollMs);
    };
    const shown = () => { if (!document.hidden) follow(); };
    document.addEventListener('visibilitychange', shown);
    follow();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', shown);
    };
  }, [turn]);
  return { ...live, refresh: () => setTurn((before) => before + 1) };
}

/**
 * What `ask` answers, every `ms`; null before the first answer.
 * @template T @param {() => Promise<T>} ask @param {number} ms @returns {T | null}
 */
export function usePolled(ask, ms) {
  const [answer, setAnswer] = useState(/** @type {T | null} */ (null));
  useEffect(() => {
    let ended = false;
    let timer = 0;
    const poll = async () => {
      const got = await ask().catch(() => null);
      if (ended) return;
      if (got) setAnswer(got);
      timer = window.setTimeout(poll, ms);
    };
    poll();
    return () => { ended = true; clearTimeout(timer); };
  }, []);
  return answer;
}
