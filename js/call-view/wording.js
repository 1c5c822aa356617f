// SPDX-License-Identifier: MIT
// What is said to people: how a call is, why it is over, why there is no camera and what to do.

/** @type {Record<string, string>} by the code of an end, said of the other person */
const OVER = {
  answered_elsewhere: "You answered in another tab.",
  blocked: "You have blocked this person.",
  busy: "They are in another call.",
  cancelled: "The call was given up.",
  contract_mismatch: "Your node and theirs have different versions of calls.",
  declined: "They cannot talk now.",
  lost: "The connection was lost. The two browsers found no way to each other.",
  no_answer: "Nobody answered.",
  node_unreachable: "Your node does not answer. Is it running?",
  undiscovered: "They are not online.",
  unknown_context_there: "Their node has no calls.",
  unreachable: "Their node cannot be reached.",
};

/** @param {GoopCallEnd} end */
export function endWords({ code, reason, byPeer }) {
  if (code === "ended") return byPeer ? "They hung up." : "You hung up.";
  if (code === "cancelled") return byPeer ? "They gave up." : "You gave up.";
  if (code === "replaced") return "";
  return OVER[code] ?? `The call has ended: ${reason || code}.`;
}

/** @type {Record<GoopCallState, string>} */
export const STATES = {
  ringing: "Ringing…",
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "The connection is lost for the moment. Looking for another way…",
  ended: "Ended",
};

/** Whether the node itself has not given the page cameras: then the browser asks nobody. */
function isDeniedByNode() {
  const policy = /** @type {any} */ (document).permissionsPolicy ?? /** @type {any} */ (document).featurePolicy;
  return policy?.allowsFeature?.("camera") === false;
}

/**
 * Why there is no camera, microphone or screen, and what to do.
 * @param {GoopMediaError} error
 * @returns {string}
 */
export function mediaWords({ code, message }) {
  const still = "You can still see and hear.";
  if (code === "not_allowed" && isDeniedByNode()) {
    return `This page may not use camera and microphone yet. Allow it on your node's home page, under “What templates may do”, and load this page again. ${still}`;
  }
  /** @type {Record<string, string>} */
  const words = {
    not_allowed: `Your browser did not give this page the camera, microphone or screen. Press the camera symbol in the address bar to allow it, then try again here. ${still}`,
    no_device: `No camera or microphone was found. Plug one in and try again. ${still}`,
    device_busy: `Another program uses the camera or microphone. Close it and try again. ${still}`,
    insecure: `This page comes over plain http from another machine, and browsers give no camera or microphone to such pages. Open it on the machine the node runs on, or over https. ${still}`,
  };
  return words[code] ?? `Camera or microphone could not be used: ${message}. ${still}`;
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  return [...(seconds >= 3600 ? [Math.floor(seconds / 3600)] : []), ...parts].join(":");
}
