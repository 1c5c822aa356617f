// SPDX-License-Identifier: MIT
/**
 * Goop.attention: what waits for the person, in the title, on the icon and as notifications.
 *
 *     <script src="/sdk/goop-realtime.js"></script>
 *     <script src="/sdk/goop-attention.js"></script>
 *     Goop.attention.start({ onOpen: (row) => openGame(row.channelId) });
 *
 * The node says what waits (its contexts know), and which page notifies: of all tabs and pages of
 * this node one, and none while one of them is seen.
 */
import { Mark } from "./attention/mark.js";
import { Notifications } from "./attention/notifications.js";
import { wordsOf } from "./attention/words.js";

/** @returns {GoopAttention} */
function attention() {
  let title = document.title;
  /** @type {(row: GoopRunning) => unknown} */
  let onOpen = () => undefined;
  /** @type {GoopFollowing | null} */
  let following = null;
  /** What the node told last. @type {Map<string, GoopRunning>} */
  let known = new Map();
  /** Whether there was a first time: what waits then is no news. */
  let begun = false;
  /** What has ended while nobody looked. @type {Set<string>} */
  const news = new Set();
  /** The switches of the page. @type {Set<() => void>} */
  const switches = new Set();
  const mark = new Mark();
  const notifications = new Notifications((row) => onOpen(row), tell);

  const waiting = () => [...known.values()].filter((row) => row.waiting);

  function show() {
    const count = new Set([...waiting().map((row) => row.channelId), ...news]).size;
    document.title = count > 0 ? `(${count}) ${title}` : title;
    void mark.show(count > 0);
  }

  /** What the node and the page's switches have to know. */
  function tell() {
    if (following) following.notifies = notifications.on;
    for (const each of switches) each();
  }

  /** @param {GoopRunning} row */
  function take(row) {
    const before = known.get(row.channelId);
    const over = row.ended && !before?.ended;
    const due = row.waiting && !(before?.waiting && before.text === row.text);
    if (begun && over && document.hidden) news.add(row.channelId);
    if (begun && (over || due)) {
      if (row.notify && document.hidden) notifications.show(row);
    } else if (before?.waiting && !row.waiting) notifications.close(row.channelId);
  }

  /**
   * @param {GoopRunning[]} rows
   * @param {GoopRunning[]} ended
   */
  function follow(rows, ended) {
    for (const row of [...rows, ...ended]) take(row);
    for (const row of ended) if (!row.ended) notifications.close(row.channelId);
    known = new Map(rows.map((row) => [row.channelId, row]));
    begun = true;
    tell();
    show();
  }

  return {
    get title() {
      return title;
    },
    set title(words) {
      title = words;
      show();
    },
    get waiting() {
      return waiting();
    },
    words: wordsOf,
    start(options = {}) {
      onOpen = options.onOpen ?? onOpen;
      if (following) return;
      following = Goop.realtime.running(follow);
      tell();
      addEventListener("visibilitychange", () => {
        if (document.hidden) return;
        news.clear();
        notifications.closeAll();
        show();
      });
      // The person may change their mind in the browser's own settings.
      navigator.permissions
        ?.query({ name: "notifications" })
        .then((status) => status.addEventListener("change", tell))
        .catch(() => {}); // a browser that does not tell: a click or the next change finds out
    },
    control(button, words) {
      const each = () => {
        button.setAttribute("aria-pressed", String(notifications.on));
        words.textContent = notifications.why;
        words.hidden = words.textContent === "";
      };
      button.addEventListener("click", async () => {
        // Who presses where they are blocked wants to know why; once more, and they have read it.
        await notifications.want(!notifications.wanted || notifications.permission === "default");
        tell();
      });
      switches.add(each);
      each();
    },
  };
}

/** @type {any} */
const root = globalThis;
root.Goop ??= {};
root.Goop.attention ??= attention();
