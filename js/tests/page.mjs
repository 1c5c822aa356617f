// SPDX-License-Identifier: MIT
// A page without a browser: the SDK's own files in a fresh global scope, with a node, a network
// and a clock that the test drives. Nothing here waits for real time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import vm from "node:vm";

const FOLDER = new URL("../", import.meta.url);

/** A script as the node serves it: with what it imports, as one classic script. */
export function classic(name) {
  const parts = new Map();
  const gather = (url) => {
    if (parts.has(url.href)) return;
    const text = readFileSync(url, "utf8");
    const imports = /^import [^;"]*from "(\.[^"]+)";\n/gm;
    for (const [, file] of text.matchAll(imports)) gather(new URL(file, url));
    parts.set(url.href, text.replace(imports, "").replace(/^export /gm, ""));
  };
  gather(new URL(name, FOLDER));
  const [first, ...more] = parts.values();
  return more.length === 0 ? first : `(() => {\n"use strict";\n${[first, ...more].join("\n")}})();\n`;
}

/** Lets everything that is due (promises, microtasks) happen. */
export const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A clock that only moves when told to. */
class Clock {
  now = 0;
  #next = 1;
  #due = new Map();

  setTimeout = (run, delay = 0) => {
    this.#due.set(this.#next, { run, at: this.now + delay });
    return this.#next++;
  };
  clearTimeout = (id) => this.#due.delete(id);

  async advance(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      await settle();
      const [id, timer] = [...this.#due].sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0] ?? [];
      if (!timer || timer.at > end) break;
      this.#due.delete(id);
      this.now = timer.at;
      timer.run();
    }
    this.now = end;
    await settle();
  }
}

/** The node's end of the page's sockets and requests. */
class FakeNode {
  up = true;
  /** What stands between page and node does with WebSockets: "open", "refuse", "throw", "cut", "silent". */
  socketsAre = "open";
  /** What the node says to all that this page asks, streams included: null, or { status, problem }. */
  refuses = null;
  /** The page's own address. */
  address = "http://chess.localhost:8787/index.html";
  /** Frames from the page, all sockets together, parsed. */
  frames = [];
  /** Sockets, the newest last. */
  sockets = [];
  /** Streams of events that carry frames, the newest last. */
  streams = [];
  /** What the page subscribed on last. */
  wire = null;
  /** POSTs and GETs, as [action, body]. */
  asked = [];
  /** action -> (body) => reply, or { status, problem } for an error. */
  answers = {};

  get socket() {
    return this.sockets.at(-1);
  }

  get attempts() {
    return this.sockets.length + this.streams.length;
  }

  /** A frame from the page. */
  take(frame, wire) {
    this.frames.push(frame);
    if (frame.type !== "subscribe") return;
    if (frame.page) this.wire = wire;
    const { page, since, watch } = frame;
    setImmediate(() => wire.tell({ type: "subscribed", page, self: "alice", since, watch }));
  }

  /** The frames of one type. */
  of(type) {
    return this.frames.filter((frame) => frame.type === type);
  }

  tell(frame) {
    (this.wire ?? this.socket).tell(frame);
  }

  state(channel, state, more = {}) {
    this.tell({ type: "state", channel, state, peerId: "bob", peerLabel: "Bob", context: "", params: null, delivery: "log", ...more });
  }

  end(channel, code, more = {}) {
    this.state(channel, "disconnected", { code, final: true, ...more });
  }

  message(channel, seq, data, more = {}) {
    this.tell({ type: "message", channel, from: "bob", data, id: `bobs-${seq}`, epoch: 1, seq, sentAt: seq, ...more });
  }

  receipt(id, stage, more = {}) {
    const { channel } = this.of("send").find((frame) => frame.id === id);
    this.tell({ type: "receipt", channel, id, stage, ...more });
  }

  /** The connection breaks; the page is told, nothing else. */
  cut(code = 1006) {
    const socket = this.wire ?? this.socket;
    socket.readyState = 3;
    if (socket.onclose) socket.onclose({ code });
    else socket.dispatchEvent(new Event("error"));
  }
}

/**
 * A page with the SDK's scripts. `page.Goop` is what its own scripts would see. Before the scripts
 * there may be `{ names }`: what this browser has besides.
 */
export function openPage(...scripts) {
  const names = typeof scripts[0] === "object" ? scripts.shift().names : {};
  const clock = new Clock();
  const node = new FakeNode();
  const printed = { error: [], warn: [] };
  const listeners = {};

  class WebSocket {
    readyState = 0;
    constructor(url) {
      if (node.socketsAre === "throw") throw new Error("no WebSockets here");
      this.url = String(url);
      node.sockets.push(this);
      setImmediate(() => {
        if (this.readyState !== 0 || node.socketsAre === "silent") return;
        if (!node.up || node.socketsAre === "refuse") return this.end();
        this.readyState = 1;
        this.onopen?.({});
        if (node.socketsAre === "cut") this.end();
      });
    }
    end() {
      this.readyState = 3;
      this.onclose?.({ code: 1006 });
    }
    send(text) {
      node.take(JSON.parse(text), this);
    }
    tell(frame) {
      if (this.readyState === 1) this.onmessage?.({ data: JSON.stringify(frame) });
    }
    close() {
      this.readyState = 3;
    }
  }

  async function fetch(path, init) {
    const [action, query] = path.replace("/api/realtime/", "").split("?");
    const body = query ? Object.fromEntries(new URLSearchParams(query)) : init.body === undefined ? undefined : JSON.parse(init.body);
    node.asked.push([action, body]);
    if (!node.up) throw new TypeError("fetch failed");
    if (action === "frames") {
      const stream = node.streams.at(-1);
      if (!stream || stream.readyState === 2) return { ok: false, status: 409, json: async () => ({ code: "no_stream" }) };
      for (const frame of body.frames) node.take(frame, stream);
    }
    const answer = node.refuses ?? (await node.answers[action]?.(body));
    const { status = 200, problem } = answer ?? {};
    return {
      ok: status < 400,
      status,
      json: async () => JSON.parse(JSON.stringify(problem ?? answer ?? {})),
      text: async () => JSON.stringify(problem ?? answer ?? {}),
    };
  }

  const sources = [];
  class EventSource extends EventTarget {
    readyState = 1;
    constructor(url) {
      super();
      this.url = url;
      if (!url.startsWith("/api/realtime/")) return void sources.push(this);
      node.streams.push(this);
      setImmediate(() => this.readyState === 1 && this.dispatchEvent(new Event(node.up && !node.refuses ? "open" : "error")));
    }
    close() {
      this.readyState = 2;
    }
    /** A named event, or a frame. */
    tell(type, data) {
      const [name, body] = data === undefined ? ["message", type] : [type, data];
      if (this.readyState === 1) this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(body) }));
    }
  }

  const context = vm.createContext({
    ...names,
    Event,
    WebSocket,
    EventSource,
    fetch,
    URL,
    TextEncoder,
    AbortController,
    queueMicrotask,
    crypto: globalThis.crypto,
    location: {
      get href() {
        return node.address;
      },
    },
    performance: { now: () => clock.now },
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    addEventListener: (type, listener) => (listeners[type] ??= []).push(listener),
    console: {
      error: (...words) => printed.error.push(words),
      warn: (...words) => printed.warn.push(words.join(" ")),
    },
  });
  for (const script of scripts.length ? scripts : ["goop-realtime.js"]) {
    vm.runInContext(classic(script), context, { filename: script });
  }
  return {
    Goop: context.Goop,
    realtime: context.Goop.realtime,
    clock,
    node,
    printed,
    sources,
    /** Runs code as another script of the page. */
    run: (code, names = {}) => {
      Object.assign(context, names);
      return vm.runInContext(code, context);
    },
    /** Tells the page's listeners of `window`. */
    fire: (type, event = {}) => (listeners[type] ?? []).forEach((listener) => listener(event)),
  };
}

/** A page with one open channel, `c1` to Bob. */
export async function openChannel(options = {}) {
  const page = openPage();
  page.node.answers.request = () => ({ channelId: "c1", state: "connecting", peerId: "bob", peerLabel: "Bob" });
  const asked = page.realtime.connect("bob", options);
  await settle();
  page.node.state("c1", "connected", { context: options.context ?? "" });
  return { ...page, channel: await asked };
}

/** The code that a promise rejects with, or null when it resolves. */
export const codeOf = (promise) =>
  promise.then(
    () => null,
    (error) => error.code ?? error,
  );

/** Compares as JSON: values of the page come from another global scope, with other prototypes. */
export const same = (actual, expected) => assert.deepEqual(JSON.parse(JSON.stringify(actual)), expected);
