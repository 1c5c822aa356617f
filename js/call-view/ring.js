// SPDX-License-Identifier: MIT
// Who calls: with fingerprint, and three answers.
import { button, make, nameTag } from "./making.js";
import { RingTone } from "./tone.js";

/**
 * @param {string} peerId
 * @returns {Promise<string>} twenty digits to compare, or ""
 */
async function fingerprintOf(peerId) {
  const response = await fetch("/api/peers", { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  /** @type {any[]} */
  const rows = response?.ok ? await response.json().catch(() => []) : [];
  return rows.find(({ ID }) => ID === peerId)?.fingerprint ?? "";
}

export class Ring {
  #tone = new RingTone();
  /** @type {Map<string, HTMLElement>} by call id */
  #shown = new Map();

  /**
   * @param {HTMLElement} place
   * @param {(callId: string, options: GoopCallOptions) => unknown} onAccept
   * @param {(callId: string) => unknown} onDecline
   */
  constructor(place, onAccept, onDecline) {
    this.place = place;
    this.onAccept = onAccept;
    this.onDecline = onDecline;
  }

  /**
   * @param {GoopIncomingCall} incoming
   * @returns {HTMLElement} what is shown of it
   */
  show(incoming) {
    const { callId, peerId, accepted, media } = incoming;
    const title = make("h2", { id: `title-${callId}` }, nameTag(incoming), accepted ? ": how would you like to join?" : " calls you");
    const print = make("p", { className: "print" });
    const answer = (/** @type {boolean} */ video) => () => {
      this.drop(callId);
      this.onAccept(callId, { audio: true, video });
    };
    const decline = () => {
      this.drop(callId);
      return this.onDecline(callId);
    };
    const card = make(
      "div",
      { className: "ring", role: "dialog", "aria-labelledby": title.id, tabIndex: -1 },
      title,
      make("div", { className: "about" }, make("p", { className: "asks" }, media.video ? "A video call." : "A voice call."), this.#bell()),
      print,
      make(
        "div",
        { className: "answers" },
        button("Accept with camera", answer(true), { className: media.video ? "yes" : "" }),
        button("Accept without camera", answer(false), { className: media.video ? "" : "yes" }),
        button("Decline", decline, { className: "no" }),
      ),
    );
    this.#shown.set(callId, card);
    this.place.append(card);
    if (!accepted) this.#tone.start();
    void fingerprintOf(peerId).then((found) => (print.textContent = found && `Fingerprint ${found}`));
    return card;
  }

  /** Whether somebody calls. */
  get rings() {
    return this.#shown.size > 0;
  }

  /** @param {string} callId */
  drop(callId) {
    this.#shown.get(callId)?.remove();
    this.#shown.delete(callId);
    if (!this.rings) this.#tone.stop();
  }

  #bell() {
    const bell = button("", () => {
      this.#tone.off = !this.#tone.off;
      if (!this.#tone.off) this.#tone.start();
      say();
    }, { className: "plain" });
    const say = () => {
      bell.textContent = "Ring tone";
      bell.setAttribute("aria-pressed", String(!this.#tone.off));
    };
    say();
    return bell;
  }
}
