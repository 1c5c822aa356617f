// SPDX-License-Identifier: MIT
// Leaving a game for good: asked first, told to the other player. A page that is closed leaves nothing.

import { api } from "./dom.js";
import { channelOf } from "./game.js";

/** Whether a game is abandoned by the other player, so that it is ours to end. */
export const isLeftToUs = ({ status, abandonedBy, colour }) => status === "abandoned" && abandonedBy !== colour;

/**
 * What abandoning a game does, for the person to decide.
 * @param {any} game  a row of the list, or a game's state
 * @param {any} channel  its living channel, if there is one
 */
export function question(game, channel) {
  const who = Goop.names.apart(game.opponentLabel || "your opponent");
  if (!channel) {
    return `Abandon your game with ${who}? The two of you are not connected over it any more, so ${who} is not told. You are asked if ${who} wants to go on.`;
  }
  const told = channel.state === "connected" ? `${who} is told` : `${who} is away and is told later`;
  if (game.canAbort) return `Call off your game with ${who}? It has hardly begun: nobody wins or loses it. ${told}.`;
  return `Abandon your game with ${who}? You cannot come back to it. ${told}, and may claim the win or call it a draw. To pause it, just close the page: the game waits.`;
}

/**
 * Ask, and abandon the game. Resolves with whether it was done.
 * @param {any} game  a row of the list, or a game's state
 * @param {(text: string, yes: string) => Promise<boolean>} confirmed
 */
export async function abandon(game, confirmed) {
  const at = `/games/${encodeURIComponent(game.game)}`;
  const channel = await channelOf(game.game);
  if (!(await confirmed(question(game, channel), game.canAbort ? "Call it off" : "Abandon"))) return false;
  if (channel) {
    const sent = channel.send({ type: "abandon" });
    // What was called off has nothing more to carry; one that was abandoned waits to be ended.
    sent.delivered.then(async () => (await api(at)).status === "finished" && channel.close()).catch(() => {});
    await sent;
  }
  // Our own list has it at once, also where the other node has to put it in its order first.
  await api(`${at}/abandon`, { method: "POST" });
  return true;
}
