// SPDX-License-Identifier: MIT
// The games that this page knows of, one object each for as long as the page lives. What is shown
// comes and goes and only looks; a game goes on hearing of its channel whether it is shown or not.

import { Game, gameOf, isChess } from "./game.js";

export class Tables {
  /** @type {Map<string, Game>} */
  #games = new Map();
  #tell;

  /** @param {import("./game.js").Told} tell  what is to happen with the news of any game */
  constructor(tell) {
    this.#tell = tell;
  }

  /** The game of that id. @param {string} id */
  of(id) {
    let game = this.#games.get(id);
    if (!game) this.#games.set(id, (game = new Game(id, this.#tell)));
    return game;
  }

  /** Whether a move of ours is on its way in the game of that id. @param {string} id */
  sending(id) {
    return Boolean(this.#games.get(id)?.pending);
  }

  /** Give every game the channel that it has now: a reload finds them here, and so does another tab. */
  async findChannels() {
    for (const channel of await Goop.realtime.channels()) {
      if (isChess(channel)) this.of(gameOf(channel)).attach(channel);
    }
  }
}
