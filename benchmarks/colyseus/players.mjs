// SPDX-License-Identifier: MIT
// Players who move 20 times a second and draw 60 times: `node players.mjs PORT PLAYERS SECONDS`.
// Prints as JSON how old positions are, in milliseconds: when they come, and when they are drawn.
import { Client } from "colyseus.js";

const [port, players, seconds] = process.argv.slice(2).map(Number);
const [MOVE_MS, FRAME_MS, WARM_UP_MS] = [1000 / 20, 1000 / 60, 1000];
const now = () => Number(process.hrtime.bigint()) / 1e6;
/** @type {number[]} */ let came = [];
/** @type {number[]} */ let drawn = [];

for (let me = 0; me < players; me++) {
  const room = await new Client(`ws://127.0.0.1:${port}`).joinOrCreate("field");
  const newest = new Map();
  room.onMessage("at", (at) => {
    came.push(now() - at.t);
    newest.set(at.who, at.t);
  });
  const move = () => room.send("at", { type: "at", who: me, x: me, y: 7.5, t: now() });
  setTimeout(() => setInterval(move, MOVE_MS), Math.random() * MOVE_MS);
  setInterval(() => {
    for (const t of newest.values()) drawn.push(now() - t);
  }, FRAME_MS);
}
setTimeout(() => ((came = []), (drawn = [])), WARM_UP_MS);
setTimeout(
  () => {
    console.log(JSON.stringify({ came, drawn }));
    process.exit(0);
  },
  WARM_UP_MS + seconds * 1000,
);
