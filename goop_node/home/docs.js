// SPDX-License-Identifier: MIT
// The node's openapi.json as a page: made here, so that nothing is loaded from elsewhere.

import { $, call, make } from "./dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** A schema in short: its name, its type, or its JSON. */
function brief(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  return schema.type && Object.keys(schema).length <= 2 ? String(schema.type) : JSON.stringify(schema);
}

/** "term: value" for what an operation takes and gives. */
function facts(operation) {
  const rows = (operation.parameters || []).map((parameter) => [
    `${parameter.in} ${parameter.name}`,
    [brief(parameter.schema), parameter.description].filter(Boolean).join(", "),
  ]);
  for (const [type, body] of Object.entries(operation.requestBody?.content || {})) {
    rows.push(["body", `${type} ${brief(body.schema)}`]);
  }
  for (const [status, response] of Object.entries(operation.responses || {})) {
    rows.push([status, response.description || ""]);
  }
  return make(
    "dl",
    {},
    ...rows.flatMap(([term, value]) => [make("dt", {}, term), make("dd", { className: "mono" }, value)]),
  );
}

function entry(path, method, operation) {
  return make(
    "details",
    { className: "panel" },
    make(
      "summary",
      {},
      make("strong", {}, `${method.toUpperCase()} `),
      make("code", {}, path),
      ` ${operation.summary || ""}`,
    ),
    ...(operation.description ? [make("p", {}, operation.description)] : []),
    facts(operation),
  );
}

try {
  const { paths } = await call("/api/schema/openapi.json");
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => entry(path, method, methods[method])),
  );
  $("endpoints").replaceChildren(...entries);
} catch (error) {
  $("banner").textContent = error.message;
  $("banner").hidden = false;
}
