// SPDX-License-Identifier: MIT
// Telling the person what is new: a sound here, and what the SDK shows of whatever waits.

import { $, say } from "./dom.js";
import { isChess } from "./game.js";
import { keep, onKept, recall } from "./storage.js";

/** What the person chose; kept by the browser for this page. */
const wantsSound = () => recall("sound") !== "off";

/** How long after a click the sound's machinery, which works in silence too, comes to rest. */
const REST_MS = 500;

let audio = null;
let rest = 0;

/** A short wooden click. Browsers allow sound only after the person touched the page. */
export function click() {
  if (!wantsSound() || !navigator.userActivation?.hasBeenActive) return;
  audio ||= new AudioContext();
  void audio.resume();
  clearTimeout(rest);
  rest = setTimeout(() => void audio.suspend(), REST_MS);
  const now = audio.currentTime;
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  tone.type = "triangle";
  tone.frequency.setValueAtTime(520, now);
  tone.frequency.exponentialRampToValueAtTime(140, now + 0.06);
  gain.gain.setValueAtTime(0.35, now);
  gain.gain.exponentialRampToValueAtTime(0.001, now + 0.09);
  tone.connect(gain).connect(audio.destination);
  tone.start(now);
  tone.stop(now + 0.1);
}

/**
 * Say in the tab's title whose move it is. How much waits elsewhere the SDK puts in front.
 * @param {boolean} mine
 * @param {string} rest  what the page is about
 */
export function showTurn(mine, rest) {
  Goop.attention.title = mine ? `Your move · ${rest}` : rest;
  showOthers();
}

/** The channel of the game on the table. @type {() => any} */
let onTable = () => null;

/** How many other games wait for the person, beside the way to the list of them. */
function showOthers() {
  const table = onTable()?.id;
  const others = Goop.attention.waiting.filter((row) => isChess(row) && row.state !== "asked" && row.channelId !== table);
  $("others").hidden = others.length === 0;
  $("others-count").textContent = String(others.length);
}

/** Say why a choice does not last. */
const kept = (/** @type {string} */ why) => why && say(why);

function showSwitches() {
  $("sound").setAttribute("aria-pressed", String(wantsSound()));
}

/**
 * Wire the two switches in the header, and follow what waits.
 * @param {object} on
 * @param {() => any} on.table  the channel of the game on the table
 * @param {(row: any) => void} on.open  the notification about a game was clicked
 */
export function startAlerts({ table, open }) {
  Goop.attention.control($("notify"), $("notify-words"));
  Goop.attention.start({ onOpen: (row) => isChess(row) && row.state !== "asked" && open(row) });
  onTable = table;
  Goop.realtime.running(showOthers);
  $("sound").addEventListener("click", () => {
    kept(keep("sound", wantsSound() ? "off" : "on"));
    showSwitches();
    click();
  });
  onKept(["sound"], showSwitches);
  showSwitches();
}
