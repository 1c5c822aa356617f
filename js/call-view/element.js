// SPDX-License-Identifier: MIT
// The element <goop-call>: who calls, the call, and a word when it is over.
import { button, make, nameTag } from "./making.js";
import { Ring } from "./ring.js";
import { Stage } from "./stage.js";
import { endWords } from "./wording.js";

const STYLE = "/sdk/goop-call.css";

/** Shows what Goop.call does. One in a page is enough: it takes Goop.call's handlers. */
export class CallElement extends HTMLElement {
  /** @type {Stage | null} */
  #stage = null;
  #place = make("div", { className: "place" });
  #over = make("div", { className: "over", role: "status" });
  #ring = new Ring(this.#place, (callId, options) => this.#accept(callId, options));

  constructor() {
    super();
    const style = make("link", { rel: "stylesheet", href: STYLE });
    // Nothing is seen before it looks as it should.
    this.#place.hidden = this.#over.hidden = true;
    style.addEventListener("load", () => (this.#place.hidden = this.#over.hidden = false));
    this.attachShadow({ mode: "open" }).append(style, this.#place, this.#over);
  }

  connectedCallback() {
    Goop.call.onIncoming = (incoming) => this.#ring.show(incoming);
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
    return this.#begin(Goop.call.start(peerId, options));
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
    this.#stage.element.focus();
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
    if (!words) return;
    const close = button("Close", () => this.#over.replaceChildren(), { className: "plain" });
    this.#over.replaceChildren(make("p", {}, nameTag(end), make("br"), words), close);
  }
}
