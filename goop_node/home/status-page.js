// SPDX-License-Identifier: MIT
// /api/status as a page: what the node says of itself, in words.

import { banner } from "./banner.js";
import { $, call, make } from "./dom.js";

const NETWORK = {
  starting: "starting",
  online: "on the network",
  offline: "cut off from the network",
  stopped: "stopped",
};
const PLUGIN = { failed: "does not run", faulty: "works only in part" };

/** "2 h 5 min". @param {number} seconds */
function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return "less than a minute";
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Rows of a list of terms; those without a value are left out. */
const rows = (facts) =>
  facts
    .filter(([, value]) => value)
    .flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, String(value))]);

async function read() {
  const status = await call("/api/status");
  const { p2p } = status;
  $("facts").replaceChildren(
    ...rows([
      ["Version", `goop-node ${status.version}`],
      ["Running for", duration(status.uptime)],
      ["Network", [NETWORK[p2p.state] ?? p2p.state, p2p.error].filter(Boolean).join(": ")],
      ["Note", p2p.notice],
      ["Addresses", p2p.addrs.join(", ")],
      ["Restarts of libp2p", p2p.restarts],
      ["Identity used twice by", p2p.twice.join(", ")],
      ["Damaged files set aside", status.set_aside.join(", ")],
      ["Databases in trouble", Object.entries(status.databases).map((pair) => pair.join(": ")).join("; ")],
      ["Development", status.dev ? "with --dev" : ""],
      ["Development origins", status.dev_origins.join(", ")],
    ]),
  );
  $("plugins").replaceChildren(
    ...rows(
      status.plugins.map((plugin) => [
        plugin.name,
        [PLUGIN[plugin.status] ?? plugin.status, plugin.error, plugin.place].filter(Boolean).join(" · "),
      ]),
    ),
  );
  $("json").textContent = JSON.stringify(status, null, 2);
  banner("status", "");
}

const status = Goop.reading(read, (error) => banner("status", error.message));
document.addEventListener("visibilitychange", () => document.hidden || status.again());
void status.again();
