// SPDX-License-Identifier: MIT
// Notifications: whether the browser shows them, whether the person wants them, and showing them.
import { WHY, linesOf } from "./words.js";

/** @import { Permission } from "./words.js" */

const CHOICE = "goop.notify";

export class Notifications {
  /**
   * @param {(row: GoopRunning) => void} onClick  one was clicked
   * @param {() => void} onChange  the person switched them on or off in another tab
   */
  constructor(onClick, onChange) {
    this.onClick = onClick;
    /** @type {Map<string, Notification>} by channel id */
    this.shown = new Map();
    /** Where showing one fails though it is allowed: it takes what pages of a node do not have. */
    this.fails = false;
    this.wanted = recall() === "on";
    addEventListener("storage", ({ key, newValue }) => {
      if (key !== CHOICE || newValue === null) return;
      this.wanted = newValue === "on";
      if (!this.wanted) this.closeAll();
      onChange();
    });
  }

  /** @returns {Permission} */
  get permission() {
    if (typeof Notification !== "function" || this.fails) return "unsupported";
    if (!globalThis.isSecureContext) return "insecure";
    return Notification.permission;
  }

  /** Whether they are shown. */
  get on() {
    return this.wanted && this.permission === "granted";
  }

  /** Why they are not shown though the person wants them, in words; else "". */
  get why() {
    return this.wanted ? WHY[this.permission] : "";
  }

  /**
   * The person switches them on or off; the browser may ask.
   * @param {boolean} wanted
   */
  async want(wanted) {
    this.wanted = wanted;
    keep(wanted ? "on" : "off");
    if (!wanted) this.closeAll();
    else if (this.permission === "default") await Notification.requestPermission();
  }

  /** @param {GoopRunning} row */
  show(row) {
    if (!this.on) return;
    const { title, body } = linesOf(row);
    try {
      // The same tag in all tabs: one of them replaces another's.
      const options = { body, icon: "/favicon.ico", tag: `goop-${row.channelId}`, renotify: true };
      const made = new Notification(title, options);
      made.onclick = () => {
        made.close();
        window.focus();
        this.onClick(row);
      };
      this.shown.set(row.channelId, made);
    } catch {
      this.fails = true;
    }
  }

  /** @param {string} channelId */
  close(channelId) {
    this.shown.get(channelId)?.close();
    this.shown.delete(channelId);
  }

  closeAll() {
    for (const channelId of [...this.shown.keys()]) this.close(channelId);
  }
}

function recall() {
  try {
    return localStorage.getItem(CHOICE);
  } catch {
    return null; // the browser keeps nothing: the choice holds for this visit
  }
}

/** @param {string} choice */
function keep(choice) {
  try {
    localStorage.setItem(CHOICE, choice);
  } catch {
    // As above.
  }
}
