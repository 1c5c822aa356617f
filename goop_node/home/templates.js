// SPDX-License-Identifier: MIT
// The templates, and what each asks to be allowed. Granting happens here and nowhere else.

import { $, call, make, nobodyHasFocus, note, paintAvatar } from "./dom.js";
import { showAdded } from "./library.js";
import { readAll, reading } from "./readings.js";
import { Rows } from "./rows.js";
import { settle } from "./steady.js";

/** What the node says of each. @type {any[]} */
let templates = [];

/** The template of that name, or `undefined`. @param {string} name */
export const templateOf = (name) => templates.find((template) => template.name === name);

/** Whether a template asks for that context, or for the kind it is of. @param {string} context */
export const asksFor = (context) =>
  templates
    .flatMap((template) => template.permissions)
    .map(({ permission }) => permission.replace(/^context:/, ""))
    .some((name) => context === name || context.startsWith(`${name}_`));

const plain = (template) => template.title || template.name;

/**
 * What people call a template: with its own name where others call themselves the same.
 * @param {any} template
 */
export function titleOf(template) {
  const same = (other) => plain(other).localeCompare(plain(template), undefined, { sensitivity: "base" }) === 0;
  const alone = templates.filter(same).length < 2;
  return alone ? plain(template) : `${plain(template)} (${template.name})`;
}

/** One card a template: the whole card is the link. */
function card(template) {
  const letter = make("span", { className: "card-icon", "aria-hidden": "true" });
  paintAvatar(letter, titleOf(template), template.name);
  return make(
    "li",
    { "data-template": template.name },
    make(
      "a",
      { className: "card", href: template.url },
      letter,
      make("span", { className: "card-title" }, titleOf(template)),
      make("span", { className: "card-text" }, template.description || ""),
    ),
  );
}

/** Where something was granted, in words. */
const STATE = { "": "Not allowed", home: "Allowed", file: "Allowed in goop.toml" };

/** One thing that a template asks for, with the button that grants it or takes it back. */
function permission(template, asked) {
  const words = `${asked.allows[0].toUpperCase()}${asked.allows.slice(1)}.`;
  const problem = make("p", { className: "note", role: "status" });
  const row = make(
    "li",
    { "data-permission": asked.permission, "data-granted": asked.granted },
    make("p", { className: "who" }, words),
    make("span", { className: "presence" }, STATE[asked.granted]),
  );
  if (asked.granted !== "file") {
    const action = asked.granted ? "revoke" : "grant";
    const label = asked.granted ? "Take back" : "Allow";
    const key = `${template.name}/${asked.permission}`;
    const button = make("button", { type: "button", className: asked.granted ? "" : "primary", "data-key": key }, label);
    button.setAttribute("aria-label", `${label}, ${titleOf(template)}: ${words}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await call(`/api/templates/${action}`, { template: template.name, permission: asked.permission });
        void readAll(); // what can be opened with whom hangs on it
        await templatesRead.again();
        tell(template.name, asked.permission);
      } catch (error) {
        note(problem, error.message, "bad");
        button.disabled = false;
      }
    });
    row.append(button);
  }
  row.append(problem);
  return row;
}

/** A template that asks for something. */
function asking(template) {
  const id = `template-${template.name}`;
  return make(
    "li",
    { id, tabIndex: -1, "aria-labelledby": `${id}-title` },
    make(
      "h4",
      { id: `${id}-title` },
      `${titleOf(template)} asks to be allowed to`,
    ),
    make("p", { className: "hint" }, `${template.url} · ${template.source}`),
    make("ul", { className: "rows" }, ...template.permissions.map((asked) => permission(template, asked))),
  );
}

/** What is wrong in its manifest. */
const flaws = (template) =>
  template.flaws.map((words) =>
    make("p", { className: "warn" }, make("strong", {}, `The manifest of “${titleOf(template)}”: `), words),
  );

/** @type {Rows<any>} */
const cards = new Rows($("template-list"), (template) => template.name, card);
/** @type {Rows<any>} */
const permissions = new Rows($("permission-list"), (template) => template.name, asking);

export const templatesRead = reading("templates", async () => {
  templates = await call("/api/templates");
  cards.show(templates);
  $("templates-empty").hidden = templates.length > 0;
  const asks = templates.filter((template) => template.permissions.length > 0);
  for (const item of permissions.show(asks)) item.querySelectorAll("button.primary").forEach(settle);
  $("permissions").hidden = asks.length === 0;
  showAdded(templates.map((template) => ({ ...template, title: titleOf(template) })));
  $("flaws").replaceChildren(...templates.flatMap(flaws));
});

/** Something was granted or taken back: keep the keyboard's place, and say it aloud. */
function tell(name, changed) {
  const item = $(`template-${name}`)?.querySelector(`[data-permission="${CSS.escape(changed)}"]`);
  if (!item) return;
  if (nobodyHasFocus()) item.querySelector("button")?.focus();
  $("permissions-live").textContent = `${titleOf(templateOf(name))}: ${STATE[item.dataset.granted]}`;
}

/** Lead to the template that the address names: `#template-NAME`. */
function lead() {
  const item = /^#template-[a-z0-9-]+$/.test(location.hash) && $(location.hash.slice(1));
  if (!item) return;
  item.scrollIntoView({ block: "center" });
  item.focus({ preventScroll: true });
}

/** Show the templates, and lead to the one that is asked for. */
export async function followTemplates() {
  await templatesRead.again();
  if (nobodyHasFocus()) lead();
  addEventListener("hashchange", lead);
}
