// SPDX-License-Identifier: MIT
// One log, step by step, with the Session's state beside it.

import { lines } from "./json-lines.js";
import { $, answer, ask, counted, make, moment, named, person, plain, tail, watched } from "./parts.js";
import { Portions } from "./portions.js";

const EVERY_MS = 2_000;
/** Lines that are shown at first: a browser takes long over more. */
const LINES = 1_000;

/** @type {Portions | null} */
let portions = null;
/** How the log stands, as the list has it. @type {any} */
let log = null;
/** This node's peer id. */
let own = "";
/** Which entry is shown; whether it is to stay the newest one. */
let at = 0;
let following = true;
/** Counts what was asked for: an older answer shows nothing any more. */
let turn = 0;
let everyLine = false;
/** @type {() => void} */
let moved = () => {};

const label = (peer) => {
  if (peer === own) return make("span", {}, "you");
  const known = log?.peers.find((one) => one.peerId === peer);
  return known ? person(known) : make("span", {}, tail(peer));
};

const WORDS = { msg: "message", join: "joined", leave: "left", open: "made the room", close: "closed" };

function showEntry({ entry, seq }) {
  const facts = [];
  const fact = (name, ...value) => facts.push(make("dt", {}, name), make("dd", {}, ...value));
  if (entry) {
    fact("What", WORDS[entry.kind] ?? plain(entry.kind));
    fact("From", label(entry.from));
    if (entry.to) fact("To", label(entry.to), " alone");
    fact("Said", moment(entry.sentAt));
    fact("Place", `${entry.epoch}:${seq}`, ...(entry.host ? [" by ", label(entry.host)] : []));
    if (entry.id) fact("Id", plain(entry.id));
  }
  $("entry-facts").replaceChildren(...facts);
  $("entry-facts").hidden = !entry;
  const data = entry && "data" in entry ? JSON.stringify(entry.data, null, 2) : "";
  const hidden = entry?.kind === "msg" && !("data" in entry) ? "Private to others: its content is not for this node." : "";
  $("entry-data").replaceChildren(...(data || hidden ? [make("span", {}, plain(data || hidden))] : []));
  const refusal = entry?.refusal;
  $("entry-refusal").hidden = !refusal;
  $("entry-refusal").textContent = refusal ? reasonOf(refusal) : "";
}

const reasonOf = ({ code, reason, pointer, place }) =>
  plain([`${code}: `, pointer ? `${pointer}: ` : "", reason, place ? ` (${place})` : ""].join(""));

function noteOf(state, marked) {
  if (!portions?.about.rules) return "This context keeps no state.";
  if (!state) return "There is no state here.";
  if ("stateBytes" in state) return `It has ${counted(state.stateBytes, "byte", "bytes")}, too many to show.`;
  return marked ? `${counted(marked, "line has", "lines have")} changed: + new, − gone.` : "";
}

function showState({ before, state, entry }) {
  const there = state && "state" in state && portions?.about.rules;
  const was = entry && before && "state" in before ? before.state : undefined;
  const all = there ? lines(state.state, was) : [];
  const shown = everyLine ? all : all.slice(0, LINES);
  const marked = all.filter((line) => line.change).length;
  $("state").replaceChildren(
    ...shown.map(({ text, change }) => {
      const sign = { "+": "+ ", "-": "− ", "": "  " }[change];
      return change ? make("span", { "data-change": change }, plain(sign + text)) : make("span", {}, plain(sign + text));
    }),
  );
  $("state-note").textContent = noteOf(state, marked);
  $("state-all-line").hidden = shown.length === all.length;
  $("state-all").textContent = `Show all ${all.length.toLocaleString()} lines`;
  $("state").querySelector("[data-change]")?.scrollIntoView({ block: "nearest" });
}

const first = () => portions?.about?.start.seq ?? 0;
const last = () => portions?.about?.last.seq ?? 0;

function showPlace(step) {
  const { entry, seq } = step;
  const slider = $("step");
  [slider.min, slider.max, slider.value] = [String(first()), String(last()), String(seq)];
  const words = entry
    ? `Entry ${seq.toLocaleString()} of ${last().toLocaleString()}`
    : first()
      ? `The beginning: entries up to ${first().toLocaleString()} were cut off`
      : "The beginning: nothing has been said";
  slider.setAttribute("aria-valuetext", words);
  if ($("step-words").textContent !== words) $("step-words").textContent = words;
  const ends = { "step-first": seq <= first(), "step-back": seq <= first(), "step-on": seq >= last(), "step-last": seq >= last() };
  for (const [id, end] of Object.entries(ends)) {
    if (end) $(id).setAttribute("aria-disabled", "true");
    else $(id).removeAttribute("aria-disabled"); // a disabled button would lose the keyboard
  }
  const { stopped } = portions?.about ?? {};
  $("replay-stopped").hidden = !stopped;
  $("replay-stopped").textContent = stopped ? `This log cannot be folded ${entry?.refusal ? "here" : "to its end"}: ${reasonOf(stopped)}` : "";
}

function showAbout() {
  const { context, plugin, version } = portions?.about ?? {};
  const parts = [`${portions?.id} · ${context || "no context"}`];
  if (plugin) parts.push(` · ${plugin} ${version}`);
  if (log) {
    const state = log.ended ? "ended" : log.state;
    parts.push(` · ${state}${log.code ? ` (${[log.code, log.reason].filter(Boolean).join(": ")})` : ""}`);
    parts.push(` · ${counted(log.bytes, "byte", "bytes")}`);
    if (log.waiting) parts.push(` · ${counted(log.waiting, "message waits", "messages wait")} for a place`);
  }
  $("replay-about").textContent = plain(parts.join(""));
}

/** Whether there is anything to show of the chosen log. @param {boolean} some */
function there(some) {
  $("replay-none").hidden = some;
  $("replay-some").hidden = !some;
}

/** Show the entry of that number. @param {number} seq */
async function go(seq) {
  const here = portions;
  if (!here) return;
  const mine = (turn += 1);
  try {
    const step = await here.step(Math.max(seq, 0));
    if (mine !== turn || here !== portions) return;
    at = step.seq;
    following = at >= last();
    there(true);
    showPlace(step);
    showEntry(step);
    showState(step);
    showAbout();
    $("replay-gone").hidden = true;
    moved();
  } catch (error) {
    if (mine === turn) gone(error);
  }
}

/** It cannot be read: what is shown stays, with the node's words. */
function gone(error) {
  there(true);
  const forgotten = error.code === "unknown_channel";
  $("replay-gone").hidden = false;
  $("replay-gone").textContent = forgotten ? "This node does not remember this log any more." : error.message;
}

/** How the chosen log stands now: it may have grown, ended or gone. */
async function look() {
  const here = portions;
  if (!here) return;
  const told = await ask("logs", { text: here.id, limit: 1 });
  if (here !== portions) return;
  const before = log;
  log = told.rows[0]?.id === here.id ? told.rows[0] : null;
  own = told.self;
  if (!log) return gone({ code: "unknown_channel" });
  const news = !here.about || log.last !== last() || log.first - 1 !== first() || JSON.stringify(log) !== JSON.stringify(before);
  if (!news) return;
  if (log.last !== before?.last || log.code !== before?.code || log.first !== before?.first) here.again();
  await go(following ? log.last : at);
}

async function save() {
  const note = $("save-note");
  const id = portions?.id ?? "";
  note.textContent = "Making it…";
  note.dataset.tone = "busy";
  try {
    const found = await answer("test", { channel: id });
    const name = /filename="([\w.-]+)"/.exec(found.headers.get("content-disposition") ?? "")?.[1] ?? "test_replay.py";
    const href = URL.createObjectURL(await found.blob());
    make("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
    note.textContent = `Saved as ${name}. It holds what was said: read it before you show it to others.`;
    note.dataset.tone = "good";
  } catch (error) {
    note.textContent = plain(error.message);
    note.dataset.tone = "bad";
  }
}

const reading = { again: () => {} };

/**
 * Replay that log.
 * @param {string} id
 * @param {number} [seq]  which entry, if not the newest
 */
export function replay(id, seq) {
  portions = new Portions(id);
  log = null;
  following = seq === undefined;
  at = seq ?? 0;
  everyLine = false;
  $("replay-none").textContent = "Reading the log…";
  there(false);
  $("save-note").textContent = "";
  $("replay-title").replaceChildren("Log ", named(id));
  reading.again();
}

/** Where in which log the person is. */
export const place = () => (portions ? `${portions.id}@${at}` : "");

/** @param {() => void} onMove  another entry is shown */
export function offerReplay(onMove) {
  moved = onMove;
  Object.assign(reading, watched("replay", EVERY_MS, look));
  const steps = { "step-first": () => first(), "step-back": () => at - 1, "step-on": () => at + 1, "step-last": () => last() };
  for (const [id, to] of Object.entries(steps)) {
    $(id).addEventListener("click", () => $(id).hasAttribute("aria-disabled") || go(to()));
  }
  $("step").addEventListener("input", () => go(Number($("step").value)));
  const keys = { ArrowLeft: "step-back", ArrowRight: "step-on", Home: "step-first", End: "step-last" };
  $("replay").addEventListener("keydown", (event) => {
    const button = keys[event.key];
    if (!button || event.target === $("step") || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    $(button).click();
  });
  $("state-all").addEventListener("click", () => {
    everyLine = true;
    void go(at);
  });
  $("save-test").addEventListener("click", save);
}
