// SPDX-License-Identifier: MIT
// The Inspector: channels and rooms, one log step by step, and decisions.

import { followDecisions } from "./decisions.js";
import { followLogs, markChosen } from "./logs.js";
import { $ } from "./parts.js";
import { offerReplay, place, replay } from "./replay.js";

/** The address says what is looked at, so that it can be loaded anew. */
const PLACE = /^#((?:rt|room)-[0-9a-f]{16})(?:@(\d{1,15}))?$/;

let chosen = "";

/** @param {string} id @param {number} [seq] */
function choose(id, seq) {
  chosen = id;
  markChosen(id);
  replay(id, seq);
  $("filter-chosen").disabled = false;
}

/** Somebody chose a log somewhere: it is shown, and the keyboard led there. @param {string} id */
function lead(id) {
  choose(id);
  $("replay-title").focus();
}

offerReplay(() => history.replaceState(null, "", `#${place()}`));
followLogs(lead);
const decisions = followDecisions(lead);
$("filter-chosen").addEventListener("click", () => decisions.only(chosen));

const asked = PLACE.exec(location.hash);
if (asked) choose(asked[1], asked[2] ? Number(asked[2]) : undefined);
