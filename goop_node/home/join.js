// SPDX-License-Identifier: MIT
// /join#<multiaddr>: say whose node this is and who invites, ask, then connect the two.

import { $, note, write } from "./dom.js";
import { addFriend, lookAt } from "./friends.js";

/** One of: asking, own (the link is this node's own), refused (it leads nowhere), done. */
function setState(state, title) {
  document.body.dataset.join = state;
  $("join-title").textContent = title;
  $("join-ask").hidden = state !== "asking";
  $("join-own").hidden = state !== "own";
  $("join-home").hidden = state === "asking";
}

/** The link's own text, before the node has looked at it. */
function pasted() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return location.hash.slice(1);
  }
}

/** Show what the link says, or what is wrong with it. */
async function show() {
  $("join-address").textContent = pasted();
  $("join-confirm").disabled = true;
  note($("join-note"), "");
  if (!pasted()) {
    setState("refused", "This link is incomplete");
    note($("join-note"), "It should end in “#” and an address. Ask for it again, and copy all of it.", "bad");
    return;
  }
  try {
    const found = await lookAt(location.hash);
    for (const place of document.querySelectorAll("[data-me]")) write(place, Goop.names.apart(found.me.label));
    $("join-my-fingerprint").textContent = found.me.fingerprint;
    $("join-fingerprint").textContent = found.fingerprint;
    $("join-address").textContent = found.address;
    $("join-known").hidden = !found.peerLabel;
    write($("join-label"), Goop.names.apart(found.peerLabel));
    if (found.own) return setState("own", "This is your own link");
    setState("asking", "Connect to a friend?");
    $("join-confirm").disabled = false;
    const known = found.standing === "friend" ? "Your node remembers them as a friend already." : "";
    note($("join-note"), [known, found.note].filter(Boolean).join(" "));
  } catch (error) {
    const bad = error.code === "bad_address";
    setState("refused", bad ? "This link is incomplete" : "Your node could not look at this link");
    note($("join-note"), bad ? `${error.message} Ask for it again, and copy all of it.` : error.message, "bad");
  }
}

/** Connect; the answer is said in words either way. */
async function connect() {
  const button = $("join-confirm");
  button.disabled = true;
  note($("join-note"), "Connecting…", "busy");
  try {
    note($("join-note"), await addFriend(location.hash), "good");
    setState("done", "Connected");
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
