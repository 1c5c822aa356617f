// SPDX-License-Identifier: MIT
// The chess page. It shows one of four states (lobby, waiting, playing, finished) and knows
// nothing of the rules: the node says what is legal, and both nodes check every move.

import { abandon } from "./abandoning.js";
import { enterGame, homeOf, named, onArrival, toLobby, waitNoMore } from "./addresses.js";
import { click, showTurn, startAlerts } from "./alerts.js";
import { $, nobodyHasFocus, say, write } from "./dom.js";
import { gameOf, isChess } from "./game.js";
import { GameView, ask } from "./game-view.js";
import { refreshGames } from "./games-list.js";
import { invite, isWaiting, leaveWaiting, newContext, startInvitations, waitAgain, withdrawShown } from "./invitations.js";
import { choice, startPicker, startRequests } from "./lobby.js";
import { openOffer } from "./offers.js";
import { Tables } from "./tables.js";
import { Talk } from "./talk.js";
import { paramsOf } from "./time-controls.js";
import { errorWords } from "./words.js";

/** The game on the table, if any. @type {import("./game.js").Game|null} */
let game = null;
/** Games that we know from the list, to tell a new invitation from one to go on. */
let known = new Set();
/** Until the list is shown again. @type {ReturnType<typeof setTimeout>|undefined} */
let listing;
/** What was shown last of the game, to notice what is new. */
let before = { id: "", moves: 0 };

const view = new GameView();
const talk = new Talk();
const tables = new Tables({
  changed: (changed) => (changed === game ? gameChanged(changed) : listSoon()),
  refused(refused, error) {
    if (refused === game) return fail(error);
    say(`Your game with ${Goop.names.apart(refused.state?.opponentLabel || "somebody")}: ${errorWords(error)}`, "bad");
  },
  read: (of) => of === game && couldRead("game"),
  unread: (of, error) => of === game && failToRead("game", error),
});

/** @param {"lobby"|"waiting"|"playing"|"finished"} state */
function setState(state) {
  document.body.dataset.state = state;
}

const list = Goop.reading(readGames, (error) => failToRead("list", error));

const fail = (error) => say(errorWords(error), "bad");

/** Why something cannot be read, in words. @type {Map<"list"|"game"|"people", string>} */
const unread = new Map();

/** It is tried again and again: said once, it takes no other words' place. */
function failToRead(of, error) {
  const told = [...unread.values()].includes(errorWords(error));
  unread.set(of, errorWords(error));
  if (!told) fail(error);
}

/** It could be read: what was said of that holds no longer, unless it holds of another, too. */
function couldRead(of) {
  const words = unread.get(of);
  unread.delete(of);
  if (words && $("notice").textContent === words && ![...unread.values()].includes(words)) say("");
}

/** Show the game again, and make noise about what is new. */
function gameChanged(changed) {
  if (changed !== game || !game.state) return;
  view.show(game);
  talk.follow(game);
  if (!isWaiting()) setState(game.state.status === "running" ? "playing" : "finished");
  const moves = game.state.san.length + (game.pending ? 1 : 0);
  const who = game.state.opponentLabel || "Your opponent";
  if (before.id === game.id && moves !== before.moves) {
    say("");
    click();
  }
  before = { id: game.id, moves };
  showTurn(game.myTurn, `Chess with ${who}`);
}

/**
 * Put a game on the table.
 * @param {string} id
 * @param {any} [channel]  its channel, when there is one
 */
async function openGame(id, channel) {
  leaveGame();
  leaveWaiting();
  const opened = tables.of(id);
  game = opened;
  say("");
  enterGame(id);
  gameChanged(opened); // what is known already, until it is read again
  if (channel) opened.attach(channel);
  else await tables.findChannels();
  await opened.refresh();
  if (game !== opened) return;
  if (!game.state) return setState("lobby"); // what is wrong with it was said
  known.add(game.state.context);
  if (nobodyHasFocus()) $("status").focus({ preventScroll: true });
}

/** Take the game off the table. It goes on; only nobody looks. */
function leaveGame() {
  const questions = /** @type {NodeListOf<HTMLDialogElement>} */ (document.querySelectorAll("dialog[open]"));
  for (const question of questions) question.close();
  game?.leave();
  view.leave();
  game = null;
  couldRead("game"); // nobody asks for it any more
}

/** Back to the list of games. */
async function openLobby() {
  leaveGame();
  leaveWaiting();
  talk.follow(null);
  setState("lobby");
  showTurn(false, "Chess");
  $("games-title").focus({ preventScroll: true });
  await listGames();
}

async function readGames() {
  const games = await refreshGames({
    open: (id) => openGame(id).catch(fail),
    abandon: (row) => leaveForGood(row).catch(fail),
    sending: (id) => tables.sending(id),
  });
  couldRead("list");
  known = new Set(games.filter((each) => each.status === "running").map((each) => each.context));
}

/** Show the list. */
const listGames = () => list.again();

/** Show the list once for all that changes together in games that are not on the table. */
function listSoon() {
  listing ??= setTimeout(() => {
    listing = undefined;
    listGames();
  }, 50);
}

/** A game has begun. Two who invite each other hear of it twice. */
async function openChannel(channel) {
  const here = game?.id === gameOf(channel) && game.channel === channel;
  if (!here || document.body.dataset.state === "waiting") await openGame(gameOf(channel), channel);
}

/** What becomes of our invitations. @type {import("./invitations.js").Does} */
const inviting = {
  wait: () => setState("waiting"),
  back() {
    if (game) {
      enterGame(game.id);
      gameChanged(game);
    } else {
      waitNoMore();
      setState("lobby");
    }
  },
  busy: (channel) => document.body.dataset.state === "playing" && game?.id !== gameOf(channel),
  open: (channel) => openChannel(channel).catch(fail),
  fail,
};

/** Ask before something that cannot be undone. */
async function confirmed(text, yes) {
  write($("confirm-text"), text);
  $("confirm").querySelector('[data-confirm="yes"]').textContent = yes;
  return (await ask($("confirm"))) === "yes";
}

/** Abandon a game, of the list or on the table. */
async function leaveForGood(row) {
  if (!(await abandon(row, confirmed))) return;
  await Promise.all([listGames(), game?.refresh()]);
}

/** What each button of a game does. */
const ACTIONS = {
  flip: () => view.flip(),
  draw: () => game.send({ type: "draw_offer" }),
  takeback: () => game.send({ type: "takeback_offer" }),
  abort: () => game.send({ type: "abort" }),
  accept: () => game.send({ type: `${openOffer(game.state)}_accept` }),
  decline: () => game.send({ type: `${openOffer(game.state)}_decline` }),
  cancel: () => withdrawShown(),
  claim: () => game.send({ type: "flag", colour: game.state.colour === "white" ? "black" : "white" }),
  resume: () => invite(game.opponent, game.state.context, paramsOf(game.state.colour, game.state.clock?.control)),
  rematch: () => {
    const colour = game.state.colour === "white" ? "black" : "white";
    return invite(game.opponent, game.state.rematch, paramsOf(colour, game.state.clock?.control));
  },
  abandon: () => leaveForGood(game.state),
  "claim-win": () => game.send({ type: "abandon_claim", result: "win" }),
  "claim-draw": () => game.send({ type: "abandon_claim", result: "draw" }),
  resign: async () => {
    const table = game; // another may be on it when the answer comes
    const yes = await confirmed("Resign this game?", "Resign");
    if (yes && table.state.status !== "finished") await table.send({ type: "resign" });
  },
};

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("#game [data-action], #waiting [data-action]");
  const work = button && ACTIONS[button.getAttribute("data-action")];
  if (work) Promise.resolve(work()).catch(fail);
});
$("to-lobby").addEventListener("click", (event) => {
  event.preventDefault();
  toLobby();
});
$("to-home").href = homeOf(location.href);
onArrival(({ game: id, invitation }) => {
  if (id && id === game?.id) game.refresh();
  else if (waitAgain(invitation)) leaveGame();
  else (id ? openGame(id) : openLobby()).catch(fail);
});

/** Open what the address names: `?channel=` (an accepted request) or `?game=` (a reload). */
async function start() {
  startAlerts({
    table: () => game?.channel,
    open: (row) => openGame(gameOf({ id: row.channelId, context: row.context })).catch(fail),
  });
  startPicker({
    invite() {
      const { peerId, label, colour, clock } = choice();
      invite({ peerId, label }, newContext(), paramsOf(colour, clock));
    },
    read: () => couldRead("people"),
    unread: (error) => failToRead("people", error),
  });
  startRequests({
    known: (context) => known.has(context),
    rematch: (context) => game?.state?.status !== "running" && context === game?.state?.rematch,
    accept: async (request) => openChannel(await Goop.realtime.accept(request.channelId)),
  });
  startInvitations(inviting, named().invitation);
  talk.start();
  Goop.realtime.watch("chess", () => Promise.all([listGames(), tables.findChannels()]).catch(fail));
  // What no channel tells: a game that was put aside, or a new name.
  document.addEventListener("visibilitychange", () => document.hidden || listGames());
  await listGames();
  await tables.findChannels();
  const { channel: wanted, game: kept } = named();
  const channel = wanted && (await Goop.realtime.channels()).find((each) => each.id === wanted);
  if (channel && !isChess(channel)) return; // a call that was accepted at home: it rings here
  const id = channel ? gameOf(channel) : wanted || kept;
  if (id) await openGame(id, channel);
}

start().catch(fail);
