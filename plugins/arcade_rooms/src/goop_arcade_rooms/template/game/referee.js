// SPDX-License-Identifier: MIT
// What the host's page decides: what was hit, when a wave begins, and when it is over. It looks at
// what all know, so any page can be the next referee.
import { bombMeets, falls, flies, shotMeets } from "./contact.js";
import { ALL_ALIENS, BREATH, VERSUS_WAVES } from "./rules.js";
import { isSafe } from "./state.js";

/**
 * @import { Shot } from "./contact.js"
 * @import { March } from "./march.js"
 * @import { Ship, State } from "./state.js"
 * @typedef {{ state: State, march: March | null, shots: ReadonlyMap<string, Shot>, placeOf(ship: Ship): number | null,
 *   present(peerId: string): boolean }} World
 */

/** After a pause (a hidden page, a computer that slept) no more than this is caught up with. */
const MOST_TICKS = 240;

export class Referee {
  constructor() {
    /** Up to where it has looked; null while another page is the referee. @type {number | null} */
    this.upto = null;
    /** Up to where it has looked at each shot: one may come late. @type {Map<string, number>} */
    this.shots = new Map();
  }

  /** Another page decides. */
  rest() {
    this.upto = null;
    this.shots.clear();
  }

  /**
   * What is decided up to a tick. Each is said, and has changed the world, before the next is looked for.
   * @param {() => World} world
   * @param {number} tick  a whole one
   * @param {(message: Record<string, unknown> & { type: string }) => void} say
   */
  judge(world, tick, say) {
    this.upto ??= tick - 1;
    this.upto = Math.max(this.upto, tick - MOST_TICKS);
    while (this.upto < tick && world().state.phase === "playing") {
      this.upto++;
      this.#wave(world, this.upto, say);
      if (!world().march) continue;
      this.#shots(world, this.upto, say);
      this.#bombs(world, this.upto, say);
      this.#over(world, this.upto, say);
    }
    if (world().state.phase !== "playing") this.rest();
  }

  /** @param {() => World} world @param {number} tick @param {(message: any) => void} say */
  #wave(world, tick, say) {
    const { state } = world();
    const { wave, hits, mode } = state;
    if (wave === 0) return say({ type: "wave", wave: 1, tick });
    if (hits.size < ALL_ALIENS || tick < Math.max(...hits.values()) + BREATH) return;
    if (mode === "versus" && wave === VERSUS_WAVES) say({ type: "over", reason: "cleared", tick });
    else say({ type: "wave", wave: wave + 1, tick });
  }

  /** @param {() => World} world @param {number} tick @param {(message: any) => void} say */
  #shots(world, tick, say) {
    for (const shot of [...world().shots.values()]) {
      const ship = world().state.ships.find(({ peerId }) => peerId === shot.from);
      for (let at = Math.max(shot.tick, this.shots.get(shot.id) ?? shot.tick) + 1; at <= tick; at++) {
        this.shots.set(shot.id, at);
        const { state, march } = world();
        if (!march || !ship || state.spent.has(shot.id) || !flies(shot, at) || at < state.waveTick) continue;
        if (ship.lives === 0 && shot.tick > Number(ship.hitAt)) continue;
        const met = shotMeets(state, march, shot, at);
        if (met) say({ type: "hit", wave: state.wave, tick: at, ...met });
      }
    }
    for (const id of this.shots.keys()) if (!world().shots.has(id)) this.shots.delete(id);
  }

  /** @param {() => World} world @param {number} tick @param {(message: any) => void} say */
  #bombs(world, tick, say) {
    const { march } = world();
    for (const bomb of /** @type {March} */ (march).bombs(tick, tick)) {
      const { state } = world();
      if (state.spent.has(bomb.id) || !falls(/** @type {March} */ (march), bomb, tick)) continue;
      const target = (/** @type {Ship} */ ship) =>
        ship.lives === 0 || isSafe(ship, tick) || !world().present(ship.peerId) ? null : world().placeOf(ship);
      const met = bombMeets(state, /** @type {March} */ (march), bomb, tick, target);
      if (met) say({ type: "hit", wave: state.wave, tick, ...met });
    }
  }

  /** @param {() => World} world @param {number} tick @param {(message: any) => void} say */
  #over(world, tick, say) {
    const { state, march } = world();
    if (state.phase !== "playing") return;
    if (march?.invaded(tick)) say({ type: "over", reason: "invaded", tick });
    else if (state.ships.every(({ peerId, lives }) => lives === 0 || !world().present(peerId))) say({ type: "over", reason: "lost", tick });
  }
}
