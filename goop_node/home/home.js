// SPDX-License-Identifier: MIT
// The node's own page: who I am, who is there, what we can do, who is asking.

import { $, call, characters, fullName, make, note, paintAvatar, write } from "./dom.js";
import { addFriend } from "./friends.js";
import { followMissed } from "./missed.js";
import { followPeople, renderPeople } from "./people.js";
import { readTogether } from "./person.js";
import { followReach } from "./reach.js";
import { followRequests, refreshRequests } from "./requests.js";
import { followRunning } from "./running.js";
import { countsAsNoHome, showWhy } from "./shared_origin.js";
import { setLink, showStatus } from "./status.js";
import { showTemplates } from "./templates.js";

/** What the node says of us. */
let me = { id: "", label: "" };

function showMe() {
  write($("my-label"), Goop.names.apart(me.label));
  write($("my-shown"), fullName(me.label, me.id));
  $("my-shown").title = me.id;
  paintAvatar($("my-avatar"), me.label, me.id);
  if (Goop.attention) Goop.attention.title = `${me.label} · Goop`;
}

/** Switch between the name and the field for it. */
function editName(editing) {
  $("rename-form").hidden = !editing;
  $("my-name-view").hidden = editing;
  if (editing) {
    $("rename-input").value = me.label;
    $("rename-input").select();
  } else {
    $("rename").focus();
  }
}

/** As the node counts them, see `goop_node/labels.py`. */
const MAX_NAME = 64;

async function rename(event) {
  event.preventDefault();
  const label = $("rename-input").value.trim();
  try {
    const answer = await call("/api/self", { label });
    me = { ...me, label: answer?.label || label };
    showMe();
    editName(false);
    showInvite(await call("/api/invite")); // it carries the name
    note($("rename-note"), "Saved. Others see the new name in a moment.", "good");
  } catch (error) {
    note($("rename-note"), error.message, "bad");
    $("rename-input").focus();
  }
}

/** Our addresses, each with a button to copy it, and the link that carries the best one. */
function showInvite(invite) {
  $("invite-link").value = invite.link || "";
  $("invite-text").value = invite.text || "";
  $("my-fingerprint").textContent = invite.fingerprint;
  $("invite-note").textContent = invite.note;
  $("invite-note").hidden = !invite.note;
  $("address-list").replaceChildren(
    ...(invite.addresses || []).map((address, index) => {
      const id = `address-${index}`;
      const field = make("input", { id, readOnly: true, value: address });
      field.setAttribute("aria-label", "My address");
      const button = make("button", { type: "button" }, "Copy", make("span", { className: "sr" }, " address"));
      button.dataset.copy = id;
      return make("li", { className: "copy" }, field, button);
    }),
  );
}

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
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) showStatus();
});

/** Run one part of the page; a part that fails says so and leaves the others alone. */
async function part(work) {
  try {
    await work();
  } catch (error) {
    if (countsAsNoHome(error)) {
      showWhy(error.message);
      return;
    }
    console.error(error);
    $("banner").textContent = error.message;
    $("banner").hidden = false;
  }
}

/** What can be opened with somebody hangs on what was granted. */
async function together() {
  await readTogether();
  renderPeople();
}

part(async () => {
  me = await call("/api/self");
  showMe();
});
part(async () => {
  await showTemplates(async () => {
    await Promise.all([refreshRequests(), together()]);
  });
  followRequests();
  followRunning();
  followMissed();
  await together();
});
part(async () => showInvite(await call("/api/invite")));
part(() => followReach(renderPeople));
// Why a stream broke, it does not tell: the status does, or says why not.
part(() => followPeople((connected) => (connected ? setLink(true) : showStatus())));
part(showStatus);
