// SPDX-License-Identifier: MIT
// The page of calls: who is online, who was missed, and the call itself in <goop-call>.

/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);
/** @type {GoopCallElement} */
const phone = $("call");
/** peer id → the row of somebody who is online. @type {Map<string, GoopPeer>} */
const people = new Map();

function make(tag, props, ...children) {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
}

const nameOf = (label, peerId) => `${Goop.names.apart(label || "Somebody")} (…${peerId.slice(-4)})`;

/** A button that acts on somebody: what it is called says so to who does not see the row. */
function action(words, who, onClick, className = "") {
  const button = make("button", { type: "button", className }, words);
  button.setAttribute("aria-label", Goop.names.spoken(`${words}: ${who}`));
  button.addEventListener("click", onClick);
  return button;
}

function callButtons(who, peerId) {
  return [
    action("Video call", who, () => phone.start(peerId), "primary"),
    action("Voice call", who, () => phone.start(peerId, { video: false })),
  ];
}

function row(peerId, who, note, ...buttons) {
  const person = make("div", { className: "person" }, ...Goop.names.pieces(who));
  if (note) person.append(make("div", { className: "soft" }, note));
  const item = make("li", {}, person, make("div", { className: "actions" }, ...buttons));
  item.dataset.peer = peerId;
  return item;
}

function drawPeople() {
  const online = [...people.values()].sort((one, other) => one.peerLabel.localeCompare(other.peerLabel));
  const shown = /** @type {HTMLElement[]} */ ([...$("people").children]);
  const known = new Map(shown.map((item) => [item.dataset.peer, item]));
  const items = online.map(({ peerId, peerLabel, fingerprint }) => {
    const who = nameOf(peerLabel, peerId);
    const item = known.get(peerId);
    // What has the focus stays where it is.
    return item?.dataset.who === who ? item : Object.assign(row(peerId, who, `Fingerprint ${fingerprint}`, ...callButtons(who, peerId)));
  });
  items.forEach((item, index) => (item.dataset.who = nameOf(online[index].peerLabel, online[index].peerId)));
  if (items.length !== known.size || items.some((item, index) => $("people").children[index] !== item)) {
    $("people").replaceChildren(...items);
  }
  $("nobody").hidden = items.length > 0;
}

function take(peer) {
  if (peer.online) people.set(peer.peerId, peer);
  else people.delete(peer.peerId);
}

Goop.peers.subscribe({
  onSnapshot(peers) {
    people.clear();
    peers.forEach(take);
    drawPeople();
  },
  onUpdate({ peer }) {
    take(peer);
    drawPeople();
  },
  onRemove({ peerId }) {
    people.delete(peerId);
    drawPeople();
  },
});

const isCall = ({ context }) => /^video_call(_|$)/.test(context);

Goop.realtime.invitations(({ missed }) => {
  const items = missed.filter(isCall).map(({ peerId, peerLabel, at, dismiss }) => {
    const who = nameOf(peerLabel, peerId);
    const when = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    return row(peerId, who, when, action("Call back", who, () => phone.start(peerId), "primary"), action("Dismiss", who, dismiss));
  });
  $("missed-list").replaceChildren(...items);
  $("missed").hidden = items.length === 0;
});

const home = new URL("/", location.href);
if (/^[^.]+\.localhost$/.test(home.hostname)) home.hostname = "home.localhost";
$("to-home").href = home.href;

Goop.attention.title = document.title;
Goop.attention.start();

// Who was chosen at home is marked, and called when the person says so.
const chosen = new URLSearchParams(location.search).get("peer");
if (chosen) {
  const seen = new MutationObserver(() => {
    const button = $("people").querySelector(`[data-peer="${CSS.escape(chosen)}"] button`);
    if (!button) return;
    seen.disconnect();
    button.focus();
  });
  seen.observe($("people"), { childList: true });
}
