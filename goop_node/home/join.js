// SPDX-License-Identifier: MIT
// /join#<multiaddr>: say whose node this is and who invites, ask, then connect the two.

import { $, nobodyHasFocus, note, write } from "./dom.js";
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

/** What the link says, or what is wrong with it. */
const look = Goop.reading(
  async () => {
    const link = location.hash;
    if (!pasted()) return refuse("This link is incomplete", "It should end in “#” and an address. Ask for it again, and copy all of it.");
    const found = await lookAt(link);
    if (link === location.hash) show(found); // else that of another link is asked for by now
  },
  (error) => {
    const bad = error.code === "bad_address";
    if (bad) refuse("This link is incomplete", `${error.message} Ask for it again, and copy all of it.`);
    else refuse("Your node could not look at this link", error.message);
  },
);

/** Look at the link that the address holds now. */
function lookAnew() {
  $("join-address").textContent = pasted();
  $("join-confirm").disabled = true;
  $("join-confirm").textContent = "Connect";
  note($("join-note"), "");
  void look.again();
}

function refuse(title, words) {
  setState("refused", title);
  note($("join-note"), words, "bad");
}

function show(found) {
  for (const place of document.querySelectorAll("[data-me]")) write(place, Goop.names.apart(found.me.label));
  $("join-my-fingerprint").textContent = found.me.fingerprint;
  $("join-fingerprint").textContent = found.fingerprint;
  $("join-address").textContent = found.address;
  $("join-known").hidden = !found.peerLabel;
  write($("join-label"), Goop.names.apart(found.peerLabel));
  if (found.own) {
    setState("own", "This is your own link");
    return note($("join-note"), "");
  }
  setState("asking", "Connect to a friend?");
  $("join-confirm").disabled = false;
  const known = found.standing === "friend" ? "Your node remembers them as a friend already." : "";
  note($("join-note"), [known, found.note].filter(Boolean).join(" "));
}

/** Connect; the answer is said in words either way, unless another link is looked at by then. */
async function connect() {
  const link = location.hash;
  const tell = (words, tone, after) => {
    if (link !== location.hash) return;
    note($("join-note"), words, tone);
    $("join-confirm").disabled = false;
    after();
  };
  $("join-confirm").disabled = true;
  note($("join-note"), "Connecting…", "busy");
  try {
    const words = await addFriend(link);
    tell(words, "good", () => {
      setState("done", "Connected");
      if (nobodyHasFocus()) $("join-home").querySelector("a").focus();
    });
  } catch (error) {
    tell(error.message, "bad", () => ($("join-confirm").textContent = "Try again"));
  }
}

$("join-confirm").addEventListener("click", connect);
addEventListener("hashchange", lookAnew);
lookAnew();
