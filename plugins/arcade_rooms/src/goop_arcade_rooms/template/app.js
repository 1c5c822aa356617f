// SPDX-License-Identifier: MIT
// The page: the lobby, or one cabinet and what is played in it.
import { best } from "./best.js";
import { Board } from "./board.js";
import { Cabinet } from "./cabinet.js";
import { Controls } from "./controls.js";
import { $, say, write } from "./dom.js";
import { sceneOf } from "./game/scene.js";
import { nameOf, roomOf, startLobby } from "./lobby.js";
import { Screen } from "./screen.js";
import { Sound } from "./sound.js";
import { keep, recall } from "./storage.js";

/** How many may be in a room: four play, the others watch. */
const ROOM = 8;

/** @type {Cabinet | null} */
let cabinet = null;
/** Counts the ways into rooms: an answer that comes late is no longer wanted. */
let way = 0;
const board = new Board();
const sound = new Sound(recall("sound") !== "off");
const screen = new Screen($("screen"));
const playing = () => (cabinet && !cabinet.ended && cabinet.game.ship && cabinet.game.state.phase === "playing" ? cabinet.game : null);
const controls = new Controls(playing);
const lobby = startLobby((name) => void enter(name));

/** @param {"lobby" | "room"} view */
function show(view) {
  document.body.dataset.view = view;
  if (view === "room") return lobby.close();
  lobby.open();
  void best.again();
}

/** The address says where one is, so a reload and Back lead there. @param {string} name @param {boolean} [replace] */
function address(name, replace = false) {
  const url = new URL(location.href);
  url.search = name ? `?room=${encodeURIComponent(name)}` : "";
  if (url.href !== location.href) history[replace ? "replaceState" : "pushState"](null, "", url);
}

const WORDS = {
  full: "That game is full: eight are in it.",
  node_unreachable: "Your node does not answer. Is it still running?",
  timeout: "Nobody answered in time. Try again.",
};

/** @param {string} name */
async function enter(name) {
  const mine = ++way;
  say(`Joining ${name} …`);
  $("new").disabled = true;
  try {
    const room = await Goop.realtime.joinRoom(roomOf(name), { maxPeers: ROOM });
    if (mine !== way) return void room.leave();
    cabinet = new Cabinet(room, changed);
    say("");
    address(name);
    write($("game-name"), name);
    $("link").value = location.href;
    document.title = `${name} – Arcade`;
    show("room");
    changed();
    $("game-name").focus();
  } catch (error) {
    if (mine !== way) return;
    const { code, message } = /** @type {GoopError} */ (error);
    say(WORDS[/** @type {keyof typeof WORDS} */ (code)] ?? `That did not work: ${message}.`, "bad");
    leave();
  } finally {
    $("new").disabled = false;
  }
}

function leave() {
  way++;
  const left = cabinet;
  cabinet = null;
  controls.release();
  if (left && !left.ended) void left.room.leave();
  address("");
  document.title = "Arcade";
  show("lobby");
}

function changed() {
  if (cabinet) board.show(cabinet);
}

function frame(/** @type {number} */ now) {
  requestAnimationFrame(frame);
  if (!cabinet) return;
  controls.steer();
  cabinet.step(now);
  const scene = sceneOf(cabinet.game, now);
  screen.draw(scene, now);
  sound.play(scene);
}
requestAnimationFrame(frame);

// A page that nobody sees has no frames and goes on all the same: it may be the referee.
const ticker = new Worker("ticker.js");
ticker.onmessage = () => document.hidden && cabinet?.step(performance.now());
const rest = () => ticker.postMessage(document.hidden);
document.addEventListener("visibilitychange", rest);
rest();

$("leave").addEventListener("click", leave);
$("ready").addEventListener("click", () => cabinet?.ready($("ready").getAttribute("aria-pressed") !== "true"));
$("start").addEventListener("click", () => {
  cabinet?.start(/** @type {HTMLInputElement} */ (document.querySelector("[name=mode]:checked")).value === "versus" ? "versus" : "together");
  $("screen").focus();
});
$("copy").addEventListener("click", async () => {
  const text = $("link").value;
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  if (!copied) $("link").select();
  write($("copy-words"), copied ? "Copied." : "Copy what is marked.");
});
$("sound").addEventListener("click", () => {
  sound.on = !sound.on;
  keep("sound", sound.on ? "on" : "off");
  $("sound").setAttribute("aria-pressed", String(sound.on));
});
$("sound").setAttribute("aria-pressed", String(sound.on));

function arrive() {
  const name = nameOf(new URL(location.href).searchParams.get("room") ?? "");
  if (!name) {
    if (cabinet) leave();
    else show("lobby");
  } else if (!cabinet || nameOf(cabinet.room.id) !== name) {
    if (cabinet) void cabinet.room.leave();
    cabinet = null;
    void enter(name);
  }
}
addEventListener("popstate", arrive);
// A page that is gone decides nothing: where others play on, one of them is to. Before the SDK hangs up.
addEventListener("pagehide", () => cabinet && cabinet.room.members.length > 1 && void cabinet.room.leave(), true);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  cabinet = null;
  arrive();
});
arrive();
