// SPDX-License-Identifier: MIT
// What the page says about a game. Names stand apart in it, as `Goop.names` has them.

/** The other player, within a sentence. @param {{opponentLabel?: string}} game */
export const whoOf = ({ opponentLabel }) => Goop.names.apart(opponentLabel || "Your opponent");

const REASONS = {
  fifty_moves: "fifty moves without progress",
  seventyfive_moves: "seventy-five moves without progress",
  insufficient_material: "insufficient material",
  repetition: "repetition",
  threefold_repetition: "repetition",
  fivefold_repetition: "repetition",
  agreement: "agreement",
  draw_agreed: "agreement",
  resign: "resignation",
  time_no_material: "time, as what is left cannot mate",
};

/** "checkmate", "repetition", … @param {string|null} reason */
const because = (reason) => (reason ? REASONS[reason] || reason.replaceAll("_", " ") : "");

/** "1–0", "½–½": never broken over two lines. @param {string} result */
const score = (result) => result.replaceAll("1/2", "½").replace("-", "\u2060–\u2060");

/**
 * How a finished game ended, from this side. "You won by checkmate (1–0)".
 * @param {{status: string, result: string|null, reason: string|null, colour: string, abandonedBy?: string|null, opponentLabel?: string}} game
 */
export function outcome(game) {
  if (game.status === "abandoned" && game.abandonedBy === game.colour) return "You have abandoned this game";
  if (game.status === "abandoned") return `${whoOf(game)} has abandoned this game: it is yours to end`;
  if (game.reason === "abandonment" && game.result === "*") return "Abandoned by both";
  const why = because(game.reason);
  if (!game.result || game.result === "*") return why.startsWith("abort") || !why ? "Aborted" : `Ended: ${why}`;
  if (game.result === "1/2-1/2") return `Draw${why ? ` by ${why}` : ""} (${score(game.result)})`;
  const won = (game.result === "1-0") === (game.colour === "white");
  const how = game.reason === "time" ? " on time" : why && ` by ${why}`;
  return `${won ? "You won" : "You lost"}${how} (${score(game.result)})`;
}

/** What is said while it is on its way and leaves nothing else to do. */
const SENDING = {
  resign: "Sending your resignation…",
  abort: "Aborting the game…",
  draw_accept: "Accepting the draw…",
  takeback_accept: "Letting them take it back…",
};

/**
 * The headline of a game.
 * @param {import("./game.js").Game} game
 */
export function headline(game) {
  const { state, pending } = game;
  if (state.status !== "running") return outcome(state);
  if (pending) return "Sending your move…";
  const last = game.onItsWay.find(({ type }) => type in SENDING);
  if (last) return SENDING[last.type];
  const check = state.check ? "Check! " : "";
  return game.myTurn ? `${check}Your move` : `${check}${whoOf(state)} to move`;
}

/**
 * How things stand with the other person, or "" when all is well.
 * @param {import("./game.js").Game} game
 */
export function linkWords(game) {
  const { channel, state } = game;
  const who = whoOf(state);
  if (state.status !== "running") return "";
  if (IN_THE_WAY.includes(channel?.detail?.code) && channel.detail.reason) return `${sentence(channel.detail.reason)}.`;
  if (!channel || channel.detail?.final) return `${who} is not connected to this game.`;
  if (channel.state === "connecting") return `Connecting to ${who}…`;
  if (channel.state !== "connected") return `${who} is gone. The game waits; moves you make are sent when they are back.`;
  if (channel.detail?.peerPage === "none") return `${who} has closed the page. Moves wait for them.`;
  return "";
}

/** What keeps one of the two nodes from taking part, which says it in words of its own. */
const IN_THE_WAY = ["plugin_missing", "plugin_failed", "contract_mismatch", "blocked"];
const sentence = (words) => words[0].toUpperCase() + words.slice(1);

/** What went wrong, by its code; other codes say it in the node's words. */
const ERRORS = {
  declined: "Your invitation was declined.",
  timeout: "There was no answer in time.",
  expired: "There was no answer in time.",
  undiscovered: "They are not online just now.",
  unreachable: "Their node could not be reached.",
  not_found: "There is nothing like that at this node: the address may have been copied in part.",
  unknown_game: "There is no such game at this node. It may be another person's, or from before their data was lost.",
  unknown_context_there: "Their node has no chess plugin.",
};

/** @param {Error & {code?: string}} error */
export const errorWords = (error) => ERRORS[error.code] || error.message || String(error);
