// SPDX-License-Identifier: MIT
// Templates come and go: a ZIP file is looked at first, and its template added when the person says so.

import { $, call, make, nobodyHasFocus, note } from "./dom.js";
import { readAll } from "./readings.js";
import { Rows } from "./rows.js";
import { settle } from "./steady.js";

/** How much of a file one request carries: no larger one is taken. */
const PART = 192 * 1024;

/** The name that a file suggests for its template. @param {string} file */
const nameOf = (file) =>
  file
    .replace(/\.zip$/i, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");

/** What was looked at and waits for the person's word. @type {any} */
let staged = null;

/** Bring a file to the node in parts. Returns its id there. @param {File} file */
async function upload(file) {
  let { id, at } = await call("/api/templates/upload", file.slice(0, PART));
  while (at < file.size) {
    note($("adding-note"), `${Math.round((100 * at) / file.size)} % …`, "busy");
    ({ at } = await call(`/api/templates/upload?id=${id}&at=${at}`, file.slice(at, at + PART)));
  }
  return id;
}

/** @param {SubmitEvent} event */
async function look(event) {
  event.preventDefault();
  const [file] = $("adding-file").files;
  $("adding-look").disabled = true;
  try {
    await drop();
    const id = await upload(file);
    staged = await call("/api/templates/stage", { id, name: $("adding-name").value.trim() });
    note($("adding-note"), "");
    ask();
  } catch (error) {
    note($("adding-note"), `${file.name}: ${error.message}`, "bad");
  } finally {
    $("adding-look").disabled = false;
  }
}

const GRANTED = { "": "", home: " Allowed already.", file: " Allowed in goop.toml." };

const LATER = "Nothing of this holds before you allow it, once it is added.";

/** Show what there is to know before it is added. */
function ask() {
  const asks = staged.permissions.map((asked) => make("li", {}, `${asked.allows}.`, make("em", {}, GRANTED[asked.granted])));
  const contexts = staged.contexts.length ? [make("p", {}, `It brings: ${staged.contexts.join(", ")}.`)] : [];
  $("adding-what").replaceChildren(
    make("h4", {}, staged.title),
    ...(staged.description ? [make("p", {}, staged.description)] : []),
    make("p", { className: "hint" }, staged.replaces ? `It replaces the template ${staged.name}.` : `It will be the template ${staged.name}.`),
    make("p", {}, asks.length ? "It asks to be allowed to" : "It asks for nothing."),
    ...(asks.length ? [make("ul", { className: "asks" }, ...asks), make("p", {}, LATER)] : []),
    ...contexts,
    ...staged.flaws.map((words) => make("p", { className: "warn" }, words)),
  );
  $("adding-yes").textContent = staged.replaces ? "Replace" : "Add";
  $("adding-ask").hidden = false;
  settle($("adding-yes"));
  $("adding-what").focus();
}

/** Forget what was looked at. */
async function drop() {
  const before = staged;
  staged = null;
  $("adding-ask").hidden = true;
  if (before) await call("/api/templates/discard", { id: before.id });
}

async function add() {
  const { id, title } = staged;
  $("adding-yes").disabled = true;
  try {
    await call("/api/templates/install", { id });
    staged = null;
    $("adding-ask").hidden = true;
    $("adding-form").reset();
    note($("adding-note"), `${title} is there.`, "good");
    await readAll();
  } catch (error) {
    note($("adding-note"), error.message, "bad");
  } finally {
    $("adding-yes").disabled = false;
    if (nobodyHasFocus()) $("adding-title").focus();
  }
}

/** One that was added, and how it is taken away. */
function row({ name, title }) {
  const box = make("input", { type: "checkbox", id: `delete-${name}`, "data-key": `delete-${name}` });
  const yes = make("button", { type: "button", className: "danger", "data-key": `removes-${name}` }, "Remove");
  const no = make("button", { type: "button", "data-key": `keeps-${name}` }, "Keep it");
  const button = make("button", { type: "button", "data-key": `remove-${name}`, "aria-expanded": "false" }, "Remove");
  button.setAttribute("aria-label", `Remove ${title}`);
  const label = make("label", {}, box, " Delete its channels and rooms, too");
  const question = make(
    "div",
    { className: "question", hidden: true },
    make("p", {}, "What you have allowed it is taken back. What its pages keep in your browser stays there."),
    label,
    make("div", { className: "actions" }, yes, no),
  );
  const problem = make("p", { className: "note", role: "status" });
  const show = (/** @type {boolean} */ asking) => {
    question.hidden = !asking;
    button.hidden = asking;
    (asking ? no : button).focus();
  };
  button.addEventListener("click", () => show(true));
  no.addEventListener("click", () => show(false));
  yes.addEventListener("click", async () => {
    yes.disabled = true;
    try {
      await call("/api/templates/remove", { template: name, deleteData: box.checked });
      note($("adding-note"), `${title} is removed.`, "good");
      await readAll();
      if (nobodyHasFocus()) $("adding-title").focus();
    } catch (error) {
      note(problem, error.message, "bad");
      yes.disabled = false;
    }
  });
  return make("li", { "data-added": name }, make("span", { className: "who" }, title), button, question, problem);
}

/** @type {Rows<any>} */
const added = new Rows($("added-list"), ({ name }) => name, row);

/** Show which were added. @param {{ name: string, title: string, added: boolean }[]} templates */
export function showAdded(templates) {
  const mine = templates.filter((template) => template.added);
  added.show(mine);
  $("added").hidden = mine.length === 0;
}

/** Let the person add templates. */
export function offerAdding() {
  $("adding-form").addEventListener("submit", look);
  $("adding-file").addEventListener("change", () => {
    const [file] = $("adding-file").files;
    if (file) $("adding-name").value = nameOf(file.name);
  });
  $("adding-yes").addEventListener("click", add);
  $("adding-no").addEventListener("click", async () => {
    await drop().catch((error) => note($("adding-note"), error.message, "bad"));
    if (nobodyHasFocus()) $("adding-file").focus();
  });
}
