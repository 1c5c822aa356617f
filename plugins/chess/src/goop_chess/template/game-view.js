// SPDX-License-Identifier: MIT
// The game as it is shown: board, players, moves, offers, actions.

import { isLeftToUs } from "./abandoning.js";
import { Announcer } from "./announce.js";
import { Board } from "./board.js";
import { Chat } from "./chat.js";
import { Clocks } from "./clocks.js";
import { $, make, personTag, say, write } from "./dom.js";
import { pgnOf } from "./games-list.js";
import { lead } from "./material.js";
import { showOffers } from "./offers.js";
import { drawPiece, placement, played } from "./pieces.js";
import { Premove } from "./premove.js";
import { Stepping } from "./stepping.js";
import { headline, linkWords } from "./words.js";

const other = (colour) => (colour === "white" ? "black" : "white");
const action = (name) => $("game").querySelector(`.actions [data-action="${name}"]`);

export class GameView {
  constructor() {
    /** The games whose board the person has turned around. */
    this.flipped = new WeakSet();
    /** @type {import("./game.js").Game|null} */
    this.game = null;
    const hand = (there) => this.game?.thinking.tell(there && this.game.myTurn);
    this.board = new Board($("board"), (from, to) => this.#made(from, to), hand);
    this.clocks = new Clocks();
    this.premove = new Premove(() => this.game && this.show(this.game));
    this.stepping = new Stepping(() => this.show(this.game));
    this.announcer = new Announcer();
    this.chat = new Chat();
    for (const button of $("promotion").querySelectorAll("[data-promotion]")) button.type = "submit";
  }

  /** Turn the board around. */
  flip() {
    if (!this.flipped.delete(this.game)) this.flipped.add(this.game);
    this.show(this.game);
  }

  /** Nobody looks at the game any more: what was in hand goes back. */
  leave() {
    this.board.letGo();
    this.premove.cancel();
    this.stepping.leave();
    this.announcer.leave();
    this.chat.leave();
    this.game = null;
  }

  /** Show a game whose state is known. @param {import("./game.js").Game} game */
  show(game) {
    this.game = game;
    const { state } = game;
    const below = this.flipped.has(game) ? other(state.colour) : state.colour;
    this.stepping.follow(game);
    this.#showBoard(game, below);
    this.clocks.show(game);
    this.#showPlayer($("player-bottom"), below);
    this.#showPlayer($("player-top"), other(below));
    showOffers(state, action);
    this.#showActions(game);
    write($("status"), headline(game));
    $("status").dataset.mine = String(game.myTurn);
    write($("link"), linkWords(game));
    this.announcer.follow(game);
    this.chat.follow(game);
    this.premove.follow(game);
  }

  #showBoard(game, orientation) {
    const past = this.stepping.position;
    const { fen, turn, check, lastMove } = past ?? game.state;
    const pending = past ? null : game.pending;
    // What is on its way is shown where it goes, though the game does not know it yet.
    const pieces = pending ? played(placement(fen), pending) : placement(fen);
    const king = [...pieces].find(([, piece]) => piece.kind === "k" && piece.colour === turn);
    const mayMove = game.myTurn && game.linked && this.stepping.at === null;
    const ahead = this.stepping.at === null ? this.premove.choices(game, pieces) : {};
    this.board.show({
      pieces,
      legal: mayMove ? game.state.legal : ahead,
      ahead: mayMove ? null : { made: past ? null : this.premove.of(game) },
      orientation,
      lastMove: pending ? { from: pending.from, to: pending.to } : lastMove,
      check: check && !pending && king ? king[0] : null,
      still: Boolean(past),
    });
    if (game.state.status !== "running") this.board.letGo(); // there is nothing to play with it
  }

  #showPlayer(bar, colour) {
    const { state, channel } = this.game;
    const mine = colour === state.colour;
    const name = mine ? "You" : personTag(state.opponentLabel, state.opponentId);
    const past = this.stepping.position;
    const taken = state.captured[other(colour)].slice(0, past?.lost[other(colour)]);
    const ahead = lead(placement((past ?? state).fen), colour);
    const away = !mine && (channel?.state !== "connected" || channel?.detail?.peerPage === "none");
    const captured = make("span", { className: "captured", role: "img" });
    captured.setAttribute("aria-label", taken.length ? `Taken: ${taken.length} pieces` : "Nothing taken");
    captured.append(...taken.map((kind) => drawPiece(kind.toLowerCase(), other(colour))));
    if (ahead > 0) captured.append(make("span", { className: "lead" }, `+${ahead}`));
    const turn = state.status === "running" && state.turn === colour;
    bar.dataset.turn = String(turn);
    const thinks = !mine && turn && this.game.thinking.theirs;
    bar.dataset.away = String(away);
    bar.replaceChildren(
      make("span", { className: `disc ${colour}`, title: colour }),
      make("span", { className: "name" }, name, make("span", { className: "sr" }, `, ${colour}${turn ? ", to move" : ""}`)),
      ...(thinks ? [make("span", { className: "thinking" }, "thinking…")] : []),
      captured,
      ...this.clocks.face(colour),
    );
  }

  #showActions(game) {
    const { state, linked } = game;
    const running = state.status === "running";
    const open = running && linked;
    const left = isLeftToUs(state);
    action("claim-win").hidden = action("claim-draw").hidden = !(left && linked);
    action("abandon").hidden = !running || linked;
    const moved = state.san.length > (state.colour === "white" ? 0 : 1);
    action("abort").hidden = !(open && state.canAbort);
    action("resign").hidden = !linked || !(running || left) || state.canAbort;
    action("draw").hidden = !open || state.canAbort;
    action("takeback").hidden = !open || !moved;
    action("resume").hidden = !(running || left) || linked;
    action("rematch").hidden = running || left;
    action("pgn").hidden = state.san.length === 0;
    action("pgn").href = pgnOf(game.id);
  }

  async #made(from, to) {
    const { game } = this;
    if (!game) return; // nothing is on the table any more
    if (game.state.turn !== game.state.colour) {
      this.premove.make(game, from, to);
      return this.show(game);
    }
    const piece = placement(game.state.fen).get(from);
    const promotes = piece?.kind === "p" && (to[1] === "8" || to[1] === "1");
    const promotion = promotes ? await this.#askPromotion(piece.colour) : undefined;
    if (promotion === "") return;
    if (game.myTurn && game.state.legal[from]?.includes(to)) game.move(from, to, promotion);
    else say("The game has changed meanwhile: that move cannot be played any more.", "bad");
  }

  /** Ask what a pawn becomes; "" when the person thought better of it. */
  #askPromotion(colour) {
    const dialog = $("promotion");
    for (const button of dialog.querySelectorAll("[data-promotion]")) {
      button.replaceChildren(drawPiece(button.dataset.promotion, colour));
    }
    return ask(dialog);
  }
}

/**
 * Open a dialog and wait for its answer.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} the value of the button pressed, "" when it was dismissed
 */
export function ask(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}
