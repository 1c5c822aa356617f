// SPDX-License-Identifier: MIT
/**
 * Goop.call: video calls between the pages of two nodes.
 *
 *     <script src="/sdk/goop-realtime.js"></script>
 *     <script src="/sdk/goop-call.js"></script>
 *     const call = Goop.call.start(peerId, { video: true, audio: true });
 *     call.onRemoteStream = (stream) => (video.srcObject = stream);
 *     Goop.call.onIncoming = ({ callId, peerLabel }) => ask(peerLabel, () => Goop.call.accept(callId));
 */
import { calls } from "./call/calls.js";

/** @type {any} */
const root = globalThis;
root.Goop ??= {};
root.Goop.call ??= calls();
