// SPDX-License-Identifier: MIT
// The games there are: who, which colour, how long, when, and how each stands or ended.

import { isLeftToUs } from "./abandoning.js";
import { $, api, fullName, make, personTag, place } from "./dom.js";
import { outcome } from "./words.js";

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** What each row shows, and its element: a row that shows the same stays. @type {Map<string, {shows: string, item: any}>} */
let rows = new Map();

/** Where the PGN of a game is. @param {string} game */
export const pgnOf = (game) => `/api/chess/games/${encodeURIComponent(game)}/pgn`;

/**
 * What a row needs: what its buttons do, and whether a move of ours is on its way in a game.
 * @typedef {{ open: (game: string) => void, abandon: (game: any) => void, sending: (game: string) => boolean }} Does
 */

/**
 * Read the list of games again and show it. Resolves with the rows.
 * @param {Does} does
 */
export async function refreshGames(does) {
  const games = (await api("/games")).map((row) => ({ ...row, sending: does.sending(row.game) }));
  showGames(games, does);
  return games;
}

/**
 * @param {any[]} games  rows of GET /api/chess/games, and whether a move of ours is on its way
 * @param {Does} does
 */
function showGames(games, does) {
  const focused = focusedButton();
  const before = rows;
  rows = new Map();
  for (const game of games) {
    const shows = JSON.stringify(game);
    const known = before.get(game.game);
    rows.set(game.game, known?.shows === shows ? known : { shows, item: gameRow(game, does) });
  }
  const items = (wanted) => games.filter(wanted).map((game) => rows.get(game.game).item);
  const open = (game) => game.status === "running" || isLeftToUs(game);
  const running = items(open);
  const done = items((game) => !open(game));
  place($("running"), running);
  place($("finished"), done);
  $("finished-box").hidden = done.length === 0;
  if (running.length === 0 && done.length > 0) $("finished-box").open = true;
  $("no-games").hidden = games.length > 0;
  focused?.();
}

/** Gives the focus back to the button of a game that has it now, wherever its row is by then. */
function focusedButton() {
  const button = /** @type {HTMLElement | null} */ (document.activeElement);
  const game = button?.closest(".games [data-game]")?.getAttribute("data-game");
  if (!game) return null;
  return () => {
    if (document.activeElement === button) return;
    const controls = [...rows.get(game)?.item.querySelectorAll("button, a") ?? []];
    const same = controls.find((each) => each.dataset.does === button.dataset.does) ?? controls[0];
    same?.focus({ preventScroll: true });
  };
}

/** "White · 12 moves · 3 May 2026, 14:05" */
function facts(game) {
  const moves = Math.ceil(game.moves / 2);
  const length = moves === 0 ? "no moves" : moves === 1 ? "1 move" : `${moves} moves`;
  const colour = game.colour === "white" ? "White" : "Black";
  const began = new Date(game.startedAt);
  const time = make("time", { dateTime: began.toISOString() }, DATE.format(began));
  return make("span", { className: "soft facts" }, `${colour} · ${length} · `, time);
}

function gameRow(game, does) {
  const name = fullName(game.opponentLabel, game.opponentId);
  const running = game.status === "running";
  const mine = isLeftToUs(game) || (running && game.turn === game.colour && !game.sending);
  const turn = game.sending ? "Sending your move…" : mine ? "Your move" : "Their move";
  const state = running ? turn : outcome(game);
  const controls = make("div", { className: "controls" });
  const who = make(
    "div",
    { className: "who" },
    make("strong", {}, personTag(game.opponentLabel, game.opponentId)),
    make("span", { className: mine ? "mine" : "soft" }, state),
    facts(game),
  );
  const button = (does, words, className, work) => {
    const made = make("button", { type: "button", className, "data-does": does, "aria-label": `${words}: ${name}` }, words);
    made.addEventListener("click", work);
    controls.append(made);
  };
  const words = running ? "Resume" : isLeftToUs(game) ? "End it" : "Look";
  button("open", words, words === "Look" ? "" : "primary", () => does.open(game.game));
  if (running) {
    button("abandon", game.canAbort ? "Call off" : "Abandon", "", () => does.abandon(game));
  } else {
    const link = { className: "button", href: pgnOf(game.game), download: "", "data-does": "pgn", "aria-label": `PGN: ${name}` };
    controls.append(make("a", link, "PGN"));
  }
  return make("li", { "data-game": game.game }, who, controls);
}
