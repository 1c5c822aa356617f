// SPDX-License-Identifier: MIT
// A node of words for the home page, in the page itself: answers come in any order, late or not at
// all, while other pages change things and a person presses this and that. At rest what is shown is so.

(() => {
  "use strict";

  /** Numbers from 0 to 1 that follow from a seed (mulberry32). */
  function chanceOf(seed) {
    return () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  let chance = chanceOf(0);
  const pick = (all) => all[Math.floor(chance() * all.length)];
  const $ = (id) => document.getElementById(id);

  const IDS = ["12D3KooWaaaa", "12D3KooWbbbb", "12D3KooWcccc"];
  const truth = {
    label: "alice",
    port: 1,
    state: "online",
    reachable: "discovered",
    granted: new Set(),
    templates: ["chess", "draw"],
    standing: new Map(IDS.map((id) => [id, "discovered"])),
  };
  const may = () => [...truth.granted].filter((name) => truth.templates.includes(name));
  const templateRow = (name) => ({
    ...{ name, title: name, url: `http://${name}.localhost/`, source: "a folder", description: "" },
    added: false,
    flaws: [],
    permissions: [{ permission: "context:chess", allows: "play", granted: truth.granted.has(name) ? "home" : "" }],
  });
  const people = () => ({
    reachable_by: truth.reachable,
    fixed: false,
    people: IDS.map((peerId) => ({ peerId, peerLabel: `name ${peerId.slice(-1)}`, standing: truth.standing.get(peerId), fixed: false, fingerprint: "1 2 3", addresses: [], trouble: "" })),
  });
  const GET = {
    "/api/self": () => ({ id: "12D3KooWself", label: truth.label }),
    "/api/templates": () => truth.templates.map(templateRow),
    "/api/realtime/contexts": () => [{ name: "chess", templates: may() }],
    "/api/invite": () => ({ addresses: [`/ip4/1.2.3.4/tcp/${truth.port}`], link: `link ${truth.port}`, text: `${truth.label} ${truth.port}`, note: "", fingerprint: "1" }),
    "/api/people": people,
    "/api/status": () => ({ version: "1", uptime: 1, p2p: { state: truth.state, addrs: [], restarts: 0 }, plugins: [] }),
    "/api/realtime/channels": () => [{ channelId: "asked", incoming: true, templates: may() }],
  };
  const STANDING = { befriend: "friend", forget: "discovered", block: "blocked", unblock: "discovered" };
  const POST = {
    "/api/self": ({ label }) => void (truth.label = label),
    "/api/people": ({ peerId, action }) => void truth.standing.set(peerId, STANDING[action]),
    "/api/reachable": ({ reachable_by }) => void (truth.reachable = reachable_by),
    "/api/templates/grant": ({ template }) => void truth.granted.add(template),
    "/api/templates/revoke": ({ template }) => void truth.granted.delete(template),
  };
  /** What a POST answers: the same as the GET of it, or the row. */
  const answerOf = (path, body) => (path.startsWith("/api/templates/") ? templateRow(body.template) : (GET[path] ?? GET["/api/people"])());

  /** Answers that are on their way, and timers. */
  const due = [];
  let failing = 0;
  const later = (run) => void due.splice(Math.floor(chance() * (due.length + 1)), 0, run);
  const breath = new MessageChannel();
  /** Let everything that is due in the page itself happen. */
  async function settled() {
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => {
        breath.port1.onmessage = resolve;
        breath.port2.postMessage(0);
      });
    }
  }

  window.fetch = (path, { method = "GET", body } = {}) =>
    new Promise((resolve, reject) => {
      const sent = body && JSON.parse(body);
      const work = () => {
        if (method === "POST") POST[path](sent);
        return JSON.stringify(method === "POST" ? answerOf(path, sent) : GET[path]());
      };
      const early = chance() < 0.5 ? work() : null; // as it was when it was asked for
      later(() => {
        const fails = failing > 0 && failing--;
        if (fails && chance() < 0.5) return reject(new TypeError("Failed to fetch"));
        if (fails) return resolve(new Response('{"code": "busy", "detail": "busy"}', { status: 503 }));
        resolve(new Response(early ?? work()));
      });
    });
  window.setTimeout = (run) => later(run) || 1;
  window.clearTimeout = () => {};
  window.setInterval = () => 1;

  const told = {};
  const rows = () => IDS.map((peerId) => ({ peerId, peerLabel: `name ${peerId.slice(-1)}`, online: true, Reachable: true }));
  const asked = { peerId: IDS[0], peerLabel: "name a", context: "chess_1", app: "", title: "Chess", page: null, terms: "" };
  window.Goop = {
    peers: { subscribe: (callbacks) => (told.peers = callbacks).onSnapshot(rows()) },
    realtime: {
      running: () => ({ notifies: false }),
      invitations: (onChange) => onChange({ sent: [], missed: [{ ...asked, channelId: "missed", templates: [], at: Date.now(), dismiss() {} }] }),
      set onIncoming(show) {
        told.ask = (channelId) => show({ ...asked, channelId, templates: [], accepted: false });
        told.ask("asked");
      },
    },
  };

  const look = () => document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  const PRESSED = "#people-list button, #blocked-list button, #permission-list button, #reach-form input, #reach-undo";
  /** Where the person has the keyboard, while nothing is pressed. */
  let hand = null;
  let names = 0;

  const CHANGES = {
    label: () => (truth.label = `alice ${++names}`),
    port: () => (truth.port += 1),
    network: () => (truth.state = pick(["online", "offline", "starting"])),
    templates: () => (truth.templates = pick([["chess"], ["chess", "draw"], ["draw"]])),
    grant: () => truth.granted.add(pick(truth.templates)),
    revoke: () => truth.granted.delete(pick(truth.templates)),
    standing: () => truth.standing.set(pick(IDS), pick(["friend", "discovered", "blocked"])),
    reach: () => (truth.reachable = pick(["friends", "discovered"])),
  };
  const HAPPENS = {
    change() {
      CHANGES[pick(Object.keys(CHANGES))]();
      look();
    },
    press() {
      hand = null;
      const found = [...document.querySelectorAll(PRESSED)].filter((one) => !one.disabled && one.checkVisibility());
      const begun = found.filter((one) => one.closest(".choices")); // what was opened is gone on with
      const control = pick(begun.length > 0 && chance() < 0.7 ? begun : found);
      control?.focus();
      control?.click();
    },
    rename() {
      hand = null;
      $("rename").click();
      $("rename-input").value = `name ${++names}`;
      $("rename-form").requestSubmit();
    },
    hold() {
      hand = $("friend-address");
      hand.focus();
    },
    link() {
      told.peers?.onError(new Event("error"));
      told.peers?.onSnapshot(rows());
    },
    fail: () => (failing = 1 + Math.floor(chance() * 3)),
    answer: () => due.shift()?.(),
  };
  const KINDS = [...Object.keys(HAPPENS), "press", "change", "answer", "answer", "answer", "answer"];

  const all = (query, show) => [...document.querySelectorAll(query)].map(show).sort();
  /** What the page shows, and what is so. */
  function compared() {
    const blocked = IDS.filter((id) => truth.standing.get(id) === "blocked");
    const open = may().length > 0;
    return {
      name: [$("my-label").textContent, truth.label],
      link: [$("invite-link").value, `link ${truth.port}`],
      message: [$("invite-text").value, `${truth.label} ${truth.port}`],
      addresses: [all("#address-list input", (field) => field.value), GET["/api/invite"]().addresses],
      network: [$("network").dataset.state, truth.state === "online" && blocked.length === IDS.length ? "alone" : truth.state],
      templates: [all("#template-list li", (card) => card.dataset.template), [...truth.templates].sort()],
      permissions: [
        all("#permission-list [data-permission]", (row) => `${row.closest("[id]").id} ${row.dataset.granted}`),
        truth.templates.map((name) => `template-${name} ${truth.granted.has(name) ? "home" : ""}`).sort(),
      ],
      people: [
        all("#people-list > li", (row) => `${row.dataset.peer} ${row.dataset.standing}`),
        IDS.filter((id) => !blocked.includes(id)).map((id) => `${id} ${truth.standing.get(id)}`),
      ],
      blocked: [all("#blocked-list li", (row) => row.dataset.peer), blocked],
      reach: [document.querySelector("#reach-form :checked")?.value, truth.reachable],
      play: [all("#people-list > li", (row) => Boolean(row.querySelector('[data-key$="-play"]'))), IDS.filter((id) => !blocked.includes(id)).map(() => open)],
      accept: [!document.querySelector("#request-list [data-action=accept]").hidden, open],
      back: [Boolean(document.querySelector("#missed-list a")), open],
      trouble: [/not answer|busy/.test($("banner").hidden ? "" : $("banner").textContent), false],
    };
  }

  const rowsNow = () => [...document.querySelectorAll("main ul > li")].map((row) => ({ row, shows: row.outerHTML }));
  /** A row that looks as it did is the element it was: a press may have begun on it. */
  function stayed(before) {
    const now = new Set(document.querySelectorAll("main ul > li"));
    const shown = new Set([...now].map((row) => row.outerHTML));
    for (const { row, shows } of before) if (shown.has(shows) && !now.has(row)) throw new Error(`made anew for nothing: ${shows}`);
  }

  async function rest() {
    failing = 0;
    for (let turn = 0; due.length > 0; turn++) {
      if (turn > 3_000) throw new Error("it never comes to rest");
      due.shift()();
      await settled();
    }
    for (const [what, [shown, so]] of Object.entries(compared())) {
      if (JSON.stringify(shown) !== JSON.stringify(so)) throw new Error(`${what}: ${JSON.stringify(shown)} is shown, ${JSON.stringify(so)} is so`);
    }
  }

  /** Live so many lives of so many steps. Returns how often each thing happened. */
  window.live = async (lives, steps) => {
    const done = {};
    for (let seed = 1; seed <= lives; seed++) {
      chance = chanceOf(seed);
      const story = [];
      try {
        for (let step = 0; step < steps; step++) {
          const kind = pick(KINDS);
          story.push(kind);
          done[kind] = (done[kind] ?? 0) + 1;
          const before = rowsNow();
          HAPPENS[kind]();
          await settled();
          stayed(before);
          if (hand && document.activeElement !== hand) throw new Error(`${document.activeElement.outerHTML} took the focus`);
        }
        await rest();
      } catch (error) {
        error.message = `life ${seed}: ${error.message} after ${story.join(" ")}`;
        throw error;
      }
    }
    return done;
  };
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  /** At rest, and nothing of the page waits to settle where it has been moved to. */
  window.still = async () => {
    do {
      for (let frames = 0; frames < 3; frames++) await frame();
      await rest();
    } while (document.querySelector("[data-moved]"));
  };
  window.news = () => told.ask("more");
})();
