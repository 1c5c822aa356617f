// SPDX-License-Identifier: MIT
// Who may reach this node: what the person decided about everybody, and about each one.

import { $, call, fullName, make, nobodyHasFocus, note } from "./dom.js";
import { reading } from "./readings.js";
import { Rows } from "./rows.js";

/** peer id → what the node says of them. @type {Map<string, any>} */
const known = new Map();
/** How many choices of the person are on their way to the node. */
let choosing = 0;

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
    if (!choosing) choice.checked = choice.value === answer.reachable_by;
    choice.disabled = answer.fixed;
  }
  $("reach-fixed").hidden = !answer.fixed;
  showBlocked(answer.people.filter((one) => one.standing === "blocked"));
}

function blockedRow(one) {
  const name = fullName(one.peerLabel, one.peerId);
  const props = { type: "button", "aria-label": `Unblock ${name}`, "data-key": `${one.peerId}-unblock` };
  const button = make("button", props, "Unblock");
  button.addEventListener("click", () => decide(one.peerId, "unblock"));
  return make("li", { "data-peer": one.peerId, title: one.peerId }, make("span", { className: "who" }, name), button);
}

/** @type {Rows<any>} */
const blockedRows = new Rows($("blocked-list"), (one) => one.peerId, blockedRow);

function showBlocked(blocked) {
  const had = document.activeElement?.closest("#blocked-list");
  blockedRows.show(blocked);
  $("blocked").hidden = blocked.length === 0;
  $("blocked-count").textContent = String(blocked.length);
  if (had && !had.contains(document.activeElement)) ($("blocked-list").querySelector("button") || $("reach-title")).focus();
}

const people = reading("people", async () => take(await call("/api/people")));

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
    await call("/api/people", { peerId, action });
    await people.again();
    note($("reach-note"), DONE[action](fullName(label, peerId)), "good");
    offerUndo(action === "block" ? peerId : "");
  } catch (error) {
    note($("reach-note"), error.message, "bad");
  }
}

/** Whose block can be taken back with one click; "" for nobody's. Who is busy elsewhere by then stays there. @param {string} peerId */
function offerUndo(peerId) {
  const button = $("reach-undo");
  const had = document.activeElement === button;
  button.hidden = !peerId;
  button.onclick = () => decide(peerId, "unblock");
  if (peerId && nobodyHasFocus()) button.focus();
  else if (had) $("reach-title").focus();
}

async function choose(event) {
  offerUndo("");
  choosing += 1;
  try {
    await call("/api/reachable", { reachable_by: event.target.value });
    note($("reach-note"), "Saved.", "good");
  } catch (error) {
    note($("reach-note"), error.message, "bad");
  } finally {
    choosing -= 1;
    await people.again();
  }
}

const REFRESH_MS = 1_000;
let waits = false;

/** Ask the node again soon: once, whatever comes until then. */
export function refreshSoon() {
  if (waits) return;
  waits = true;
  setTimeout(() => {
    waits = false;
    people.again();
  }, REFRESH_MS);
}

/** Show who may reach this node, and let the person change it. */
export function followReach() {
  $("reach-form").addEventListener("change", choose);
  return people.again();
}
