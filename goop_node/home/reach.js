// SPDX-License-Identifier: MIT
// Who may reach this node: what the person decided about everybody, and about each one.

import { $, call, fullName, make, note } from "./dom.js";

/** peer id → what the node says of them. @type {Map<string, any>} */
const known = new Map();
/** Told after every change. @type {() => void} */
let changed = () => {};

const NOBODY = { standing: "unknown", fixed: false, peerLabel: "", fingerprint: "", addresses: [], trouble: "" };

/**
 * What somebody is to this node.
 * @param {string} peerId
 * @returns {typeof NOBODY}
 */
export const relation = (peerId) => known.get(peerId) || NOBODY;

function take(answer) {
  known.clear();
  for (const one of answer.people) known.set(one.peerId, one);
  for (const choice of $("reach-form").elements) {
    if (choice.name !== "reachable_by") continue;
    choice.checked = choice.value === answer.reachable_by;
    choice.disabled = answer.fixed;
  }
  $("reach-fixed").hidden = !answer.fixed;
  showBlocked(answer.people.filter((one) => one.standing === "blocked"));
  changed();
}

function showBlocked(blocked) {
  const had = document.activeElement?.closest("#blocked-list");
  $("blocked").hidden = blocked.length === 0;
  $("blocked-count").textContent = String(blocked.length);
  $("blocked-list").replaceChildren(
    ...blocked.map((one) => {
      const button = make("button", { type: "button" }, "Unblock");
      button.setAttribute("aria-label", Goop.names.spoken(`Unblock ${fullName(one.peerLabel, one.peerId)}`));
      button.addEventListener("click", () => decide(one.peerId, "unblock"));
      return make(
        "li",
        { "data-peer": one.peerId, title: one.peerId },
        make("span", { className: "who" }, fullName(one.peerLabel, one.peerId)),
        button,
      );
    }),
  );
  if (had) ($("blocked-list").querySelector("button") || $("reach-title")).focus();
}

const DONE = {
  befriend: (name) => `${name} is a friend now.`,
  forget: (name) => `${name} is forgotten: your node keeps no address of theirs.`,
  block: (name) => `${name} is blocked. Nothing passes between you.`,
  unblock: (name) => `${name} is not blocked any more.`,
};

/**
 * Decide something about somebody, and say what came of it.
 * @param {string} peerId
 * @param {"befriend" | "forget" | "block" | "unblock"} action
 * @param {string} [label]
 */
export async function decide(peerId, action, label = relation(peerId).peerLabel) {
  try {
    take(await call("/api/people", { peerId, action }));
    note($("reach-note"), DONE[action](fullName(label, peerId)), "good");
    offerUndo(action === "block" ? peerId : "");
  } catch (error) {
    note($("reach-note"), error.message, "bad");
  }
}

/** Whose block can be taken back with one click; "" for nobody's. @param {string} peerId */
function offerUndo(peerId) {
  const button = $("reach-undo");
  const had = document.activeElement === button;
  button.hidden = !peerId;
  button.onclick = () => decide(peerId, "unblock");
  if (peerId) button.focus();
  else if (had) $("reach-title").focus();
}

async function choose(event) {
  offerUndo("");
  try {
    take(await call("/api/reachable", { reachable_by: event.target.value }));
    note($("reach-note"), "Saved.", "good");
  } catch (error) {
    note($("reach-note"), error.message, "bad");
    await refresh();
  }
}

/** Ask the node again. */
const refresh = async () => take(await call("/api/people"));

const REFRESH_MS = 1_000;
let waits = false;

/** Ask the node again soon: once, whatever comes until then. */
export function refreshSoon() {
  if (waits) return;
  waits = true;
  setTimeout(() => {
    waits = false;
    refresh().catch(() => {});
  }, REFRESH_MS);
}

/**
 * Show who may reach this node, and let the person change it.
 * @param {() => void} onChange  told whenever somebody's standing may have changed
 */
export async function followReach(onChange) {
  changed = onChange;
  $("reach-form").addEventListener("change", choose);
  await refresh();
}
