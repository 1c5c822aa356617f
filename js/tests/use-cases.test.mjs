// SPDX-License-Identifier: MIT
// Pages as their authors write them: fire and forget, handlers as properties, no try and catch.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

const opens = (context) => () => ({ channelId: "c1", state: "connected", peerId: "bob", peerLabel: "Bob", context, params: null, detail: {} });

test("a game: opens a channel, sends moves without looking back, draws what comes", async () => {
  const { node, run, printed, clock } = openPage();
  node.answers.request = opens("chess_5");
  const shown = [];
  run(
    `let channel = null;
     async function startGame(opponent) {
       channel = await Goop.realtime.connect(opponent, { context: "chess_" + 5 });
       channel.onMessage = function (message) {
         if (message.type === "move") shown.push(message.from + message.to);
         else if (message.type === "resign") shown.push("resigned");
       };
       channel.onStateChange = function (state) {
         if (state === "disconnected") shown.push("opponent gone");
       };
     }
     async function makeMove(from, to, promotion) {
       channel.send({ type: "move", from, to, promotion });
     }
     startGame("bob").then(() => makeMove("e2", "e4"));`,
    { shown },
  );
  await settle();
  same(node.of("send").map(({ data }) => data), [{ type: "move", from: "e2", to: "e4" }]);
  node.message("c1", 2, { type: "move", from: "e7", to: "e5" });
  node.message("c1", 3, { type: "resign" });
  node.end("c1", "closed");
  await settle();
  same(shown, ["e7e5", "resigned", "opponent gone"]);
  await clock.advance(5000);
  assert.equal(printed.error.length, 1); // the move was never accepted by the fake node: said, not thrown
});

test("a call: the answer is applied before the candidates behind it", async () => {
  const { node, run } = openPage();
  node.answers.request = opens("video_call");
  const steps = [];
  run(
    `const pc = {
       setRemoteDescription: async (sdp) => { steps.push("begin " + sdp.type); await null; await null; steps.push("end " + sdp.type); },
       addIceCandidate: async (candidate) => void steps.push(candidate.candidate),
     };
     async function startCall(peer) {
       const channel = await Goop.realtime.connect(peer, { context: "video_call" });
       channel.onMessage = async (message) => {
         if (message.type === "sdp_answer") await pc.setRemoteDescription(message.sdp);
         else if (message.type === "ice_candidate") await pc.addIceCandidate(message.candidate);
       };
       const offer = { toJSON: () => ({ type: "offer", sdp: "v=0" }) };
       channel.send({ type: "sdp_offer", sdp: offer });
     }
     startCall("bob");`,
    { steps },
  );
  await settle();
  same(node.of("send")[0].data, { type: "sdp_offer", sdp: { type: "offer", sdp: "v=0" } });
  node.message("c1", 1, { type: "sdp_answer", sdp: { type: "answer" } });
  node.message("c1", 2, { type: "ice_candidate", candidate: { candidate: "one" } });
  node.message("c1", 3, { type: "ice_candidate", candidate: { candidate: "two" } });
  await settle();
  same(steps, ["begin answer", "end answer", "one", "two"]);
});

test("a game loop at 60 Hz for a minute keeps nothing that has settled", async () => {
  const { node, realtime, clock } = openPage();
  node.answers.request = opens("arcade");
  const channel = await realtime.connect("bob", { context: "arcade" });
  for (let frame = 0; frame < 3600; frame++) {
    const { id } = channel.send({ type: "position", x: frame, y: 1 });
    node.receipt(id, "accepted");
    node.receipt(id, "handled");
    if (frame % 60 === 0) await clock.advance(1_000);
  }
  assert.equal(node.of("send").length, 3600);
  assert.equal(channel.bufferedAmount, 0);
});
