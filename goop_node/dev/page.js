// SPDX-License-Identifier: MIT
// Stands behind each page of a template where its node runs under `goop run --dev`: loads the page
// again when its files are other ones, and writes to the console what its plugin failed in.
(() => {
  "use strict";
  const FIRST_RETRY_MS = 100;
  const LAST_RETRY_MS = 2_000;
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const stamp = script.dataset.stamp;
  script.remove();

  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let wait = FIRST_RETRY_MS;
  /** How far the remarks of a start of the node were shown. */
  let shown = { start: "", number: 0 };
  /** What was said last of why the node has nothing for us. */
  let said = "";

  /** @param {{ start: string, number: number, level: "error" | "warn", text: string }} remark */
  function show(remark) {
    if (remark.start !== shown.start) shown = { start: remark.start, number: 0 };
    if (remark.number <= shown.number) return; // it comes again with each new connection
    shown.number = remark.number;
    console[remark.level](`[goop] ${remark.text}`);
  }

  function open() {
    timer = undefined;
    const mine = (socket = new WebSocket(`ws://${location.host}/api/goop/dev`));
    let opened = false;
    mine.onopen = () => {
      opened = true;
      wait = FIRST_RETRY_MS;
      said = "";
    };
    mine.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "remark") show(frame);
      else if (frame.type === "stamp" && frame.stamp !== stamp) location.reload();
    };
    mine.onclose = async () => {
      if (socket !== mine) return; // the page was put away
      if (!opened && (await refused())) return;
      timer = setTimeout(open, wait);
      wait = Math.min(2 * wait, LAST_RETRY_MS);
    };
  }

  /** Whether there is nothing to wait for. A browser does not say why a WebSocket was refused. */
  async function refused() {
    const answer = await fetch("/sdk/goop-dev.js", { cache: "no-store" }).catch(() => null);
    if (answer === null || answer.ok) return false;
    if (answer.status === 404) return true; // the node runs without --dev now
    const { detail } = await answer.json().catch(() => ({ detail: `status ${answer.status}` }));
    if (detail !== said) console.warn(`[goop] ${detail}`);
    said = detail;
    return false;
  }

  // An open socket would keep the browser from storing the page for "back".
  addEventListener("pagehide", () => {
    clearTimeout(timer);
    const mine = socket;
    socket = null;
    mine?.close();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && open());
  open();
})();
