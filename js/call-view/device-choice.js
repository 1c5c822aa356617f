// SPDX-License-Identifier: MIT
// Which camera and microphone: a choice that is remembered.
import { make, signed } from "./making.js";
import { chosen } from "../call/media.js";

/** @type {Record<string, string>} */
const LABELS = { audioinput: "Microphone", videoinput: "Camera" };

/** @returns {HTMLElement} */
export function deviceChoice() {
  const fields = make("div", { className: "fields" });
  const choice = make("details", { className: "devices" }, make("summary", { title: "Devices", className: "seldom" }, ...signed("devices", "Devices")), fields);
  choice.addEventListener("toggle", () => {
    if (choice.open) void fill(fields);
  });
  return choice;
}

/** @param {HTMLElement} fields */
async function fill(fields) {
  const found = await Goop.call.devices().catch(() => []);
  const kinds = Object.keys(LABELS).filter((kind) => found.some((device) => device.kind === kind));
  fields.replaceChildren(
    ...kinds.map((kind) => field(/** @type {MediaDeviceKind} */ (kind), found.filter((device) => device.kind === kind))),
  );
  if (kinds.length === 0) fields.append("No camera or microphone was found.");
}

/**
 * @param {MediaDeviceKind} kind
 * @param {MediaDeviceInfo[]} found
 */
function field(kind, found) {
  const options = found.map(({ deviceId, label }, index) =>
    make("option", { value: deviceId, selected: deviceId === chosen()[kind] }, label || `${LABELS[kind]} ${index + 1}`),
  );
  const select = make("select", {}, ...options);
  select.addEventListener("change", () => void Goop.call.choose({ kind, deviceId: select.value }));
  return make("label", {}, LABELS[kind], select);
}
