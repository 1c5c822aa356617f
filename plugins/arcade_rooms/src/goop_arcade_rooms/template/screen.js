// SPDX-License-Identifier: MIT
// The screen of the cabinet: draws one scene after the other on a canvas, sharp at every size.
import { BOMB, FIELD, POINTS, SHIELD, SHIP, SHOT } from "./game/rules.js";
import { cellPlace } from "./game/shields.js";
import { ALIEN_SPRITES, BOMB_SPRITES, BURST_SPRITE, SHIP_SPRITES, UFO_SPRITE, WRECK_SPRITES } from "./sprites.js";
import { stillness } from "./dom.js";

const COLOURS = ["sky", "star", "ground", "squid", "crab", "octopus", "ufo", "burst", "shot", "bomb", "shield", "ship-1", "ship-2", "ship-3", "ship-4"];
const ROWS = ["squid", "crab", "crab", "octopus", "octopus"];
/** Stars stand still; the same at every size. */
const STARS = Array.from({ length: 46 }, (_, n) => ({ x: (n * 97) % FIELD.width, y: (n * 61 + (n % 7) * 13) % 200, dim: n % 3 }));

export class Screen {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.scale = 0;
    /** Pictures by sprite and colour, as large as they are drawn. @type {Map<string, HTMLCanvasElement>} */
    this.pictures = new Map();
    /** @type {Record<string, string>} */
    this.colours = {};
    new ResizeObserver(() => this.fit()).observe(canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.paint());
    }
    this.paint();
    this.fit();
  }

  /** The colours that the style sheet has for it. */
  paint() {
    const style = getComputedStyle(this.canvas);
    for (const name of COLOURS) this.colours[name] = style.getPropertyValue(`--${name}`).trim() || "#fff";
    this.pictures.clear();
  }

  /** As many pixels as it is large. */
  fit() {
    const scale = (this.canvas.clientWidth * devicePixelRatio) / FIELD.width || 1;
    if (scale === this.scale) return;
    this.scale = scale;
    this.canvas.width = Math.round(FIELD.width * scale);
    this.canvas.height = Math.round(FIELD.height * scale);
    this.pictures.clear();
  }

  /**
   * @param {string} name
   * @param {readonly string[]} sprite
   * @param {string} colour
   */
  #picture(name, sprite, colour) {
    const key = `${name} ${colour}`;
    let picture = this.pictures.get(key);
    if (picture) return picture;
    const at = (/** @type {number} */ n) => Math.round(n * this.scale);
    picture = document.createElement("canvas");
    picture.width = Math.max(1, at(sprite[0].length));
    picture.height = Math.max(1, at(sprite.length));
    const pen = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
    pen.fillStyle = this.colours[colour];
    sprite.forEach((line, y) =>
      [...line].forEach((pixel, x) => pixel === "#" && pen.fillRect(at(x), at(y), at(x + 1) - at(x), at(y + 1) - at(y))),
    );
    this.pictures.set(key, picture);
    return picture;
  }

  /**
   * @param {string} name
   * @param {readonly string[]} sprite
   * @param {string} colour
   * @param {number} x
   * @param {number} y
   */
  #put(name, sprite, colour, x, y) {
    this.pen.drawImage(this.#picture(name, sprite, colour), Math.round(x * this.scale), Math.round(y * this.scale));
  }

  /**
   * @param {string} colour
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  #box(colour, x, y, width, height) {
    const at = (/** @type {number} */ n) => Math.round(n * this.scale);
    this.pen.fillStyle = this.colours[colour];
    this.pen.fillRect(at(x), at(y), Math.max(1, at(x + width) - at(x)), Math.max(1, at(y + height) - at(y)));
  }

  /** @param {ReturnType<typeof import("./game/scene.js").sceneOf>} scene @param {number} now */
  draw(scene, now) {
    const { pen } = this;
    pen.fillStyle = this.colours.sky;
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const beat = Math.floor(now / 120) % 2;
    for (const { x, y, dim } of STARS) {
      pen.globalAlpha = 0.2 + 0.2 * dim;
      this.#box("star", x, y, 1, 1);
    }
    pen.globalAlpha = 1;
    this.#box("ground", 0, SHIP.y + SHIP.height + 6, FIELD.width, 1);
    scene.shields.forEach((shield, number) =>
      shield.forEach((there, cell) => {
        const { x, y } = cellPlace(number, cell);
        if (there) this.#box("shield", x, y, SHIELD.cell, SHIELD.cell);
      }),
    );
    for (const { x, y, row, frame } of scene.aliens) {
      const sprite = ALIEN_SPRITES[row][frame];
      this.#put(`alien ${row} ${frame}`, sprite, ROWS[row], x + (12 - sprite[0].length) / 2, y);
    }
    for (const { x, y } of scene.bursts) this.#put("burst", BURST_SPRITE, "burst", x + 1, y);
    if (scene.ufo) this.#put("ufo", UFO_SPRITE, "ufo", scene.ufo.x, scene.ufo.y);
    for (const { x, y, slot } of scene.shots) this.#box(`ship-${Number(slot) + 1}`, x - 0.5, y, 1, SHOT.height);
    for (const { x, y, kind } of scene.bombs) this.#put(`bomb ${kind} ${beat}`, BOMB_SPRITES[kind % BOMB.kinds][beat], "bomb", x, y);
    for (const ship of scene.ships) this.#ship(ship, beat);
    this.#standing(scene.ships);
    if (scene.phase === "lobby") this.#table();
    if (scene.words) this.#words(scene.words, scene.phase === "over" ? 108 : 150, 16, "burst");
  }

  /** @param {string} words @param {number} y @param {number} size @param {string} colour */
  #words(words, y, size, colour) {
    const { pen, scale } = this;
    pen.font = `700 ${Math.round(size * scale)}px ui-monospace, monospace`;
    const wide = pen.measureText(words).width / scale + size;
    this.#box("sky", (FIELD.width - wide) / 2, y - size * 0.5, wide, size * 2);
    pen.fillStyle = this.colours[colour];
    pen.textAlign = "center";
    pen.fillText(words, (FIELD.width / 2) * scale, y * scale);
    pen.textAlign = "start";
  }

  /** Before a round: who comes, and what they are worth. */
  #table() {
    this.#words("WHO COMES", 64, 12, "burst");
    const rows = [
      { name: "ufo", sprite: UFO_SPRITE, colour: "ufo", worth: "?" },
      ...[0, 1, 3].map((row) => ({ name: `alien ${row} 0`, sprite: ALIEN_SPRITES[row][0], colour: ROWS[row], worth: String(POINTS[row]) })),
    ];
    rows.forEach(({ name, sprite, colour, worth }, n) => {
      this.#put(name, sprite, colour, 84 - sprite[0].length / 2, 92 + n * 20);
      this.#left(`= ${worth}`, 104, 91 + n * 20, colour);
    });
  }

  /** @param {string} words @param {number} x @param {number} y @param {string} colour */
  #left(words, x, y, colour) {
    this.pen.font = `700 ${Math.round(9 * this.scale)}px ui-monospace, monospace`;
    this.pen.textBaseline = "top";
    this.pen.fillStyle = this.colours[colour];
    this.pen.fillText(words, Math.round(x * this.scale), Math.round(y * this.scale));
  }

  /** Points above, and what ships one has left below. @param {readonly any[]} ships */
  #standing(ships) {
    for (const { slot, score, own, lives } of ships) {
      this.#left(`${slot + 1} ${String(score).padStart(4, "0")}`, 8 + slot * 54, 8, `ship-${slot + 1}`);
      for (let left = 1; own && left < lives; left++) this.#put(`ship ${slot}`, SHIP_SPRITES[slot], `ship-${slot + 1}`, 8 + (left - 1) * 18, 240);
    }
  }

  /** @param {any} ship @param {number} beat */
  #ship({ x, y, slot, own, lives, here, safe, wreck }, beat) {
    if (!here || x === null) return;
    const colour = `ship-${slot + 1}`;
    if (wreck) return this.#put(`wreck ${beat}`, WRECK_SPRITES[stillness.matches ? 0 : beat], colour, x, y);
    if (lives === 0) return;
    this.pen.globalAlpha = safe && (stillness.matches || beat) ? 0.45 : 1;
    this.#put(`ship ${slot}`, SHIP_SPRITES[slot], colour, x, y);
    this.pen.globalAlpha = 1;
    if (own) this.#box(colour, x + SHIP.width / 2 - 1.5, y + SHIP.height + 2, 3, 1);
  }
}
