// SPDX-License-Identifier: MIT
// The best rounds that were played in rooms of this node.
import { $, make } from "./dom.js";

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const PARTS = { together: "best-together", versus: "best-versus" };

/** @typedef {{ points: number, wave: number, endedAt: number, ships: { peerId: string, label: string, score: number }[] }} Round */

/** @param {Round} round @param {boolean} all  whether all have earned it */
function row({ points, wave, endedAt, ships }, all) {
  const names = (all ? ships : ships.filter(({ score }) => score === points)).map(({ label }) => make("bdi", {}, label || "Somebody"));
  return make(
    "li",
    {},
    make("span", { className: "score" }, String(points)),
    make("span", { className: "name" }, ...names.flatMap((name, n) => (n === 0 ? [name] : [", ", name]))),
    make("span", { className: "soft" }, `wave ${wave}, `, make("time", { dateTime: new Date(endedAt).toISOString() }, DAY.format(endedAt))),
  );
}

/** Reads them, and shows them where there are any. */
export const best = Goop.reading(
  async () => {
    const answer = await fetch("/api/arcade_rooms/scores");
    if (!answer.ok) throw Object.assign(new Error(`${answer.status}`), { status: answer.status });
    /** @type {Record<string, Round[]>} */
    const rounds = await answer.json();
    for (const [mode, id] of Object.entries(PARTS)) {
      $(id).replaceChildren(...rounds[mode].map((round) => row(round, mode === "together")));
      $(`${id}-part`).hidden = rounds[mode].length === 0;
    }
    $("best").hidden = Object.values(rounds).every((some) => some.length === 0);
  },
  () => document.body.dataset.view === "lobby",
);
