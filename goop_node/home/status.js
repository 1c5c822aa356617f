// SPDX-License-Identifier: MIT
// The network pill, the banner, and the plugins in the footer.

import { banner } from "./banner.js";
import { $, call, make } from "./dom.js";
import { readAll, reading } from "./readings.js";
import { countsAsNoHome } from "./shared_origin.js";

const NETWORK = {
  starting: "Starting",
  online: "Connected",
  offline: "Offline",
  stopped: "Stopped",
};

/** With how many others there is a connection. */
let company = 0;

function pill(state, text) {
  const alone = state === "online" && company === 0;
  $("network").dataset.state = alone ? "alone" : state;
  $("network").textContent = text || (alone ? "Nobody else here" : NETWORK[state]) || state;
}

/**
 * "Connected" is said where there is somebody to be connected to.
 * @param {number} count of people with a connection
 */
export function showCompany(count) {
  company = count;
  const { state } = $("network").dataset;
  if (state === "online" || state === "alone") pill("online");
}

/** What a plugin's status means to a person. */
const TROUBLE = { failed: "is not running", faulty: "works only in part" };

function showPlugins(plugins) {
  const troubled = plugins.filter((plugin) => plugin.status in TROUBLE);
  const fine = plugins.filter((plugin) => !(plugin.status in TROUBLE));
  const lines = troubled.map((plugin) => {
    const line = make(
      "p",
      { className: "warn" },
      make("strong", {}, `Plugin “${plugin.name}” ${TROUBLE[plugin.status]}. `),
      plugin.error || "",
      plugin.place ? ` (${plugin.place})` : "",
    );
    const dependents = plugin.needed_by || [];
    if (dependents.length) line.append(` Needed by: ${dependents.join(", ")}.`);
    return line;
  });
  if (fine.length) {
    lines.push(make("p", {}, `Plugins: ${fine.map((plugin) => plugin.name).join(", ")}`));
  }
  $("plugins").replaceChildren(...lines);
}

function showDatabases(troubles) {
  const lines = Object.entries(troubles).map(([plugin, trouble]) =>
    make("p", { className: "warn" }, make("strong", {}, `The database of “${plugin}”: `), `${trouble}.`),
  );
  $("databases").replaceChildren(...lines);
}

function showSetAside(names) {
  $("set-aside").hidden = names.length === 0;
  $("set-aside").replaceChildren(
    make("strong", {}, "Damaged files were set aside and made anew. "),
    `In your node's data folder: ${names.join(", ")}. Delete them if you need nothing of what they hold.`,
  );
}

function showPages(pages) {
  const links = pages.map(({ title, address }) => make("a", { href: address }, title));
  if (!same($("added-pages"), links)) $("added-pages").replaceChildren(...links);
}

/** Whether it has these children already: the keyboard may be at one of them. */
const same = (element, nodes) =>
  element.children.length === nodes.length && nodes.every((one, at) => one.isEqualNode(element.children[at]));

function show(status) {
  const p2p = status.p2p || {};
  const state = p2p.state || "online";
  pill(state);
  banner(
    "network",
    state === "offline" || state === "stopped"
      ? `Your node is cut off from the network${p2p.error ? `: ${p2p.error}` : ""}. Friends cannot reach you until it is back.`
      : p2p.notice || "",
  );
  showPlugins(status.plugins || []);
  showPages(status.pages || []);
  showSetAside(status.set_aside || []);
  showDatabases(status.databases || {});
  $("dev").hidden = !status.dev;
  const origins = status.dev_origins || [];
  $("dev-origins").hidden = origins.length === 0;
  $("dev-origins").textContent = `Development origins may use this node: ${origins.join(", ")}`;
  const restarts = p2p.restarts ? ` · libp2p restarted ${p2p.restarts}×` : "";
  $("version").textContent = `goop-node ${status.version}${restarts}`;
  // Addresses, for one, come and go with the network.
  if (network && network !== state) void readAll();
  network = state;
}

/** How the network was last. */
let network = "";

const status = reading("status", async () => {
  try {
    show(await call("/api/status"));
  } catch (error) {
    if (!countsAsNoHome(error)) pill("offline", error.code === "node_unreachable" ? "No node" : "Refused");
    throw error;
  }
});

/** How often it is read while the page is seen: nothing tells that it has changed. */
const TICK_MS = 10_000;

/** Show how the node is. */
export function followStatus() {
  setInterval(() => document.hidden || status.again(), TICK_MS);
  return status.again();
}

/** A link of the page to its node broke; why, it does not tell. */
export const linkBroke = () => void status.again();
