// SPDX-License-Identifier: MIT
/**
 * Goop.realtime: channels between the pages of two nodes, for any page of a node.
 *
 *     <script src="/sdk/goop-realtime.js"></script>
 *     const channel = await Goop.realtime.connect(peerId, { context: "chess_42" });
 *     channel.onMessage = (message) => draw(message);
 *     channel.send({ type: "move", from: "e2", to: "e4" });
 *
 * The node serves this file and what it imports as one classic script, so that a page needs no
 * build step; modules import goop-realtime.mjs.
 */
import { realtime } from "./realtime/api.js";

/** @type {any} */
const root = globalThis;
root.Goop ??= {};
root.Goop.realtime ??= realtime(); // loaded twice, for instance as script and as module: once
