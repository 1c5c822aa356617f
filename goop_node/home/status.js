// SPDX-License-Identifier: MIT
// The network pill, the banner, and the plugins in the footer.

import { $, call, make } from "./dom.js";
import { countsAsNoHome, showWhy } from "./shared_origin.js";

const NETWORK = {
  starting: "Starting",
  online: "Connected",
  offline: "Offline",
  stopped: "Stopped",
};

/** True while the node itself does not answer. */
let lost = false;

function banner(text) {
  $("banner").textContent = text;
  $("banner").hidden = !text;
}

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

/** Read the node's status and show it. */
export async function showStatus() {
  let status;
  try {
    status = await call("/api/status");
  } catch (error) {
    if (countsAsNoHome(error)) {
      lost = false;
      banner("");
      showWhy(error.message);
      return;
    }
    setLink(false, error.code === "node_unreachable" ? "" : error.message);
    return;
  }
  lost = false;
  const p2p = status.p2p || {};
  const state = p2p.state || "online";
  pill(state);
  banner(
    state === "offline" || state === "stopped"
      ? `Your node is cut off from the network${p2p.error ? `: ${p2p.error}` : ""}. Friends cannot reach you until it is back.`
      : p2p.notice || "",
  );
  showPlugins(status.plugins || []);
  showSetAside(status.set_aside || []);
  showDatabases(status.databases || {});
  const origins = status.dev_origins || [];
  $("dev-origins").hidden = origins.length === 0;
  $("dev-origins").textContent = `Development origins may use this node: ${origins.join(", ")}`;
  const restarts = p2p.restarts ? ` · libp2p restarted ${p2p.restarts}×` : "";
  $("version").textContent = `goop-node ${status.version}${restarts}`;
}

/**
 * The page's link to its own node broke or is back.
 * @param {boolean} connected
 * @param {string} [words]
 */
export function setLink(connected, words) {
  if (connected) {
    if (lost) showStatus();
    return;
  }
  lost = true;
  pill("offline", words ? "Refused" : "No node");
  banner(words || "Your node does not answer. Is it still running? This page goes on by itself when it is back.");
}
