// SPDX-License-Identifier: MIT
// How the aliens of one wave march and drop their bombs. It follows from the seed and from when
// which alien was hit, so it is the same at everybody, whenever they hear of it.
import { chance, oneOf } from "./random.js";
import { ALIENS, ALL_ALIENS, BOMB, FIELD, SHIP, TICKS, UFO, bombsPerSecond, fall, rest } from "./rules.js";

/**
 * A step of the formation: `x`, `y` is where its first alien's cell stands from that tick on.
 * @typedef {{ tick: number, x: number, y: number, way: 1 | -1 }} Step
 * @typedef {{ id: string, tick: number, x: number, y: number, kind: number }} Bomb
 * @typedef {{ id: string, x: number, y: number, points: number, tick: number }} Ufo
 */

const SALT = { bombs: 1, column: 2, kind: 3, ufo: 4, way: 5, points: 6 };

export class March {
  /** @param {{ seed: number, wave: number, tick: number, ships: number }} start */
  constructor({ seed, wave, tick, ships }) {
    this.seed = seed;
    this.wave = wave;
    this.tick = tick;
    this.ships = ships;
    /** When each alien was hit. @type {Map<number, number>} */
    this.hits = new Map();
    /** @type {Step[]} */
    this.steps = [{ tick, x: ALIENS.x, y: ALIENS.y + ALIENS.drop * Math.min(wave - 1, 6), way: 1 }];
    /** What falls from each step, as far as it was looked at. @type {(Bomb | null)[]} */
    this.dropped = [null];
  }

  /**
   * An alien was hit, as the referee has told.
   * @param {number} alien
   * @param {number} tick
   */
  hit(alien, tick) {
    if (this.hits.has(alien)) return;
    this.hits.set(alien, tick);
    // What came after it came out otherwise; what falls in that very tick, too.
    while (this.steps.length > 1 && this.#last.tick > tick) this.steps.pop();
    const same = this.steps.length > 1 && this.#last.tick === tick ? 1 : 0;
    this.dropped.length = Math.min(this.dropped.length, this.steps.length - same);
  }

  /**
   * @param {number} alien
   * @param {number} tick
   */
  lives(alien, tick) {
    const at = this.hits.get(alien);
    return at === undefined || at > tick;
  }

  /** @param {number} tick @returns {number[]} */
  alive(tick) {
    const found = [];
    for (let alien = 0; alien < ALL_ALIENS; alien++) if (this.lives(alien, tick)) found.push(alien);
    return found;
  }

  /** The number of the step in which the formation stands. @param {number} tick */
  number(tick) {
    while (this.#last.tick <= tick && this.#next()) {
      // as far as that
    }
    let at = this.steps.length - 1;
    while (at > 0 && this.steps[at].tick > tick) at--;
    return at;
  }

  /** @param {number} tick @returns {Step} */
  at(tick) {
    return this.steps[this.number(tick)];
  }

  get #last() {
    return this.steps[this.steps.length - 1];
  }

  /** One step more; none where nobody is left, or all are below the ground. */
  #next() {
    const { tick, x, y, way } = this.#last;
    const alive = this.alive(tick);
    if (alive.length === 0 || y > FIELD.height) return false;
    const columns = alive.map((alien) => alien % ALIENS.columns);
    const left = x + Math.min(...columns) * ALIENS.pitch + way * ALIENS.step;
    const right = x + (Math.max(...columns) + 1) * ALIENS.pitch + way * ALIENS.step;
    const turns = left < ALIENS.margin || right > FIELD.width - ALIENS.margin;
    const later = tick + rest(alive.length, this.wave);
    this.steps.push(
      turns
        ? { tick: later, x, y: y + ALIENS.drop, way: way === 1 ? -1 : 1 }
        : { tick: later, x: x + way * ALIENS.step, y, way },
    );
    return true;
  }

  /**
   * Where an alien is, its left upper corner.
   * @param {number} alien
   * @param {number} tick
   */
  place(alien, tick) {
    const { x, y } = this.at(tick);
    const [row, column] = [Math.floor(alien / ALIENS.columns), alien % ALIENS.columns];
    return { x: x + column * ALIENS.pitch + (ALIENS.pitch - ALIENS.width) / 2, y: y + row * ALIENS.pitch };
  }

  /** Whether the aliens have come down to the ships. @param {number} tick */
  invaded(tick) {
    const rows = this.alive(tick).map((alien) => Math.floor(alien / ALIENS.columns));
    return rows.length > 0 && this.at(tick).y + Math.max(...rows) * ALIENS.pitch + ALIENS.height >= SHIP.y;
  }

  /** The bomb that falls from a step, if one does. @param {number} number */
  #bomb(number) {
    while (this.dropped.length <= number) this.dropped.push(this.#drop(this.dropped.length));
    return this.dropped[number];
  }

  /** @param {number} number @returns {Bomb | null} */
  #drop(number) {
    const { tick } = this.steps[number];
    const alive = this.alive(tick);
    if (alive.length === 0) return null;
    const likely = (bombsPerSecond(this.wave, this.ships) * rest(alive.length, this.wave)) / TICKS;
    if (chance(this.seed, this.wave, number, SALT.bombs) >= likely) return null;
    const columns = [...new Set(alive.map((alien) => alien % ALIENS.columns))].sort((a, b) => a - b);
    const column = oneOf(columns, this.seed, this.wave, number, SALT.column);
    const lowest = Math.max(...alive.filter((alien) => alien % ALIENS.columns === column));
    const { x, y } = this.place(lowest, tick);
    const kind = Math.floor(chance(this.seed, this.wave, number, SALT.kind) * BOMB.kinds);
    return { id: `${this.wave}.${number}`, tick, x: x + (ALIENS.width - BOMB.width) / 2, y: y + ALIENS.height, kind };
  }

  /** The bombs that were in the air at some time from one tick to another. @param {number} from @param {number} to @returns {Bomb[]} */
  bombs(from, to) {
    const found = [];
    const longest = FIELD.height / fall(this.wave);
    for (let number = this.number(to); number > 0 && this.steps[number].tick > from - longest; number--) {
      const bomb = this.#bomb(number);
      if (bomb && this.bombY(bomb, from) < FIELD.height) found.push(bomb);
    }
    return found.reverse();
  }

  /** How deep a bomb has fallen. @param {Bomb} bomb @param {number} now */
  bombY({ tick, y }, now) {
    return y + Math.max(0, now - tick) * fall(this.wave);
  }

  /** What flies across the top. @param {number} now @returns {Ufo | null} */
  ufo(now) {
    const n = Math.floor((now - this.tick - UFO.first) / UFO.every);
    if (n < 0) return null;
    const tick = this.tick + UFO.first + n * UFO.every + Math.floor(chance(this.seed, this.wave, n, SALT.ufo) * 5 * TICKS);
    const gone = (now - tick) * UFO.speed;
    if (gone < 0 || gone > FIELD.width + UFO.width) return null;
    const x = chance(this.seed, this.wave, n, SALT.way) < 0.5 ? gone - UFO.width : FIELD.width - gone;
    return { id: `${this.wave}.u${n}`, x, y: UFO.y, tick, points: oneOf(UFO.points, this.seed, this.wave, n, SALT.points) };
  }
}
