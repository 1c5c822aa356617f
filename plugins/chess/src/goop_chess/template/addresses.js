// SPDX-License-Identifier: MIT
// The addresses of the page: `./` is the lobby, `?game=ID` a game, `?channel=ID` a game whose request
// was accepted elsewhere, `?invitation=ID` one of ours that waits. Beneath the entry of a game or an
// invitation in the browser's history there is always one of the lobby: "back" leads there, and from
// there to where the person came from.

/** How long a position has to be looked at to be remembered: browsers allow few changes a second. */
const SETTLED_MS = 250;

let settling;

const search = () => new URLSearchParams(location.search);
const address = (game) => `?game=${encodeURIComponent(game)}`;
const write = (method, state, url) => {
  clearTimeout(settling);
  history[method](state, "", url);
};

/** What the address names. @returns {{game: string|null, channel: string|null, invitation: string|null}} */
export const named = () => ({
  game: search().get("game"),
  channel: search().get("channel"),
  invitation: search().get("invitation"),
});

/**
 * Where the node's own page is, from a template's.
 * @param {string} here
 */
export function homeOf(here) {
  const home = new URL("/", here);
  if (/^[^.]+\.localhost$/.test(home.hostname)) home.hostname = "home.localhost";
  return home.href;
}

/**
 * A game is on the table: it gets the address. Another one takes the place of the one before.
 * @param {string} game
 */
export function enterGame(game) {
  const lobbyBeneath = history.state?.lobbyBeneath === true;
  if (named().game === game && lobbyBeneath) return;
  if (!lobbyBeneath) write("replaceState", null, location.pathname);
  write(lobbyBeneath ? "replaceState" : "pushState", { lobbyBeneath: true }, address(game));
}

/**
 * The page waits for the answer to an invitation: a reload leads back to that.
 * @param {string} invitation
 */
export function waitAt(invitation) {
  const place = `?invitation=${encodeURIComponent(invitation)}`;
  if (location.search === place) return;
  write(history.state?.lobbyBeneath ? "replaceState" : "pushState", { lobbyBeneath: true }, place);
}

/** It waits no more, and nothing came of it: the page goes back to the lobby. */
export function waitNoMore() {
  if (named().invitation) toLobby();
}

/** The person goes to the lobby: the listener of `onArrival` hears of it. */
export function toLobby() {
  clearTimeout(settling);
  if (history.state?.lobbyBeneath) history.back();
  else {
    write("replaceState", null, location.pathname);
    dispatchEvent(new PopStateEvent("popstate"));
  }
}

/**
 * Hear when the address changes in the person's hands, and when a page that was put away comes back.
 * @param {(to: ReturnType<typeof named>) => void} listener
 */
export function onArrival(listener) {
  addEventListener("popstate", () => {
    clearTimeout(settling); // it was meant for the entry that was left
    listener(named());
  });
  addEventListener("pageshow", (event) => event.persisted && listener(named()));
}

/**
 * Remember which position of the game is looked at, for a reload and for who comes back to it.
 * @param {number|null} count  half-moves, `null`: the game as it stands
 */
export function rememberPosition(count) {
  clearTimeout(settling);
  if ((history.state?.position ?? null) === count) return;
  settling = setTimeout(() => history.replaceState({ ...history.state, position: count }, ""), SETTLED_MS);
}

/** What was remembered with this entry. @returns {number|null} */
export const rememberedPosition = () => history.state?.position ?? null;
