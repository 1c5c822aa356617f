// SPDX-License-Identifier: MIT
// What waits for the person: in the title, on the icon, as notifications, or in words why not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

const row = (channelId, more = {}) => ({
  channelId, peerId: "bob", peerLabel: "Bob", context: "chess_1", app: "", title: "Chess", template: "chess",
  state: "connected", text: "Your move", waiting: true, ended: false, unread: 0, sending: 0, since: 1, notify: true, ...more,
});

/** A browser that may show notifications, and answers as `answer` when it is asked. */
function browser({ permission = "granted", answer = permission, secure = true, has = true, throws = false, storage = {} } = {}) {
  const link = { href: "", getAttribute: () => "icon.svg" };
  const document = { title: "Page", hidden: true, visibilityState: "hidden", head: { querySelector: () => link } };
  const shown = [];
  class Notification {
    static permission = permission;
    static async requestPermission() {
      return (Notification.permission = answer);
    }
    constructor(title, { body, tag, renotify }) {
      if (throws) throw new TypeError("Illegal constructor");
      this.open = true;
      shown.push(Object.assign(this, { title, body, tag, renotify }));
    }
    close() {
      this.open = false;
    }
  }
  const localStorage = {
    getItem: (name) => storage[name] ?? null,
    setItem: (name, value) => void (storage[name] = value),
  };
  const focused = [];
  const names = {
    document, localStorage, isSecureContext: secure, navigator: {},
    window: { focus: () => focused.push(1) }, ...(has ? { Notification } : {}),
  };
  return { names, document, link, shown, storage, focused, Notification };
}

/** A page with a switch, switched on unless told otherwise, that has been told an empty list. */
async function opened(traits = {}, press = true) {
  const made = browser(traits);
  const page = openPage({ names: made.names }, "goop-realtime.js", "goop-attention.js");
  const opens = [];
  page.Goop.attention.start({ onOpen: ({ channelId }) => opens.push(channelId) });
  const words = { textContent: "", hidden: true };
  const button = {
    setAttribute: (_, value) => (button.pressed = value),
    addEventListener: (_, listener) => (button.press = listener),
  };
  page.Goop.attention.control(button, words);
  if (press) await button.press();
  await settle();
  page.node.tell({ type: "running", whole: true, rows: [] });
  const tell = (...rows) => page.node.tell({ type: "running", whole: false, rows });
  const see = (visible) => {
    made.document.hidden = !visible;
    page.fire("visibilitychange");
  };
  return { ...page, ...made, opens, words, button, tell, see };
}

test("how many things wait stands in the title and on the icon, whatever the page is called", async () => {
  const page = await opened();
  page.tell(row("a"), row("b"), row("c", { waiting: false }));
  await settle();
  assert.equal(page.document.title, "(2) Page");
  assert.match(page.link.href, /^data:image\/svg\+xml,/);
  page.Goop.attention.title = "Game";
  assert.equal(page.document.title, "(2) Game");
  assert.equal(page.Goop.attention.title, "Game");
  page.tell(row("a", { waiting: false }), { channelId: "b", state: "ended" });
  await settle();
  same([page.document.title, page.link.href], ["Game", "icon.svg"]);
});

test("what a context says is from before what is on its way, and is not said meanwhile", async () => {
  const { words } = (await opened()).Goop.attention;
  assert.equal(words(row("a", { sending: 1, waiting: false })), "On its way: what you did last");
  assert.equal(words(row("a")), "Your move");
});

test("each thing that comes to wait is notified once, and goes when it waits no more", async () => {
  const page = await opened();
  page.tell(row("a"));
  page.tell(row("a", { since: 2, unread: 1 }));
  same(page.shown.map(({ title, body, tag, open }) => [title, body, tag, open]), [
    ["Chess with Bob", "Your move", "goop-a", true],
  ]);
  page.tell(row("a", { waiting: false, text: "Bob's move" }));
  assert.equal(page.shown[0].open, false);
  page.tell(row("a", { text: "Bob offers a draw" }));
  page.tell(row("in", { state: "asked", text: "" }));
  page.tell(row("new", { text: "", unread: 2, title: "Talk" }));
  same(page.shown.slice(1).map(({ title, body }) => [title, body]), [
    ["Chess with Bob", "Bob offers a draw"],
    ["Chess", "Bob invites you to Chess"],
    ["Talk with Bob", "2 new messages"],
  ]);
  page.shown[1].onclick();
  same([page.opens, page.focused.length, page.shown[1].open], [["a"], 1, false]);
});

test("the end is told once, and counts until the page is looked at", async () => {
  const over = row("a", { ended: true, waiting: false, text: "You won" });
  const gone = { ...over, state: "ended" };
  for (const last of [[over], [gone], [over, gone]]) {
    const page = await opened();
    page.tell(row("a", { waiting: false }));
    for (const each of last) page.tell(each);
    same([page.shown.map(({ body, open }) => [body, open]), page.document.title], [[["You won", true]], "(1) Page"]);
    page.see(true);
    same([page.shown[0].open, page.document.title], [false, "Page"]);
  }
});

test("nothing is notified of what waited before, of what others notify, or while the page is seen", async () => {
  const page = await opened();
  page.tell(row("a", { notify: false }));
  page.see(true);
  page.tell(row("b"));
  page.node.cut();
  await page.clock.advance(1_000);
  page.node.tell({ type: "running", whole: true, rows: [row("a"), row("b")] });
  assert.equal(page.shown.length, 0);
  assert.equal(page.document.title, "(2) Page");
});

test("what came to wait while the node was away is notified", async () => {
  const page = await opened();
  page.node.cut();
  await page.clock.advance(1_000);
  page.node.tell({ type: "running", whole: true, rows: [row("a")] });
  assert.equal(page.shown.length, 1);
});

const notifies = (page) => page.node.of("subscribe").findLast((frame) => frame.running)?.running.notifies;

for (const [traits, on, words] of [
  [{ permission: "granted" }, true, null],
  [{ permission: "default", answer: "granted" }, true, null],
  [{ permission: "default" }, false, /has not been told yet/],
  [{ permission: "default", answer: "denied" }, false, /blocks notifications/],
  [{ permission: "denied" }, false, /blocks notifications/],
  [{ secure: false }, false, /only for pages of this computer itself, or over https/],
  [{ has: false }, false, /shows no notifications for pages like this one/],
]) {
  test(`the switch with ${JSON.stringify(traits)} is ${on ? "on" : "off, and says why"}`, async () => {
    const page = await opened(traits);
    same([page.button.pressed, page.words.hidden, notifies(page)], [String(on), on, on]);
    if (words) assert.match(page.words.textContent, words);
    page.tell(row("a"));
    assert.equal(page.shown.length, on ? 1 : 0);
    assert.equal(page.document.title, "(1) Page");
    await page.button.press();
    // Pressed once more: off, or asked again, and read.
    same([page.button.pressed, page.words.hidden], ["false", page.Notification.permission !== "default" || on]);
  });
}

test("a browser that shows none though it may is found out, and says so", async () => {
  const page = await opened({ throws: true });
  assert.equal(page.button.pressed, "true");
  page.tell(row("a"));
  await settle();
  same([page.button.pressed, notifies(page)], ["false", false]);
  assert.match(page.words.textContent, /shows no notifications/);
});

test("nobody is told why before they want it; the choice is kept, and taken back", async () => {
  const quiet = await opened({ permission: "denied" }, false);
  same([quiet.words.hidden, quiet.button.pressed], [true, "false"]);
  const page = await opened();
  const storage = page.storage;
  const again = await opened({ storage }, false);
  assert.equal(again.button.pressed, "true");
  again.tell(row("a"));
  await again.button.press();
  same([again.button.pressed, again.shown[0].open, notifies(again)], ["false", false, false]);
  assert.equal((await opened({ storage }, false)).button.pressed, "false");
  // What was allowed and wanted once, and is blocked now, is told without asking.
  const blocked = await opened({ storage: { "goop.notify": "on" }, permission: "denied" }, false);
  assert.match(blocked.words.textContent, /blocks notifications/);
});

test("what is switched in another tab holds here, too", async () => {
  const page = await opened();
  page.tell(row("a"));
  page.fire("storage", { key: "goop.notify", newValue: "off" });
  same([page.button.pressed, page.shown[0].open, notifies(page)], ["false", false, false]);
  page.fire("storage", { key: "another", newValue: "on" });
  assert.equal(page.button.pressed, "false");
  page.fire("storage", { key: "goop.notify", newValue: "on" });
  same([page.button.pressed, notifies(page)], ["true", true]);
});

test("a browser that keeps nothing, or forbids it, changes nothing for this visit", async () => {
  const made = browser();
  made.names.localStorage = {
    getItem() {
      throw new Error("blocked");
    },
    setItem() {
      throw new Error("blocked");
    },
  };
  const page = openPage({ names: made.names }, "goop-realtime.js", "goop-attention.js");
  const button = { setAttribute: (_, value) => (button.pressed = value), addEventListener: (_, press) => (button.press = press) };
  page.Goop.attention.control(button, {});
  await button.press();
  assert.equal(button.pressed, "true");
});
