// SPDX-License-Identifier: MIT
// The arcade's game: the same at everybody, whoever is the host, and whenever they come.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cabinet, Clock, Game, March, NOTHING, Track, after, cellAt, cellPlace, eroded, sceneOf, seeded, status, total, whole, winners } from "./arcade-cabinet.mjs";

const plain = (value) => JSON.parse(JSON.stringify(value));
const march = (more = {}) => new March({ seed: 7, wave: 1, tick: 100, ships: 2, ...more });

test("aliens march the same whenever one hears of a hit", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = seeded(seed);
    const hits = Array.from({ length: 50 }, (_, n) => [(n * 7) % 55, 110 + Math.floor(random() * 3000)]);
    const [one, other] = [march({ seed }), march({ seed })];
    for (const [alien, tick] of [...hits].sort((a, b) => a[1] - b[1])) one.hit(alien, tick);
    for (const [alien, tick] of hits) {
      other.hit(alien, tick);
      other.bombs(100, 100 + Math.floor(random() * 3500)); // it had looked further already
    }
    for (let tick = 100; tick < 3600; tick += 37) {
      assert.deepEqual(plain(one.at(tick)), plain(other.at(tick)));
      assert.deepEqual(plain(one.bombs(tick, tick)), plain(other.bombs(tick, tick)));
    }
  }
});

test("they stay in the field, come down at its edges, faster the fewer they are, until they have invaded", () => {
  for (const left of [55, 20, 1]) {
    const aliens = march();
    for (let alien = left; alien < 55; alien++) aliens.hit(alien, 100);
    let tick = 100;
    for (; !aliens.invaded(tick); tick++) {
      assert.ok(tick < 100_000);
      for (const alien of aliens.alive(tick)) {
        const { x } = aliens.place(alien, tick);
        assert.ok(x >= 6 && x <= 224 - 6 - 12, `${x}`);
      }
      tick += 10;
    }
    assert.ok(left === 1 ? tick < 3_000 : tick > 3_000, `${left} need ${tick}`);
  }
});

test("with nobody left nothing falls and nobody invades", () => {
  const aliens = march();
  for (let alien = 0; alien < 55; alien++) aliens.hit(alien, 120);
  assert.equal(aliens.invaded(50_000), false);
  assert.deepEqual(plain(aliens.bombs(1_000, 50_000)), []);
});

test("bombs come from the lowest of a column, and not too many", () => {
  const aliens = march();
  const bombs = aliens.bombs(100, 100 + 60 * 60);
  assert.ok(bombs.length > 30 && bombs.length < 110, `${bombs.length} in a minute`);
  for (const bomb of bombs) assert.ok(bomb.y > aliens.at(bomb.tick).y + 4 * 16);
});

test("something flies across the top now and then, and is worth something", () => {
  const aliens = march();
  const seen = new Set();
  for (let tick = 100; tick < 100 + 60 * 120; tick++) {
    const ufo = aliens.ufo(tick);
    if (ufo) seen.add(`${ufo.id} ${ufo.points}`);
  }
  assert.ok(seen.size >= 3 && seen.size <= 5, [...seen].join());
});

test("a shield is hit where it is, and loses some of itself", () => {
  const shield = whole();
  const shields = [shield, shield, shield, shield];
  const cell = 3 * 11 + 5;
  const { x, y } = cellPlace(2, cell);
  assert.deepEqual(plain(cellAt(shields, x + 1, y + 1)), { shield: 2, cell });
  assert.equal(cellAt(shields, x + 1, y - 100), null);
  const less = eroded(shield, cell);
  assert.equal(less[cell], false);
  const lost = shield.filter((there, n) => there && !less[n]).length;
  assert.ok(lost >= 2 && lost <= 9, `${lost}`);
  assert.equal(cellAt([less, less, less, less], x + 1, y + 1), null);
});

const said = (state, ...messages) => messages.reduce((now, [from, message]) => after(now, from, message), state);
const begun = (ships = ["a", "b"]) =>
  said(NOTHING, ["a", { type: "start", mode: "versus", seed: 5, ships }], ["a", { type: "wave", wave: 1, tick: 0 }]);
const hit = (more) => ({ type: "hit", wave: 1, tick: 9, ...more });

test("a round is what was said of it: points, lives, waves, and nothing twice", () => {
  let state = begun();
  state = said(state, ["a", hit({ what: "alien", alien: 0, by: "b", shot: "b 1" })], ["a", hit({ what: "alien", alien: 54, by: "a", shot: "a 1" })]);
  const again = said(
    state,
    ["a", hit({ what: "alien", alien: 0, by: "a", shot: "a 2" })], // it is gone
    ["a", hit({ what: "alien", alien: 3, by: "b", shot: "b 1" })], // that shot is
    ["a", hit({ what: "alien", alien: 99, by: "b", shot: "b 9" })],
    ["a", { ...hit({ what: "alien", alien: 5, by: "b", shot: "b 8" }), wave: 2 }],
    ["a", { type: "wave", wave: 3, tick: 50 }],
    ["a", { type: "nonsense" }],
    ["a", null],
  );
  assert.equal(again, state);
  assert.deepEqual(plain(state.ships.map(({ score }) => score)), [10, 30]);
  state = said(state, ["a", hit({ what: "ufo", ufo: "1.u0", points: 300, by: "a", shot: "a 3" })], ["a", hit({ what: "ufo", ufo: "1.u0", points: 300, by: "b", shot: "b 3" })]);
  assert.deepEqual([total(state), plain(winners(state))], [340, ["a"]]);
  for (const tick of [10, 100, 200, 400, 700]) state = said(state, ["a", hit({ what: "ship", ship: "b", bomb: `1.${tick}`, tick })]);
  assert.equal(state.ships[1].lives, 0); // spared at 100, gone at 400
  state = said(state, ["a", { type: "over", reason: "lost", tick: 700 }], ["b", { type: "ready", ready: true }]);
  assert.deepEqual([state.phase, plain(state.ready)], ["over", ["b"]]);
});

test("at most four play, each once", () => {
  assert.deepEqual(plain(begun(["a", "b", "a", "c", "d", "e"]).ships.map(({ peerId, slot }) => `${peerId}${slot}`)), ["a0", "b1", "c2", "d3"]);
});

test("a guest's clock comes close to the host's, and never goes back by itself", () => {
  const random = seeded(3);
  const clock = new Clock();
  let [last, worst] = [0, 0];
  for (let now = 0; now < 30_000; now += 16) {
    if (now % 240 === 0) clock.hear(Math.max(0, Math.round(((now - 20 - random() * 80) * 60) / 1000) + 500), now + 7);
    const tick = clock.at(now + 7);
    assert.ok(tick >= last);
    last = tick;
    if (now > 5_000) worst = Math.max(worst, Math.abs(tick - 500 - (now * 60) / 1000));
  }
  assert.ok(worst < 4, `${worst} ticks off`); // a way of 20 ms is a tick and more
});

test("a host's clock that stood still, or begins anew, is followed", () => {
  const clock = new Clock();
  clock.hear(6_000, 0);
  assert.equal(Math.round(clock.at(1_000)), 6_060);
  clock.hear(30, 1_500); // that one may only be late
  assert.equal(Math.round(clock.at(1_500)), 6_090);
  for (const [tick, now] of [[45, 1_750], [60, 2_000]]) clock.hear(tick, now);
  assert.equal(Math.round(clock.at(2_000)), 60);
});

test("others glide between the places they told, stand where they stopped, and do not run off", () => {
  const track = new Track();
  assert.equal(track.drawn(0), null);
  for (let n = 0; n <= 20; n++) track.add(n, n * 33);
  const seen = [];
  for (let now = 300; now <= 1_500; now += 16) seen.push(track.drawn(now));
  for (let n = 1; n < seen.length; n++) assert.ok(seen[n] >= seen[n - 1] && seen[n] - seen[n - 1] < 1);
  assert.ok(seen.at(-1) >= 20 && seen.at(-1) < 23);
  track.add(50, 5_000);
  assert.ok(Math.abs(track.drawn(5_033) - 50) < 1.5);
  assert.equal(track.drawn(9_000), 50);
});

for (const [mode, seed] of [["together", 1], ["versus", 2]]) {
  test(`four pages play ${mode} and agree on everything`, () => {
    const cabinet = new Cabinet(seed);
    for (const name of ["alice", "bob", "carol", "dave"]) cabinet.enter(name);
    cabinet.begin(mode, 11);
    let far = 0;
    cabinet.run(20_000, () => {
      const ticks = [...cabinet.pages.values()].map((page) => page.game.clock.at(cabinet.clock(page)));
      if (cabinet.now > 5_000) far = Math.max(far, Math.max(...ticks) - Math.min(...ticks));
    });
    assert.ok(far < 6, `clocks are ${far} ticks apart`);
    for (const page of cabinet.pages.values()) {
      page.plays = false;
      page.game.keys.fire = false;
    }
    cabinet.run(2_000);
    const [first, ...rest] = cabinet.states();
    for (const other of rest) assert.equal(other, first);
    const { state } = cabinet.pages.get("alice").game;
    assert.ok(total(state) > 300, `${total(state)} points`);
    assert.ok(state.ships.some(({ score }) => score > 0));
    assert.ok(state.wave >= 1);
  });
}

test("the host's page goes, another is the referee at once, and who comes back is in the game", () => {
  const cabinet = new Cabinet(5);
  for (const name of ["alice", "bob", "carol"]) cabinet.enter(name);
  cabinet.begin("together", 4);
  cabinet.run(8_000);
  const before = total(cabinet.pages.get("bob").game.state);
  cabinet.leave("alice", "carol");
  cabinet.run(6_000);
  const { game } = cabinet.pages.get("bob");
  assert.ok(total(game.state) > before);
  assert.equal(game.state.phase, "playing");
  const back = cabinet.enter("alice");
  cabinet.run(6_000);
  const ticks = [...cabinet.pages.values()].map((page) => page.game.clock.at(cabinet.clock(page)));
  assert.ok(Math.max(...ticks) - Math.min(...ticks) < 6, ticks.join());
  assert.ok(back.game.ship.score >= 0 && sceneOf(back.game, cabinet.clock(back)).ships.filter(({ here }) => here).length === 3);
  for (const page of cabinet.pages.values()) Object.assign(page, { plays: false }).game.keys.fire = false;
  cabinet.run(2_000);
  assert.equal(new Set(cabinet.states()).size, 1);
});

test("a host whose page is loaded anew goes on where the others are", () => {
  const cabinet = new Cabinet(6);
  for (const name of ["alice", "bob"]) cabinet.enter(name);
  cabinet.begin("together", 4);
  cabinet.run(8_000);
  cabinet.pages.delete("alice");
  cabinet.run(1_500);
  const bob = cabinet.pages.get("bob");
  const tick = bob.game.clock.at(cabinet.clock(bob));
  cabinet.enter("alice");
  cabinet.run(2_000);
  const moved = bob.game.clock.at(cabinet.clock(bob)) - tick;
  assert.ok(moved > 100 && moved < 130, `${moved} ticks in two seconds`);
});

test("one's own hit is shown at once, and taken back where the host does not see it", () => {
  const game = new Game("bob", () => {});
  game.hostIs("alice", 0);
  game.comes("alice");
  game.said("alice", { type: "start", mode: "together", seed: 1, ships: ["alice", "bob"] }, 0);
  game.said("alice", { type: "wave", wave: 1, tick: 0 }, 0);
  game.x = 100;
  game.keys.fire = true;
  game.step(0);
  game.keys.fire = false;
  let now = 0;
  while (game.guesses.size === 0 && (now += 16) < 2_000) game.step(now);
  assert.equal(sceneOf(game, now).aliens.length, 54);
  assert.equal(sceneOf(game, now).bursts.length, 1);
  assert.equal(sceneOf(game, now).shots.length, 0);
  for (const end = now + 1_000; now < end; now += 16) game.step(now);
  assert.equal(sceneOf(game, now).aliens.length, 55);
});

test("a page that was hidden catches up, and no more than it can", () => {
  const cabinet = new Cabinet(8);
  for (const name of ["alice", "bob"]) cabinet.enter(name);
  cabinet.begin("together", 9);
  cabinet.run(3_000);
  cabinet.now += 60_000;
  const begin = performance.now();
  cabinet.run(100);
  assert.ok(performance.now() - begin < 1_000);
});

test("who only watches decides as host all the same, and has no ship", () => {
  const cabinet = new Cabinet(9);
  const watcher = cabinet.enter("watcher");
  for (const name of ["bob", "carol"]) cabinet.enter(name);
  for (const name of ["bob", "carol"]) cabinet.pages.get(name).game.ready(true, cabinet.clock(cabinet.pages.get(name)));
  cabinet.run(500);
  watcher.game.start("versus", 3, cabinet.clock(watcher));
  cabinet.run(10_000);
  assert.equal(watcher.game.ship, null);
  assert.ok(total(cabinet.pages.get("bob").game.state) > 0);
});

test("how a round came out stays to be read, whatever becomes of the room, the referee and the others", () => {
  const ships = ["alice", "bob"].map((peerId, slot) => ({ peerId, slot, lives: 0, score: 10 * slot, hitAt: null }));
  const members = [{ peerId: "alice", peerLabel: "A" }, { peerId: "bob", peerLabel: "B" }];
  for (const mode of ["together", "versus"])
    for (const ready of [[], ["bob"], ["alice", "bob"]])
      for (const present of [members, members.slice(0, 1)])
        for (const suspended of [false, true])
          for (const ended of ["", "The room is closed."]) {
            const state = { ...NOTHING, phase: "over", reason: "lost", mode, ready, ships };
            const room = { self: "alice", host: "bob", members: present, detail: { suspended } };
            const told = status({ room, game: { state }, ended }, (peerId) => (peerId === "alice" ? "you" : peerId));
            assert.match(told, mode === "together" ? /^No ship is left\. Together 10 points\. ./ : /^No ship is left\. Bob wins\. ./);
            assert.equal(told.includes("Nobody is referee"), suspended && !ended);
            assert.equal(told.endsWith("closed."), ended !== "");
          }
});
