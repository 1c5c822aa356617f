// SPDX-License-Identifier: MIT
// The players' clocks: what the node measures, shown as it goes by. The page decides nothing; it
// says when our own time is over, and offers to claim that the other's is. Both nodes judge it.

import { $, make, write } from "./dom.js";
import { whoOf } from "./words.js";

/** @typedef {import("./game.js").Game} Game */

/** A clock with less than this looks different, and is announced once, in ms. */
const LOW_MS = { fischer: 20_000, correspondence: 3 * 3600_000 };
const TENTHS_MS = 10_000;
const TICK_MS = 100;
/** How often the node is asked whether the time can be claimed, once it seems to be over. */
const ASK_MS = 2_000;

const two = (number) => String(number).padStart(2, "0");

/** "1:02:03", "4:05", "0:07.3", "2 d 4 h". @param {number} ms @param {string} kind */
export function clockText(ms, kind) {
  const left = Math.max(0, ms);
  const seconds = left < TENTHS_MS ? Math.floor(left / 1000) : Math.ceil(left / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (kind === "correspondence" && hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours) return `${hours}:${two(minutes)}:${two(seconds % 60)}`;
  const tenths = left < TENTHS_MS && kind !== "correspondence" ? `.${Math.floor((left % 1000) / 100)}` : "";
  return `${minutes}:${two(seconds % 60)}${tenths}`;
}

/**
 * What the nodes disagree on about a move, in words; "" where they agree.
 * @param {import("./game.js").GameState} state
 */
export function disputed(state) {
  const { clock, colour } = state;
  const last = clock?.last;
  if (!last || last.charged <= last.spent) return "";
  const seconds = (ms) => `${Math.round(ms / 1000)} s`;
  const who = whoOf(state);
  const [mover, other] = last.by === colour ? ["Your", `${who}'s`] : [`${who}'s`, "your"];
  return `${mover} node says ${seconds(last.spent)} for a move, ${other} node saw ${seconds(last.seen)}: ${seconds(last.charged)} are charged.`;
}

export class Clocks {
  /** @type {Game|null} */
  #game = null;
  /** When the node's times were true, by this page's clock. */
  #at = 0;
  #state = null;
  #asked = 0;
  #announced = "";
  #faces = { white: this.#face("white"), black: this.#face("black") };

  constructor() {
    setInterval(() => this.#tick(), TICK_MS);
  }

  #face(colour) {
    return make("span", { className: "clock", role: "timer", "aria-label": colour === "white" ? "White's clock" : "Black's clock" });
  }

  /** The clock of a colour, to be put where its player is; nothing in a game without clocks. */
  face(colour) {
    return this.#game?.state.clock ? [this.#faces[colour]] : [];
  }

  /** Show the clocks of a game. Called before the players are shown. @param {Game} game */
  show(game) {
    if (game.state.clock !== this.#state) this.#at = performance.now();
    if (this.#game?.id !== game.id) this.#announced = "";
    this.#game = game;
    this.#state = game.state.clock;
    const claim = $("game").querySelector('[data-action="claim"]');
    write($("clock-note"), disputed(game.state));
    claim.hidden = !(this.#state?.claimable && game.state.status === "running" && game.linked);
    this.#tick();
  }

  /** What is left of a colour's time now, in ms. */
  #left(colour) {
    const { left, running, elapsed } = this.#state;
    return left[colour] - (running === colour ? elapsed + performance.now() - this.#at : 0);
  }

  #tick() {
    const game = this.#game;
    if (!game?.state?.clock || !this.#state) return;
    const { kind } = this.#state.control;
    const live = game.state.status === "running";
    for (const colour of /** @type {const} */ (["white", "black"])) {
      const face = this.#faces[colour];
      const left = this.#left(colour);
      const text = clockText(left, kind);
      if (face.textContent !== text) face.textContent = text;
      face.dataset.running = String(this.#state.running === colour);
      face.dataset.low = String(live && left < LOW_MS[kind]);
    }
    if (!live || !this.#state.running) return;
    const { running } = this.#state;
    if (running === game.state.colour) this.#ours(game, this.#left(running), kind);
    else if (this.#left(running) <= 0 && !this.#state.claimable) this.#later(() => game.refresh());
  }

  /** Our own clock runs: say once that little is left, and own up when it is over. */
  #ours(game, left, kind) {
    const turn = `${game.id} ${game.state.san.length}`;
    if (left < LOW_MS[kind] && this.#announced !== turn) {
      this.#announced = turn;
      $("clock-news").textContent = `You have ${kind === "fischer" ? "less than 20 seconds" : "less than 3 hours"} left.`;
    }
    if (left > 0 || game.pending || !game.linked || game.onItsWay.some(({ type }) => type === "flag")) return;
    this.#later(async () => {
      // Refused where our node has measured a little less than this page: then it is said again.
      await game.channel.send({ type: "flag", colour: game.state.colour }).catch(() => {});
      await game.refresh();
    });
  }

  #later(work) {
    if (performance.now() - this.#asked < ASK_MS) return;
    this.#asked = performance.now();
    work();
  }
}
