// SPDX-License-Identifier: MIT
// The element <goop-call>: who calls, the call, and a word when it is over.
import { button, make, nameTag } from "./making.js";
import { Ring } from "./ring.js";
import { Stage } from "./stage.js";
import { endWords } from "./wording.js";

const STYLE = "/sdk/goop-call.css";

/** Whether the keyboard is nowhere: somebody who is writing or playing is not to be interrupted. */
const nobodyHasFocus = () => !document.activeElement || document.activeElement === document.body;

/** Shows what Goop.call does. One in a page is enough: it takes Goop.call's handlers. */
export class CallElement extends HTMLElement {
  /** @type {Stage | null} */
  #stage = null;
  #place = make("div", { className: "place" });
  #over = make("div", { className: "over", role: "status" });
  /** Who calls, for whoever does not see it. */
  #spoken = make("p", { className: "sr", role: "alert", hidden: true });
  #ring = new Ring(this.#place, (callId, options) => this.#accept(callId, options), (callId) => this.#decline(callId));

  constructor() {
    super();
    const style = make("link", { rel: "stylesheet", href: STYLE });
    // Nothing is seen before it looks as it should.
    this.#place.hidden = this.#over.hidden = true;
    style.addEventListener("load", () => (this.#place.hidden = this.#over.hidden = false));
    this.attachShadow({ mode: "open" }).append(style, this.#place, this.#over, this.#spoken);
  }

  connectedCallback() {
    Goop.call.onIncoming = (incoming) => this.#rings(incoming);
    Goop.call.onEnded = (end) => this.#ended(end);
    Goop.call.onResumed = (call) => this.#begin(call);
  }

  /** The call that is shown, or `null`. */
  get call() {
    return this.#stage?.call ?? null;
  }

  /**
   * Call somebody.
   * @param {string} peerId
   * @param {GoopCallOptions & { context?: string }} [options]
   */
  start(peerId, options) {
    const call = this.#begin(Goop.call.start(peerId, options));
    this.#stage?.element.focus({ preventScroll: true });
    return call;
  }

  /** @param {GoopIncomingCall} incoming */
  #rings(incoming) {
    this.#lead(this.#ring.show(incoming));
    this.#spoken.replaceChildren(nameTag(incoming), " calls you");
    this.#spoken.hidden = false;
  }

  /** @param {string} callId */
  #decline(callId) {
    this.#fit();
    return Goop.call.decline(callId);
  }

  /**
   * Show it, and lead the keyboard there if that disturbs nobody.
   * @param {HTMLElement} shown
   */
  #lead(shown) {
    this.#fit();
    if (nobodyHasFocus()) shown.focus({ preventScroll: true });
  }

  /** The element takes up room while there is something in it, and says so by its attribute `open`. */
  #fit() {
    const rings = this.#ring.rings;
    this.toggleAttribute("open", rings || this.#stage !== null || this.#over.hasChildNodes());
    if (!rings) this.#spoken.hidden = true;
  }

  #forgetEnd() {
    this.#over.replaceChildren();
    this.#fit();
  }

  /**
   * @param {string} callId
   * @param {GoopCallOptions} options
   */
  async #accept(callId, options) {
    try {
      this.#begin(await Goop.call.accept(callId, options));
    } catch {
      // Its end says why: they gave up in the same moment, for instance.
    }
  }

  /** @param {GoopCall} call */
  #begin(call) {
    if (call.ended) return call;
    this.#stage?.close();
    this.#over.replaceChildren();
    this.#stage = new Stage(call);
    this.#place.append(this.#stage.element);
    this.#lead(this.#stage.element);
    this.dispatchEvent(new CustomEvent("callstart", { detail: call }));
    return call;
  }

  /** @param {GoopCallEnd} end */
  #ended(end) {
    this.#ring.drop(end.callId);
    if (this.#stage?.call.id === end.callId) {
      this.#stage.close();
      this.#stage = null;
    }
    this.dispatchEvent(new CustomEvent("callend", { detail: end }));
    const words = endWords(end);
    const close = button("Close", () => this.#forgetEnd(), { className: "plain" });
    if (words) this.#over.replaceChildren(make("p", {}, nameTag(end), make("br"), words), close);
    this.#fit();
  }
}
