// SPDX-License-Identifier: MIT
// One game: what the node says of it, and the channel to the other player.

import { api } from "./dom.js";
import { Past } from "./past.js";
import { Thinking } from "./thinking.js";

/**
 * A game as `GET /api/chess/games/{game}` tells it.
 * @typedef {object} GameState
 * @property {string} game
 * @property {string} context
 * @property {string|null} channelId
 * @property {string} opponentId
 * @property {string} opponentLabel
 * @property {"white"|"black"} colour  ours
 * @property {"running"|"finished"|"abandoned"} status
 * @property {string|null} result      "1-0", "0-1", "1/2-1/2" or "*"
 * @property {string|null} reason
 * @property {"white"|"black"} turn
 * @property {string} fen
 * @property {Record<string, string[]>} legal
 * @property {string[]} san
 * @property {string[]} uci
 * @property {boolean} check
 * @property {{from: string, to: string}|null} lastMove
 * @property {{white: string[], black: string[]}} captured
 * @property {Record<"draw"|"takeback", Record<"white"|"black", string|null>>} offers
 *     null, "open", or the outcome that stays until who offered has moved
 * @property {boolean} canAbort
 */

/** The name by which the API knows the game of a channel. */
export const gameOf = (channel) => (channel.context === "chess" ? channel.id : channel.context);

/** Whether a channel carries chess. */
export const isChess = (channel) => /^chess(_|$)/.test(channel.context || "");

/**
 * The living channel of a game, or `undefined`. A page that was reloaded finds its channels here.
 * @param {string} id  of the game
 */
export async function channelOf(id) {
  const channels = await Goop.realtime.channels();
  return channels.find((channel) => isChess(channel) && gameOf(channel) === id);
}

export class Game {
  /**
   * @param {string} id
   * @param {(game: Game) => void} onChange  something that is shown has changed
   * @param {(error: Error) => void} onError
   */
  constructor(id, onChange, onError) {
    this.id = id;
    this.onChange = onChange;
    this.onError = onError;
    /** @type {GameState|null} */
    this.state = null;
    this.channel = null;
    this.past = new Past((after) => api(`/games/${encodeURIComponent(id)}/positions?after=${after}`));
    this.thinking = new Thinking(() => this.state && this.onChange(this));
    /** Our move on its way: shown at once, taken back if it is refused. */
    this.pending = null;
    this.reading = null;
    this.stale = false;
  }

  /** Whether the other player can be written to, now or later. */
  get linked() {
    return Boolean(this.channel && !this.channel.detail?.final);
  }

  /** Whether it is for this player to move. */
  get myTurn() {
    const { state } = this;
    return Boolean(state && state.status === "running" && state.turn === state.colour && !this.pending);
  }

  /** The other player, for a new request. */
  get opponent() {
    return { peerId: this.state.opponentId, label: this.state.opponentLabel };
  }

  /** Use this channel for the game. Messages that came before wait for the handler. */
  attach(channel) {
    this.channel = channel;
    this.thinking.listen(channel);
    channel.onMessage = () => this.refresh();
    channel.onStateChange = () => this.refresh();
    channel.onError = (error) => this.#refused(error);
    this.onChange(this);
  }

  /** Take it off the table. The channel of a game that is over has nothing more to carry. */
  leave() {
    this.onChange = () => {};
    this.onError = () => {};
    if (this.state && this.state.status !== "running") this.channel?.close();
  }

  /**
   * Read the game again. Calls that come while one is under way share one more reading,
   * so that what is shown is never older than the last call.
   */
  refresh() {
    this.stale = true;
    this.reading ||= this.#read().finally(() => (this.reading = null));
    return this.reading;
  }

  async #read() {
    while (this.stale) {
      this.stale = false;
      try {
        const state = await api(`/games/${encodeURIComponent(this.id)}`);
        await this.past.follow(state.uci);
        this.state = state;
      } catch (error) {
        this.onError(error);
        return;
      }
      if (this.state.turn === this.state.colour || this.state.status !== "running") this.thinking.done();
      if (this.pending && this.state.san.length !== this.pending.after) this.pending = null;
      this.onChange(this);
    }
  }

  /** Play a move. @param {string} from @param {string} to @param {string} [promotion] */
  move(from, to, promotion) {
    this.pending = { from, to, promotion, after: this.state.san.length };
    this.onChange(this);
    const message = { type: "move", from, to };
    return this.send(promotion ? { ...message, promotion } : message);
  }

  /**
   * Send a message of the game. Our node may take it before the game knows it (the other
   * node puts the messages in order), so the game is read at every step of its way.
   * @param {{type: string}} message
   */
  async send(message) {
    try {
      const sent = this.channel.send(message);
      sent.delivered?.then(() => this.refresh(), (error) => this.#refused(error));
      sent.handled?.then(() => this.refresh(), () => {});
      await sent;
    } catch (error) {
      this.#refused(error);
      return;
    }
    await this.refresh();
  }

  #refused(error) {
    this.pending = null;
    this.onError(error);
    this.refresh();
  }
}
