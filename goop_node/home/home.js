// SPDX-License-Identifier: MIT
// The node's own page: who I am, who is there, what we can do, who is asking.

import { contextsRead } from "./contexts.js";
import { $, call, characters, fullName, make, nobodyHasFocus, note, paintAvatar, write } from "./dom.js";
import { addFriend } from "./friends.js";
import { offerAdding } from "./library.js";
import { followMissed } from "./missed.js";
import { followPeople } from "./people.js";
import { followReach } from "./reach.js";
import { offerPicture, showPicture } from "./picture.js";
import { readAll, reading } from "./readings.js";
import { followRequests } from "./requests.js";
import { Rows } from "./rows.js";
import { followRunning, offerNotifications } from "./running.js";
import { followStatus, linkBroke } from "./status.js";
import { keepSteady } from "./steady.js";
import { followTemplates } from "./templates.js";

/** What the node says of us. */
let me = { id: "", label: "", avatar_hash: "" };

function showMe() {
  write($("my-label"), Goop.names.apart(me.label));
  write($("my-shown"), fullName(me.label, me.id));
  $("my-shown").title = me.id;
  paintAvatar($("my-avatar"), me.label, me.id);
  showPicture(me.avatar_hash);
  if (Goop.attention) Goop.attention.title = `${me.label} · Goop`;
}

/** Switch between the name and the field for it. Who is busy elsewhere by then stays there. */
function editName(editing) {
  const here = $("rename-form").contains(document.activeElement) || nobodyHasFocus();
  $("rename-form").hidden = !editing;
  $("my-name-view").hidden = editing;
  if (editing) {
    $("rename-input").value = me.label;
    $("rename-input").select();
  } else if (here) {
    $("rename").focus();
  }
}

/** As the node counts them, see `goop_node/labels.py`. */
const MAX_NAME = 64;

async function rename(event) {
  event.preventDefault();
  const label = $("rename-input").value.trim();
  try {
    await call("/api/self", { label });
    await Promise.all([self.again(), invite.again()]); // it carries the name
    editName(false);
    note($("rename-note"), "Saved. Others see the new name in a moment.", "good");
  } catch (error) {
    note($("rename-note"), error.message, "bad");
    if (nobodyHasFocus()) $("rename-input").focus();
  }
}

const self = reading("self", async () => {
  me = await call("/api/self");
  showMe();
});
const invite = reading("invite", async () => showInvite(await call("/api/invite")));

/** Our addresses, each with a button to copy it, and the link that carries the best one. */
function showInvite(told) {
  for (const [id, words] of [["invite-link", told.link], ["invite-text", told.text]]) {
    if ($(id).value !== words) $(id).value = words; // what is selected in it stays so
  }
  $("my-fingerprint").textContent = told.fingerprint;
  $("invite-note").textContent = told.note;
  $("invite-note").hidden = !told.note;
  addresses.show(told.addresses);
}

/** @type {Rows<string>} */
const addresses = new Rows($("address-list"), (address) => address, (address) => {
  const id = `address-${address}`;
  const field = make("input", { id, readOnly: true, "aria-label": "My address", "data-key": id });
  field.value = address;
  const words = make("span", { className: "sr" }, " address");
  const button = make("button", { type: "button", "data-copy": id, "data-key": `copy-${address}` }, "Copy", words);
  return make("li", { className: "copy" }, field, button);
});

async function copy(button) {
  const field = $(button.dataset.copy);
  const words = button.firstChild;
  button.dataset.words ??= words.textContent;
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    words.textContent = "Copied";
  } catch {
    words.textContent = "Press Ctrl+C"; // the text is selected already
  }
  button.addEventListener("blur", () => (words.textContent = button.dataset.words), { once: true });
}

async function connectFriend(event) {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  note($("friend-note"), "Connecting…", "busy");
  try {
    note($("friend-note"), await addFriend($("friend-address").value), "good");
    $("friend-address").value = "";
  } catch (error) {
    note($("friend-note"), error.message, "bad");
  } finally {
    button.disabled = false;
  }
}

offerPicture(() => self.again());
$("rename").addEventListener("click", () => editName(true));
$("rename-cancel").addEventListener("click", () => editName(false));
$("rename-form").addEventListener("submit", rename);
$("rename-input").addEventListener("input", () => {
  const count = characters($("rename-input").value.trim()).length;
  const words = `A name has at most ${MAX_NAME} characters, and this one has ${count}.`;
  $("rename-input").setCustomValidity(count > MAX_NAME ? words : "");
});
$("rename-form").addEventListener("keydown", (event) => {
  if (event.key === "Escape") editName(false);
});
$("friend-form").addEventListener("submit", connectFriend);
document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void readAll(); // another page may have changed what no stream tells
});

/** Whether the page's link to its node is broken. */
let broken = false;

/** It broke, or is back: the node may be another one by then, with other templates. */
function link(connected) {
  if (!connected) linkBroke();
  else if (broken) void readAll();
  broken = !connected;
}

/** What grows and shrinks as news comes. */
const PLACES = "main > :not(.columns), .columns :is(ul, .note, .notice, .empty), #reach-undo-line";

const others = [self.again(), invite.again(), followReach(), followStatus()];
offerAdding();
offerNotifications();
await Promise.all([followTemplates(), contextsRead.again()]);
followRequests();
followRunning();
followMissed();
followPeople(link);
await Promise.all(others);
keepSteady([...document.querySelectorAll(PLACES)]);
