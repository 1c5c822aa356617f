// SPDX-License-Identifier: MIT
// Before a game: which are open nearby, and how to get into one.
import { $, make, write } from "./dom.js";

const LETTERS = "bcdfghjkmnpqrstvwxz";
const VOWELS = "aeiou";
const CONTEXT = "arcade";

/** A name that one can say on the telephone. */
export function newName() {
  const random = crypto.getRandomValues(new Uint8Array(6));
  return [...random].map((number, n) => (n % 2 === 0 ? LETTERS : VOWELS)[number % (n % 2 === 0 ? LETTERS.length : VOWELS.length)]).join("");
}

/** The room of a game, and the game of a room. @param {string} name */
export const roomOf = (name) => `${CONTEXT}_${name}`;
/** @param {string} room */
export const nameOf = (room) => room.replace(`${CONTEXT}_`, "");

/** What a person may have typed or pasted: a name, or a link with it. @param {string} text @returns {string} */
export function typedName(text) {
  const link = /[?&]room=([A-Za-z0-9_-]+)/.exec(text);
  return nameOf(link ? link[1] : text.trim().toLowerCase().replace(/[^a-z0-9_-]+/g, "-")).slice(0, 64);
}

/** @param {GoopOpenRoom} room @param {(name: string) => void} enter */
function row({ room, members, maxPeers }, enter) {
  const name = nameOf(room);
  const button = make("button", { type: "button", disabled: members >= maxPeers, "aria-label": `Join ${name}` }, members >= maxPeers ? "Full" : "Join");
  button.addEventListener("click", () => enter(name));
  return make(
    "li",
    { "data-room": name },
    make("span", { className: "name" }, name),
    make("span", { className: "soft" }, members === 1 ? "1 is there" : `${members} are there`),
    button,
  );
}

/**
 * Follow what is open.
 * @param {(name: string) => void} enter
 */
export function startLobby(enter) {
  /** @type {GoopOpenRooms | null} */
  let list = null;
  const show = (/** @type {readonly GoopOpenRoom[]} */ rooms) => {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.closest("li")?.dataset.room;
    $("open").replaceChildren(...rooms.map((one) => row(one, enter)));
    if (focused) $("open").querySelector(`[data-room="${CSS.escape(focused)}"] button`)?.focus();
    $("none-open").hidden = rooms.length > 0;
  };
  $("new").addEventListener("click", () => enter(newName()));
  $("join").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    const name = typedName($("name").value);
    if (name) enter(name);
    else write($("name-words"), "A name has letters or digits.");
  });
  $("name").addEventListener("input", () => write($("name-words"), ""));
  return {
    open() {
      if (list) return;
      list = Goop.realtime.rooms(CONTEXT);
      list.onChange = show;
    },
    close() {
      list?.stop();
      list = null;
    },
  };
}
