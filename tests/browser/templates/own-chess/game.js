// SPDX-License-Identifier: MIT
// A game between two people, as an author writes it who has read no more than the API.
let channel = null;

/** What both sides do with a channel. */
function play() {
  channel.onMessage = function (message) {
    if (message.type === "move") {
      applyMove(message.from, message.to, message.promotion);
      renderGame();
    } else if (message.type === "resign") {
      handleResign();
    }
  };
  channel.onStateChange = function (state) {
    if (state === "disconnected") showMessage("Opponent is gone");
  };
}

async function startGame(opponent) {
  channel = await Goop.realtime.connect(opponent, { context: "chess_" + gameId });
  play();
}

/** As in any fire-and-forget page: nothing is awaited, and `promotion` is mostly undefined. */
async function makeMove(from, to, promotion) {
  channel.send({ type: "move", from: from, to: to, promotion: promotion });
  await db.call("move", { game_id: gameId, from, to, promotion });
}

Goop.realtime.onIncoming = async function ({ channelId, context }) {
  if (context !== "chess_" + gameId) return;
  channel = await Goop.realtime.accept(channelId);
  play();
};
