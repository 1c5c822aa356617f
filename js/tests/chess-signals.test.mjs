// SPDX-License-Identifier: MIT
// Two chess pages tell each other by signals whether a hand is at the board and whether chat is on.
// Of the signals that wait only the newest arrives: at rest each side knows what is so, all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import "../goop-reading.js";
import { Conversation } from "../../plugins/chess/src/goop_chess/template/conversation.js";
import { Signals } from "../../plugins/chess/src/goop_chess/template/signals.js";
import { Thinking } from "../../plugins/chess/src/goop_chess/template/thinking.js";

class Side {
  hand = false;
  on = true;
  waiting = undefined;
  constructor() {
    this.signals = new Signals();
    this.thinking = new Thinking(this.signals, () => {});
    this.conversation = new Conversation(this.signals);
    const signal = (data) => void (this.waiting = data);
    const none = async () => [];
    this.channel = { id: "c1", state: "connected", detail: {}, signal, history: none, pending: none };
    this.signals.channel = this.channel;
    this.conversation.follow(this.channel, this.on);
  }

  /** What waits on the other side's way arrives here. */
  hear(other) {
    const data = other.waiting;
    other.waiting = undefined;
    if (data === undefined) return;
    this.thinking.signalled(data);
    this.conversation.signalled(data);
  }

  toggleHand() {
    this.hand = !this.hand;
    this.thinking.tell(this.hand);
  }

  toggleChat() {
    this.on = !this.on;
    this.conversation.follow(this.channel, this.on);
  }
}

const judge = (one, other) => {
  assert.equal(one.thinking.theirs, other.hand, "the hand at the board");
  assert.equal(one.conversation.offThere, !other.on, "whether chat is off");
};

test("whichever signals take each other's place, both sides know what is so", () => {
  // Every sequence of six: each side's hand, chat, and the arrival of what waits for it.
  for (let n = 0; n < 6 ** 6; n++) {
    const [white, black] = [new Side(), new Side()];
    const sides = [
      [white, black],
      [black, white],
    ];
    for (let step = 0, rest = n; step < 6; step++, rest = Math.floor(rest / 6)) {
      const [side, other] = sides[rest % 2];
      const what = Math.floor((rest % 6) / 2);
      if (what === 0) side.toggleHand();
      else if (what === 1) side.toggleChat();
      else side.hear(other);
    }
    let rounds = 0;
    while (white.waiting || black.waiting) {
      assert.ok(++rounds < 10, "they never stop asking each other");
      for (const [side, other] of sides) side.hear(other);
    }
    for (const [side, other] of sides) judge(side, other);
    for (const side of [white, black]) side.thinking.done();
  }
});
