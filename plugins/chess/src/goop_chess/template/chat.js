// SPDX-License-Identifier: MIT
// The chat beside the board: a tab next to the moves, so that it never covers or moves the board.
// Whoever does not want it turns it off for this browser; the other player's page is told.

import { announce } from "./announce.js";
import { $, make, say, write } from "./dom.js";
import { keep, onKept, recall } from "./storage.js";
import { whoOf } from "./words.js";

const SWITCH = "chat";
const SEEN = "chat-seen";
/** Of how many games it is kept what was read last. */
const GAMES = 50;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export class Chat {
  constructor() {
    this.game = null;
    this.tab = "moves";
    /** Whether the newest line is in sight: then it stays so, whatever comes and however little room there is. */
    this.atEnd = true;
    const lines = $("chat-lines");
    lines.addEventListener("scroll", () => (this.atEnd = lines.scrollTop + lines.clientHeight > lines.scrollHeight - 8));
    new ResizeObserver(() => this.#toEnd()).observe(lines);
    for (const name of ["moves", "chat"]) $(`${name}-tab`).addEventListener("click", () => this.#choose(name));
    $("record-tabs").addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      this.#choose(this.tab === "moves" ? "chat" : "moves");
      $(`${this.tab}-tab`).focus();
    });
    $("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    $("chat-switch").addEventListener("click", () => this.#turn(!this.on));
    document.addEventListener("visibilitychange", () => this.game && this.#show());
    // Another tab of this browser has turned it on or off, or has shown what was written.
    onKept([SWITCH, SEEN], () => this.game && this.follow(this.game));
  }

  /** Whether the person wants to chat. */
  get on() {
    return recall(SWITCH) !== "off";
  }

  /** Follow the game on the table. */
  follow(game) {
    if (this.game !== game) {
      this.game = game;
      game.conversation.onChange = (fresh) => this.#changed(game, fresh);
      $("chat-text").value = "";
      this.atEnd = true;
      this.#choose("moves");
    }
    game.conversation.follow(game.channel, this.on);
    this.#show();
  }

  /** Nobody looks at the game any longer. */
  leave() {
    this.game = null;
  }

  /** Something was written, or the other player has turned chat on or off. */
  #changed(game, fresh) {
    if (game !== this.game) return;
    this.#show();
    if (this.on) for (const { text } of fresh) announce(`${this.#who} writes: ${text}`);
  }

  get #who() {
    return whoOf(this.game.state ?? {});
  }

  #turn(on) {
    const trouble = keep(SWITCH, on ? "on" : "off");
    if (trouble) say(trouble, "bad");
    this.follow(this.game);
  }

  #choose(name) {
    this.tab = name;
    for (const each of ["moves", "chat"]) {
      $(`${each}-tab`).setAttribute("aria-selected", String(each === name));
      $(`${each}-tab`).tabIndex = each === name ? 0 : -1;
      $(`${each}-panel`).hidden = each !== name;
    }
    if (this.game) this.#show();
  }

  #send() {
    const text = $("chat-text").value.trim();
    const { conversation } = this.game;
    if (!text || !conversation.open) return;
    $("chat-text").value = "";
    this.atEnd = true; // who writes wants to see it
    conversation.say(text).catch((error) => say(error.message, "bad"));
  }

  #show() {
    const { conversation } = this.game;
    const { on } = this;
    $("chat-lines").hidden = $("chat-form").hidden = !on;
    $("chat-switch").textContent = on ? "Turn chat off" : "Turn chat on";
    write($("chat-note"), this.#note(conversation, on));
    $("chat-text").disabled = $("chat-submit").disabled = !conversation.open;
    if (on) this.#showLines(conversation.lines);
    this.#count(conversation.lines, on);
  }

  #note(conversation, on) {
    if (!on) return `Chat is off in this browser, and ${this.#who} is told so.`;
    if (!conversation.open) return "Nothing can be written: the two of you are not in this game together.";
    if (conversation.offThere) return `${this.#who} has chat off: what you write is seen only when it is turned on.`;
    return "";
  }

  #toEnd() {
    if (this.atEnd) $("chat-lines").scrollTop = $("chat-lines").scrollHeight;
  }

  /** Only what differs is made anew. */
  #showLines(lines) {
    const list = $("chat-lines");
    const keys = lines.map(({ id, is }) => `${is} ${id}`);
    let same = 0;
    while (same < keys.length && list.children[same]?.dataset.key === keys[same]) same += 1;
    if (same === keys.length && same === list.childElementCount) return;
    while (list.childElementCount > same) list.lastElementChild.remove();
    for (const line of lines.slice(same)) list.append(this.#item(line));
    this.#toEnd();
  }

  #item({ id, is, mine, text, at, why }) {
    const who = mine ? "You" : this.#who;
    const note = is === "there" ? clock.format(at) : is === "leaving" ? "on its way…" : `not taken: ${why}`;
    return make(
      "li",
      { "data-key": `${is} ${id}`, className: mine ? "ours" : "" },
      make("span", { className: "by" }, who, " ", make("small", { className: "soft" }, note)),
      make("bdi", { className: "text" }, text),
    );
  }

  /** Mark what was not read: what the other player wrote since this was last in sight. */
  #count(lines, on) {
    const theirs = lines.filter(({ mine }) => !mine);
    const seen = seenLines();
    const newest = theirs.at(-1)?.id;
    if (on && newest && this.tab === "chat" && !document.hidden && seen[this.game.id] !== newest) {
      delete seen[this.game.id]; // the newest games come last
      seen[this.game.id] = newest;
      keep(SEEN, JSON.stringify(Object.fromEntries(Object.entries(seen).slice(-GAMES))));
    }
    const unread = on ? theirs.length - 1 - theirs.findLastIndex(({ id }) => id === seen[this.game.id]) : 0;
    $("chat-unread").textContent = unread ? String(unread) : "";
    $("chat-tab").setAttribute("aria-label", unread ? `Chat, ${unread} unread` : "Chat");
  }
}

/** What was read last, by game. @returns {Record<string, string>} */
function seenLines() {
  try {
    const kept = JSON.parse(recall(SEEN) || "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
