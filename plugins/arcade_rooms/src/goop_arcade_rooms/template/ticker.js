// SPDX-License-Identifier: MIT
// A worker that keeps time: a browser lets the timers of a hidden page run once in a second or in a
// minute, those of a worker as they were set. Told `true` it ticks, told `false` it rests.

const EVERY_MS = 100;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;

onmessage = ({ data }) => {
  clearInterval(ticking);
  if (data) ticking = setInterval(() => postMessage(null), EVERY_MS);
};
