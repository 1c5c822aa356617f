// SPDX-License-Identifier: MIT
// Telling the person that it is their move: title, favicon, sound, notification.

import { $, say } from "./dom.js";
import { keep, recall } from "./storage.js";

/** What the person chose; kept by the browser for this page. */
const wants = {
  sound: recall("sound") !== "off",
  notify: recall("notify") === "on",
};

let audio = null;

/** A short wooden click. Browsers allow sound only after the person touched the page. */
export function click() {
  if (!wants.sound || !navigator.userActivation?.hasBeenActive) return;
  audio ||= new AudioContext();
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
 * Show in the tab whose move it is.
 * @param {boolean} mine
 * @param {string} rest  what the page is about, for the title
 */
export function showTurn(mine, rest) {
  document.title = mine ? `● Your move · ${rest}` : rest;
  const icon = mine ? "icon-move.svg" : "icon.svg";
  if ($("favicon").getAttribute("href") !== icon) $("favicon").href = icon;
}

/**
 * A desktop notification, when the person wants them and does not see the page.
 * @param {string} text
 */
export function notify(text) {
  if (!document.hidden || !wants.notify || Notification.permission !== "granted") return;
  const shown = new Notification("Chess", { body: text, icon: "icon.svg", tag: "goop-chess" });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
}

/** Say why a choice does not last. */
const kept = (/** @type {string} */ why) => why && say(why);

function showSwitches() {
  $("sound").setAttribute("aria-pressed", String(wants.sound));
  $("notify").setAttribute("aria-pressed", String(wants.notify));
}

/** Wire the two switches in the header. */
export function startAlerts() {
  if (!("Notification" in window)) $("notify").hidden = true;
  else if (Notification.permission !== "granted") wants.notify = false;
  $("sound").addEventListener("click", () => {
    wants.sound = !wants.sound;
    kept(keep("sound", wants.sound ? "on" : "off"));
    showSwitches();
    click();
  });
  $("notify").addEventListener("click", async () => {
    wants.notify = !wants.notify && (await Notification.requestPermission()) === "granted";
    kept(keep("notify", wants.notify ? "on" : "off"));
    showSwitches();
  });
  showSwitches();
}
