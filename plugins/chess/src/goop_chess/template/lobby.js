// SPDX-License-Identifier: MIT
// Before a game: who is online, and who is asking.

import { $, fullName, make, noAnswer, personTag, place, say, write } from "./dom.js";
import { learnPrints, printOf } from "./prints.js";
import { chosenControl, fillControls } from "./time-controls.js";

/** peer id → row. @type {Map<string, any>} */
const peers = new Map();
/** peer id → what can be chosen, and what it says. @type {Map<string, {says: string, option: HTMLElement}>} */
const options = new Map();
let chosen = "";
/** Whether the node tells who is there: else nobody can be invited. */
let told = false;
/** Whom the person means: chosen by hand, named by the address, as home does, or the only one there. Nobody takes their place. */
let meant = new URLSearchParams(location.search).get("peer") ?? "";

/** The opponent, colour and clock that the person picked. */
export function choice() {
  const colour = String(new FormData($("new-game")).get("colour"));
  return { peerId: chosen, label: peers.get(chosen)?.peerLabel || "", colour, clock: chosenControl($("clock")) };
}

function peerOption({ peerId, peerLabel }) {
  if (options.get(peerId)?.says !== peerLabel) {
    const input = make("input", { type: "radio", name: "peer", value: peerId });
    const option = make("label", { "data-peer": peerId }, input, personTag(peerLabel, peerId));
    options.set(peerId, { says: peerLabel, option });
  }
  const { option } = options.get(peerId);
  option.querySelector("input").checked = peerId === chosen;
  return option;
}

function showPeers() {
  learnPrints([...peers.values()]);
  const online = [...peers.values()]
    .filter((row) => row.online)
    .sort((a, b) => a.peerLabel.localeCompare(b.peerLabel) || a.peerId.localeCompare(b.peerId));
  if (!meant && online.length === 1) meant = online[0].peerId;
  chosen = online.some((row) => row.peerId === meant) ? meant : "";
  const active = /** @type {HTMLInputElement | null} */ (document.activeElement);
  const focused = active?.name === "peer" ? active.value : null;
  place($("peers"), online.map(peerOption));
  if (focused) $("peers").querySelector(`[value="${CSS.escape(focused)}"]`)?.focus();
  $("no-peers").hidden = online.length > 0;
  write($("away"), meant && !chosen && online.length > 0 ? `${fullName(peers.get(meant)?.peerLabel, meant)} is not online just now.` : "");
  $("invite").disabled = !chosen || !told;
}

/**
 * Follow who is online.
 * @param {object} on
 * @param {() => void} on.invite  the person pressed "Invite"
 * @param {() => void} on.read  the node tells who is there
 * @param {(error: Error) => void} on.unread  it does not
 */
export function startPicker(on) {
  fillControls($("clock"));
  $("peers").addEventListener("change", (event) => {
    meant = event.target.value;
    showPeers();
  });
  $("new-game").addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen) on.invite();
  });
  const show = () => {
    told = true;
    on.read();
    showPeers();
  };
  Goop.peers.subscribe({
    onSnapshot(rows) {
      peers.clear();
      for (const row of rows) peers.set(row.peerId, row);
      show();
    },
    onUpdate(event) {
      peers.set(event.peerId, event.peer);
      show();
    },
    onError(error) {
      told = false;
      on.unread(error instanceof Error ? error : noAnswer());
      showPeers();
    },
    onRemove(event) {
      peers.delete(event.peerId);
      showPeers();
    },
  });
}

/**
 * Show requests as they come.
 * @param {object} on
 * @param {(request: any) => Promise<void>} on.accept
 * @param {(context: string) => boolean} on.known  whether this game is one of ours already
 * @param {(context: string) => boolean} on.rematch  whether it is a rematch of the game on the table
 */
export function startRequests({ accept, known, rematch }) {
  const shown = new Map();
  function drop(channelId) {
    shown.get(channelId)?.remove();
    shown.delete(channelId);
  }
  function show(request) {
    if (request.accepted) return; // at home: the address has opened it already
    drop(request.channelId);
    const who = fullName(request.peerLabel, request.peerId);
    const invites = rematch(request.context) ? "wants a rematch" : "invites you to a game of chess";
    const text = known(request.context)
      ? `${who} wants to go on with your game.`
      : `${who} ${invites}. ${request.terms}`;
    const yes = make("button", { type: "button", className: "primary", "data-action": "accept" }, "Accept");
    const no = make("button", { type: "button", "data-action": "decline" }, "Decline");
    const answer = async (work) => {
      yes.disabled = no.disabled = true;
      try {
        await work();
        drop(request.channelId);
      } catch (error) {
        say(error.message, "bad");
        yes.disabled = no.disabled = false;
      }
    };
    yes.addEventListener("click", () => answer(() => accept(request)));
    no.addEventListener("click", () => answer(() => Goop.realtime.decline(request.channelId)));
    const item = make("li", { "data-channel": request.channelId }, make("p", {}, text, printOf(request.peerId)), yes, no);
    shown.set(request.channelId, item);
    $("incoming").append(item);
  }
  function ended({ channelId, code }) {
    if (shown.has(channelId) && (code === "cancelled" || code === "expired")) {
      say(code === "cancelled" ? "The invitation was withdrawn." : "The invitation ran out of time.");
    }
    drop(channelId);
  }
  Goop.realtime.serve("chess", show, ended);
}
