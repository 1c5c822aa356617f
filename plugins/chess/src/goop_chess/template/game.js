// SPDX-License-Identifier: MIT
// One game: what the node says of it, what is on its way, and the channel to the other player.

import { Conversation } from "./conversation.js";
import { api } from "./dom.js";
import { Past } from "./past.js";
import { Signals } from "./signals.js";
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
 * @property {"white"|"black"|null} abandonedBy  who has left the game for good
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
 * @property {Clock|null} clock
 * @property {string|null} rematch     the context that a rematch has
 *
 * @typedef {object} Clock  times in ms
 * @property {import("./time-controls.js").TimeControl} control
 * @property {{white: number, black: number}} left
 * @property {"white"|"black"|null} running
 * @property {number} elapsed    of the clock that runs, since its player's turn began
 * @property {{by: string, spent: number, seen: number, charged: number}|null} last  the newest move whose
 *     charge is final
 * @property {boolean} claimable  whether the other player's time can be claimed to be over
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

/** What leaves nothing to play until it has its place, or was refused. */
const DECIDES = new Set(["move", "resign", "abort", "abandon", "abandon_claim", "draw_accept", "takeback_accept"]);

/**
 * Who hears of a game.
 * @typedef {object} Told
 * @property {(game: Game) => void} changed  something that is shown has changed
 * @property {(game: Game, error: Error & {code?: string}) => void} refused  what was said is not taken
 * @property {(game: Game) => void} read  the node has told the game
 * @property {(game: Game, error: Error & {code?: string}) => void} unread  the node did not tell the game
 */

export class Game {
  /** What this page said and its node has not taken yet: id → message and whether it has by now. */
  #leaving = new Map();
  /** What the node had on its way when the game was read. @type {{id: string, data: any}[]} */
  #waiting = [];
  #reading = Goop.reading(() => this.#read(), (error) => this.#unread(error));
  #tell;

  /**
   * @param {string} id
   * @param {Told} tell
   */
  constructor(id, tell) {
    this.id = id;
    this.#tell = tell;
    /** @type {GameState|null} */
    this.state = null;
    this.channel = null;
    this.past = new Past((after) => api(`/games/${encodeURIComponent(id)}/positions?after=${after}`));
    this.signals = new Signals();
    this.conversation = new Conversation(this.signals);
    this.thinking = new Thinking(this.signals, () => this.#changed());
  }

  /** Whether the other player can be written to, now or later. */
  get linked() {
    return Boolean(this.channel && !this.channel.detail?.final);
  }

  /**
   * What was said on this side, by any page, and has no place in the game yet, in order: it is
   * shown as such, and is not said again.
   * @returns {{type: string, [key: string]: any}[]}
   */
  get onItsWay() {
    const waiting = new Map(this.#waiting.map(({ id, data }) => [id, data]));
    for (const [id, { message }] of this.#leaving) waiting.set(id, message);
    return [...waiting.values()];
  }

  /** Our move on its way: where it goes is shown at once, and taken back if it is refused. */
  get pending() {
    if (this.state?.status !== "running" || this.state.turn !== this.state.colour) return null;
    return this.onItsWay.find(({ type }) => type === "move") || null;
  }

  /** Whether it is for this player to move. */
  get myTurn() {
    const { state } = this;
    if (!state || state.status !== "running" || state.turn !== state.colour) return false;
    return !this.onItsWay.some(({ type }) => DECIDES.has(type));
  }

  /** The other player, for a new request. */
  get opponent() {
    return { peerId: this.state.opponentId, label: this.state.opponentLabel };
  }

  /** Use this channel for the game, for as long as it lives. Messages that came before wait for the handler. */
  attach(channel) {
    if (channel === this.channel) return;
    this.channel = this.signals.channel = channel;
    channel.onSignal = (data) => {
      this.thinking.signalled(data);
      this.conversation.signalled(data);
    };
    channel.onMessage = (data) => {
      this.conversation.heard(data);
      return this.refresh();
    };
    channel.onGap = channel.onStateChange = channel.onPending = () => this.refresh();
    channel.onError = (error) => this.#refused("", error);
    this.refresh();
  }

  /** It is looked at no longer. The channel of a game that is over has nothing more to carry. */
  leave() {
    this.thinking.tell(false);
    if (this.state?.status === "finished") this.channel?.close();
  }

  /**
   * Read the game again. Calls that come while one is under way share one more reading,
   * so that what is shown is never older than the last call.
   */
  refresh() {
    return this.#reading.again();
  }

  #unread(error) {
    this.#tell.unread(this, error);
    return this.linked;
  }

  async #read() {
    const taken = [...this.#leaving].filter(([, { accepted }]) => accepted);
    // In this order: what leaves the way meanwhile is in the game already, and is never in neither.
    const waiting = await this.#onTheNode();
    const state = await api(`/games/${encodeURIComponent(this.id)}`);
    const untold = await this.past.follow(state.uci).catch((error) => error);
    this.state = state;
    this.#waiting = waiting;
    for (const [id] of taken) this.#leaving.delete(id);
    if (state.turn === state.colour || state.status !== "running") this.thinking.done();
    this.#changed();
    if (untold) throw untold; // what is known is shown; how it came about is asked for again
    this.#tell.read(this);
  }

  async #onTheNode() {
    if (!this.linked) return [];
    try {
      return await this.channel.pending();
    } catch (error) {
      // A channel that has ended meanwhile carries nothing more.
      if (error.code === "unknown_channel") return [];
      throw error;
    }
  }

  #changed() {
    if (this.state) this.#tell.changed(this);
  }

  /** Play a move. @param {string} from @param {string} to @param {string} [promotion] */
  move(from, to, promotion) {
    const message = { type: "move", from, to };
    return this.send(promotion ? { ...message, promotion } : message);
  }

  /**
   * Send a message of the game. Our node may take it before the game knows it (the other
   * node puts the messages in order), so the game is read at every step of its way.
   * @param {{type: string, [member: string]: any}} message
   */
  async send(message) {
    const sent = this.channel.send(message);
    const leaving = { message, accepted: false };
    this.#leaving.set(sent.id, leaving);
    this.#changed();
    sent.delivered.then(() => this.refresh(), (error) => leaving.accepted && this.#refused(sent.id, error));
    const taken = () => {
      leaving.accepted = true;
      return this.refresh();
    };
    return sent.then(taken, (error) => this.#refused(sent.id, error));
  }

  /** What was said is not taken, or nobody can say what became of it. */
  async #refused(id, error) {
    const message = this.#leaving.get(id)?.message;
    this.#leaving.delete(id);
    await this.refresh();
    // A peer with an older protocol confirms nothing: that is no refusal.
    if (error.code !== "unsupported" && !this.#isPlayed(message)) this.#tell.refused(this, error);
  }

  /** Whether that is our latest move: another tab has made the same. */
  #isPlayed(message) {
    if (message?.type !== "move" || !this.state) return false;
    const { turn, colour, uci } = this.state;
    return uci.at(turn === colour ? -2 : -1) === `${message.from}${message.to}${message.promotion ?? ""}`;
  }
}
