// SPDX-License-Identifier: MIT
// /join#<multiaddr>: ask the person, then connect their node to the friend's.

import { $, fingerprint, note } from "./dom.js";
import { addFriend, addressIn, peerIdIn } from "./friends.js";

/** Show what the link says, or what is wrong with it. */
function show() {
  const address = addressIn(location.hash);
  const peerId = peerIdIn(address);
  $("join-ask").hidden = !peerId;
  $("join-home").hidden = Boolean(peerId);
  if (!peerId) {
    $("join-title").textContent = "This link is incomplete";
    note(
      $("join-note"),
      "It should end in “#” and an address with /p2p/ and your friend's id. Ask for it again, and copy all of it.",
      "bad",
    );
    return;
  }
  $("join-title").textContent = "Connect to a friend?";
  $("join-fingerprint").textContent = fingerprint(peerId);
  $("join-address").textContent = address;
  note($("join-note"), "");
}

/** Connect; the answer is said in words either way. */
async function connect() {
  const button = $("join-confirm");
  button.disabled = true;
  note($("join-note"), "Connecting…", "busy");
  try {
    note($("join-note"), await addFriend(location.hash), "good");
    $("join-title").textContent = "Connected";
    $("join-ask").hidden = true;
    $("join-home").hidden = false;
    $("join-home").querySelector("a").focus();
  } catch (error) {
    note($("join-note"), error.message, "bad");
    button.textContent = "Try again";
  } finally {
    button.disabled = false;
  }
}

$("join-confirm").addEventListener("click", connect);
addEventListener("hashchange", show);
show();
