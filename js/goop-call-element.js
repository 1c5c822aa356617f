// SPDX-License-Identifier: MIT
/**
 * <goop-call>: calls for any page that was granted context, camera and microphone.
 *
 *     <script src="/sdk/goop-realtime.js"></script>
 *     <script src="/sdk/goop-call-element.js"></script>
 *     <goop-call></goop-call>
 *
 * It shows who calls, and the call while it lasts; `element.start(peerId)` calls somebody. Colours
 * and the like are custom properties, named in goop-call.css. Brings Goop.call with it.
 */
import { calls } from "./call/calls.js";
import { CallElement } from "./call-view/element.js";

/** @type {any} */
const root = globalThis;
root.Goop ??= {};
root.Goop.call ??= calls();
if (!customElements.get("goop-call")) customElements.define("goop-call", CallElement);
