// The tagged template that all parts of the page are written in.

import { h } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);
