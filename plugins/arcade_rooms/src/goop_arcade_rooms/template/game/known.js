// SPDX-License-Identifier: MIT
// What a node knows of the rounds in its room, as the page has it: after a reload, or where the log began anew.
import { NOTHING } from "./state.js";

/**
 * @import { State } from "./state.js"
 * @typedef {{ tick: number, at: number }} Told  the newest time in the round that was told, and when that was
 */

/**
 * @param {any} known  the Session's snapshot
 * @param {string} self
 * @returns {{ state: State, told: Told, fired: number }}  `fired`: the tick of one's own last shot
 */
export function stateOf({ rounds, ready }, self) {
  /** @type {[string, any[]][]} */
  const shots = rounds.ships.map(({ peerId, shots: fired }) => [peerId, fired]);
  const spent = shots.flatMap(([peerId, fired]) => fired.filter(([, , , met]) => met).map(([tick]) => `${peerId} ${tick}`));
  const [, mine] = shots.find(([peerId]) => peerId === self) ?? [self, []];
  const { phase, round, mode, seed, wave, waveTick, reason } = rounds;
  return {
    state: {
      ...NOTHING,
      ...{ phase, round, mode, seed, wave, waveTick, reason },
      endTick: phase === "over" ? rounds.told[0] : 0,
      ready: ready.map(([peerId]) => peerId),
      ships: rounds.ships.map(({ peerId, slot, lives, score, hitAt }) => ({ peerId, slot, lives, score, hitAt })),
      hits: new Map(rounds.hits),
      shields: rounds.shields.map((cells) => [...cells].map((cell) => cell === "#")),
      spent: new Set([...Object.keys(rounds.spent), ...spent]),
    },
    told: { tick: rounds.told[0], at: rounds.told[1] },
    fired: mine[mine.length - 1]?.[0] ?? -Infinity,
  };
}
