// SPDX-License-Identifier: MIT
// Which templates may use which context: what can be opened with somebody, and who takes a request.

import { call } from "./dom.js";
import { reading } from "./readings.js";
import { templateOf } from "./templates.js";

/** What the node says of each. @type {{ name: string, templates: string[] }[]} */
let contexts = [];

export const contextsRead = reading("contexts", async () => {
  contexts = await call("/api/realtime/contexts").catch((error) => {
    if (error.code === "not_found") return []; // without the plugin nothing is done together
    throw error;
  });
});

/** The templates to open with somebody. */
export const playable = () => [...new Set(contexts.flatMap(({ templates }) => templates))].map(templateOf).filter(Boolean);

/** The context of that name: the longest that fits, as at the node. @param {string} context */
function contextOf(context) {
  const fits = contexts.filter(({ name }) => context === name || context.startsWith(`${name}_`));
  return fits.sort((a, b) => b.name.length - a.name.length)[0];
}

/** The templates that may have a request: one that it is meant for, or those to choose from. */
export function takers(request) {
  const names = contextOf(request.context)?.templates ?? request.templates ?? [];
  const may = names.map(templateOf).filter(Boolean);
  const meant = (request.page ?? "").split("/").filter(Boolean)[0];
  const own = may.filter((template) => template.name === meant);
  return own.length ? own : may;
}
