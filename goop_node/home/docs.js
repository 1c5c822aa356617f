// SPDX-License-Identifier: MIT
// The node's openapi.json as a page: made here, so that nothing is loaded from elsewhere.

import { banner } from "./banner.js";
import { $, call, make } from "./dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** What a `$ref` stands for; everything else is itself. */
function resolve(value, root) {
  if (!value?.$ref) return value;
  return value.$ref.split("/").slice(1).reduce((part, name) => part[name], root);
}

/** A schema in short: an object's fields (optional ones with a "?"), a type, or its JSON. */
function brief(schema, root) {
  const found = resolve(schema, root);
  if (!found) return "";
  if (found.properties) {
    const fields = Object.entries(found.properties).map(([name, field]) => {
      const type = brief(field, root);
      return `${name}${found.required?.includes(name) ? "" : "?"}${type && `: ${type}`}`;
    });
    return `{ ${fields.join(", ")} }`;
  }
  if (found.type === "array") return `[${brief(found.items, root) || "any"}, …]`;
  if (found.type) return String(found.type);
  return Object.keys(found).every((key) => key === "default") ? "any" : JSON.stringify(found);
}

/** What a response carries: its type and its schema. */
function answer(response, root) {
  const [type, { schema } = {}] = Object.entries(response.content || {})[0] || ["nothing"];
  return `${type} ${type === "application/json" ? brief(schema, root) : ""}`;
}

/** "term: value" for what an operation takes and gives. */
function facts(operation, root) {
  const rows = (operation.parameters || []).map((parameter) => [
    `${parameter.in} ${parameter.name}`,
    [brief(parameter.schema, root), parameter.description].filter(Boolean).join(", "),
  ]);
  for (const [type, body] of Object.entries(operation.requestBody?.content || {})) {
    rows.push(["body", `${type} ${brief(body.schema, root)}`]);
  }
  for (const [status, response] of Object.entries(operation.responses || {})) {
    // What all have in common stands above, once.
    if (!response.$ref) rows.push([status, answer(response, root)]);
  }
  return make(
    "dl",
    {},
    ...rows.flatMap(([term, value]) => [make("dt", {}, term), make("dd", { className: "mono" }, value)]),
  );
}

/** A text in which what stands between backticks is code. @param {string} text */
const withCode = (text) => text.split(/`+/).map((part, at) => (at % 2 ? make("code", {}, part) : part));

function entry(path, method, operation, root) {
  return make(
    "details",
    { className: "panel" },
    make(
      "summary",
      {},
      make("strong", {}, `${method.toUpperCase()} `),
      make("code", {}, path),
      make("span", { className: "about" }, ...withCode(operation.description || operation.summary || "")),
    ),
    facts(operation, root),
  );
}

async function read() {
  const root = await call("/api/openapi.json");
  const groups = new Map();
  for (const [path, methods] of Object.entries(root.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const group = methods[method].tags?.[0] || "The node";
      groups.set(group, [...(groups.get(group) || []), entry(path, method, methods[method], root)]);
    }
  }
  $("endpoints").replaceChildren(
    ...[...groups].flatMap(([group, entries]) => [make("h2", {}, group), ...entries]),
  );
  const refusals = Object.entries(root.components.responses);
  $("refusals").replaceChildren(
    ...refusals.flatMap(([status, { description }]) => [make("dt", {}, status), make("dd", {}, description)]),
  );
  banner("docs", "");
}

void Goop.reading(read, (error) => banner("docs", error.message)).again();
