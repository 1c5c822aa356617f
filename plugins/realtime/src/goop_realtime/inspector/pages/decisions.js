// SPDX-License-Identifier: MIT
// Who refused, dropped or closed what, and why: live, and as far as it is wanted.

import { $, ask, counted, make, moment, plain, tail, watched } from "./parts.js";

const EVERY_MS = 1_000;
const MOST = 1_000;
const PORTION = 100;

/** Newest first. @type {any[]} */
let rows = [];
let after = 0;
/** The start of the node that the numbers are of. @type {number | null} */
let run = null;
let wanted = PORTION;
/** Which filters `rows` are of. */
let asked = "";
/** @type {(id: string) => void} */
let choose = () => {};

/** @returns {Record<string, string>} */
const filters = () => /** @type {any} */ (Object.fromEntries(new FormData($("filters"))));

function about(row) {
  const parts = [];
  if (row.channel) {
    const open = make("button", { type: "button", className: "plain" }, row.channel);
    open.addEventListener("click", () => choose(row.channel));
    parts.push(open);
  }
  if (row.type) parts.push(make("span", {}, `type ${plain(row.type)}`));
  if (row.times) parts.push(make("span", {}, counted(row.times, "message so far", "messages so far")));
  if (row.message) parts.push(make("span", {}, `message ${plain(row.message)}`));
  if (row.plugin) parts.push(make("span", {}, `plugin ${plain(row.plugin)}`));
  if (row.peer) parts.push(make("span", { title: row.peer }, `peer ${tail(row.peer)}`));
  return parts.flatMap((part, at) => (at ? [" · ", part] : [part]));
}

/** What went by in no log: which row a newer one takes the place of. */
const kindOf = (row) => (row.times ? [row.channel, row.hop, row.peer, row.code, row.type].join() : "");

const PASSED = {
  latest: "only the newest counts; not in the log",
  volatile: "now or never; not in the log",
  signal: "fleeting, without a type; not in the log",
};

const item = (row) =>
  make(
    "li",
    { "data-n": row.n },
    moment(row.at),
    make("span", {}, row.hop),
    make("span", { className: "code" }, row.code),
    make(
      "div",
      { className: "words" },
      make("div", {}, plain(row.detail ?? (row.times ? PASSED[row.code] : ""))),
      make("div", { className: "about" }, ...about(row)),
    ),
  );

/** Show what is there; rows that are shown already stay the elements they are. */
function show() {
  const list = $("decision-list");
  const known = new Map([...list.children].map((element) => [element.dataset.n, element]));
  const shown = rows.slice(0, wanted).map((row) => known.get(String(row.n)) ?? item(row));
  const stay = new Set(shown);
  for (const element of known.values()) if (!stay.has(element)) element.remove();
  shown.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  $("decisions-more-line").hidden = rows.length <= wanted;
}

/** Offer what the trace has, and what is chosen. */
function offer(name, values) {
  const select = $(`filter-${name}`);
  const all = [...new Set([...values, select.value].filter(Boolean))].sort();
  const there = [...select.options].slice(1).map((option) => option.value);
  if (all.join("\n") === there.join("\n")) return;
  const { value } = select;
  select.replaceChildren(select.options[0], ...all.map((one) => make("option", { value: one }, one)));
  select.value = value;
}

function words(told) {
  const { kept } = told;
  const some = Object.values(filters()).some(Boolean);
  const fit = some ? `${rows.length.toLocaleString()} of ` : "";
  const held = `${fit}${counted(kept, "decision", "decisions")} kept.`;
  const gone = told.dropped ? ` ${counted(told.dropped, "older one", "older ones")} made room and cannot be seen any more.` : "";
  return held + gone;
}

async function read() {
  const fields = filters();
  const now = JSON.stringify(fields);
  if (now !== asked) [rows, after, asked] = [[], 0, now];
  const told = await ask("decisions", { ...fields, after, limit: MOST });
  if (JSON.stringify(filters()) !== now) return void (asked = ""); // changed meanwhile: read anew
  if (run !== null && told.run !== run) {
    run = null; // the node has started anew, and counts anew
    asked = "";
    return read();
  }
  run = told.run;
  const newer = new Set(told.rows.map(kindOf).filter(Boolean));
  rows = [...told.rows.reverse(), ...rows.filter((row) => !newer.has(kindOf(row)))].slice(0, MOST);
  after = told.next ?? told.count;
  offer("hop", told.hops);
  offer("code", told.codes);
  offer("plugin", told.plugins);
  $("decisions-words").textContent = words(told);
  show();
}

/**
 * Show them.
 * @param {(id: string) => void} onChoice  somebody wants to see that channel's log
 */
export function followDecisions(onChoice) {
  choose = onChoice;
  const reading = watched("decisions", EVERY_MS, read);
  const again = () => {
    wanted = PORTION;
    void reading.again();
  };
  $("filters").addEventListener("input", again);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", () => setTimeout(again)); // when the fields are empty
  $("decisions-more").addEventListener("click", () => {
    wanted += PORTION;
    show();
  });
  return {
    /** Show those of one log alone. @param {string} id */
    only(id) {
      $("filter-channel").value = id;
      again();
    },
  };
}
