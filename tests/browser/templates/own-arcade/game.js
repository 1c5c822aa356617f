// SPDX-License-Identifier: MIT
// A game for several, as an author writes it who has read no more than the API: nothing is awaited.
const players = new Map();
const bullets = [];
const player = { x: 0, y: 0 };
let room = null;
let looping = false;

async function join(gameId) {
  room = await Goop.realtime.joinRoom("arcade_" + gameId, { maxPeers: 4 });

  room.onMemberJoin = (peer) => {
    players.set(peer.peerId, { label: peer.peerLabel, x: null, y: null });
  };
  room.onMemberLeave = (peer) => {
    players.delete(peer.peerId);
  };
  room.onMessage = (peerId, message) => {
    if (message.type === "position") Object.assign(players.get(peerId), { x: message.x, y: message.y });
    else if (message.type === "shoot") bullets.push({ peerId, x: message.x, y: message.y, direction: message.direction });
  };
}

function shoot(direction) {
  room.send({ type: "shoot", x: player.x, y: player.y, direction });
}

/** Tells where this player is, 60 times a second. */
function gameLoop() {
  if (!looping) return;
  room.send({ type: "position", x: player.x, y: player.y });
  requestAnimationFrame(gameLoop);
}

function play() {
  looping = true;
  gameLoop();
}
