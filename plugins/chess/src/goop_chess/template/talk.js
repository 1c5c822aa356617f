// SPDX-License-Identifier: MIT
// Talking to the other player: a call beside the board, for as long as the game is on the table. Where
// the node has no calls, or the person has not granted them to this page, nothing of it is there.

import { $, fullName } from "./dom.js";

const CONTEXT = "video_call";
const ELEMENT = "/sdk/goop-call-element.js";

export class Talk {
  #may = false;
  /** @type {import("./game.js").Game|null} */
  #game = null;
  /** With whom the person sits at the table: a peer id. */
  #other = "";

  constructor() {
    this.button = $("call-other");
    this.button.addEventListener("click", () => $("call").start(this.#other));
    for (const event of ["callstart", "callend"]) $("call").addEventListener(event, () => this.#show());
  }

  /** Have calls, where there are any. */
  async start() {
    if (!(await mayCall())) return;
    const script = Object.assign(document.createElement("script"), { src: ELEMENT });
    script.addEventListener("load", () => {
      this.#may = true;
      this.#show();
    });
    document.head.append(script);
  }

  /**
   * This game is on the table, or none. A call with who sat there ends when they part: a rematch is
   * no parting.
   * @param {import("./game.js").Game|null} game
   */
  follow(game) {
    const { call } = $("call");
    const other = game?.opponent.peerId ?? "";
    if (call && call.peerId === this.#other && other !== this.#other) call.end();
    this.#game = game;
    this.#other = other;
    this.#show();
  }

  #show() {
    const game = this.#game;
    this.button.hidden = !(this.#may && game?.linked) || Boolean($("call").call);
    if (game) this.button.setAttribute("aria-label", Goop.names.spoken(`Call ${fullName(game.opponent.label, this.#other)}`));
  }
}

/** Whether this page may call: asked without asking for anything that may be missing. */
async function mayCall() {
  const answer = await fetch("/api/realtime/contexts").catch(() => null);
  const contexts = answer?.ok ? await answer.json() : [];
  return contexts.some(({ name }) => name === CONTEXT);
}
