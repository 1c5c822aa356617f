// SPDX-License-Identifier: MIT
// Everything together: frames to channels, channels to frames.
import { PAGE, ask } from "./asking.js";
import { KINDS, check, checkHandler } from "../shared/checks.js";
import { Conduit, NO_DETAIL } from "./conduit.js";
import { GoopError, call, details, report } from "./errors.js";
import { Invitations } from "./invitations.js";
import { Line } from "./line.js";
import { Outbox } from "./outbox.js";
import { Requests, incoming } from "./requests.js";
import { Running } from "./running.js";
import { Watching } from "./watching.js";

/**
 * @import { Place } from "./inbox.js"
 */

/** How many ended channels are remembered, so that what still comes for them is ignored. */
const ENDED_KEPT = 100;

export class Hub {
  constructor() {
    this.line = new Line(this);
    this.outbox = new Outbox(this.line);
    this.requests = new Requests((channel) => this.line.write(JSON.stringify({ type: "shown", channel })));
    this.invitations = new Invitations(this);
    this.watching = new Watching(this);
    this.running = new Running((body) => this.subscribe(body));
    /** @type {Map<string, Conduit>} */
    this.conduits = new Map();
    /** @type {Map<string, string>} a request that became part of another channel */
    this.aliases = new Map();
    /** @type {Set<Conduit>} */
    this.unacknowledged = new Set();
    /** Sockets so far. */
    this.sockets = 0;
    /** The socket on which the channels were last compared with the node's. */
    this.reconciled = 0;
    /** Whether the page wants to know what is on its way. */
    this.outboxFollowed = false;
    /** @type {GoopRealtime["onError"]} */
    this.onError = null;
  }

  /**
   * @param {string} id
   * @returns {Conduit}
   */
  conduit(id) {
    const real = this.aliases.get(id) ?? id;
    let conduit = this.conduits.get(real);
    if (!conduit) {
      conduit = new Conduit(real, this);
      conduit.heard = this.sockets;
      this.conduits.set(real, conduit);
      const ended = [...this.conduits.values()].filter((one) => one.ended);
      for (const old of ended.slice(0, -ENDED_KEPT)) this.conduits.delete(old.id);
    }
    return conduit;
  }

  living() {
    return [...this.conduits.values()].filter((conduit) => !conduit.ended);
  }

  // -- the line's owner

  opened() {
    this.sockets++;
    /** @type {Record<string, Place>} */
    const after = {};
    /** @type {Record<string, Place>} */
    const handled = {};
    /** @type {Record<string, number[]>} */
    const failed = {};
    /** @type {Record<string, "start">} */
    const since = {};
    for (const conduit of this.living()) {
      const { inbox } = conduit;
      if (inbox.after) after[conduit.id] = inbox.after;
      if (inbox.handled) handled[conduit.id] = inbox.handled;
      if (inbox.failed.length > 0) failed[conduit.id] = inbox.failed;
      if (inbox.rewinding) since[conduit.id] = "start";
    }
    const [pending, ...more] = this.outbox.pending();
    const some = (/** @type {Record<string, object>} */ named) =>
      Object.fromEntries(Object.entries(named).filter(([, value]) => Object.keys(value).length > 0));
    this.subscribe({ page: PAGE, ack: true, batch: true, retries: true, outbox: this.outboxFollowed || undefined, after, handled, pending, ...this.watching.wanted, ...some({ failed, since }), ...this.running.wish() });
    for (const ids of more) this.subscribe({ channels: Object.keys(ids), pending: ids });
    this.outbox.resend();
    for (const conduit of this.living()) {
      if (conduit.closing && !this.outbox.held.has(conduit)) conduit.sendClose();
    }
  }

  /** @param {object} body */
  subscribe(body) {
    this.line.write(JSON.stringify({ type: "subscribe", ...body }));
  }

  /** The page has a handler for what is on its way on a channel: the node tells it now, and of every change. @param {string} id */
  followPending(id) {
    this.outboxFollowed = true;
    if (this.line.ready) this.subscribe({ channels: [id], outbox: true });
  }

  /**
   * @param {number} code
   * @param {boolean} tried whether this was an attempt to come back
   */
  lost(code, tried) {
    if (code === 1009) this.outbox.tooLarge();
    if (!tried) return;
    /** @type {GoopDetail} */
    const detail = { ...NO_DETAIL, code: "node_unreachable", reason: "the node is away", suspended: true };
    for (const conduit of this.living()) if (conduit.state === "connected") conduit.change("disconnected", detail);
  }

  /**
   * @param {any} frame
   * @param {number} bytes
   */
  frame(frame, bytes) {
    switch (frame.type) {
      case "message":
        return this.conduit(frame.channel).inbox.receive(frame, bytes);
      case "receipt":
        return this.outbox.receipt(frame);
      case "state":
        return this.state(frame);
      case "incoming":
        return this.requests.add(incoming(this, frame), this.sockets);
      case "incoming_ended":
        return this.requests.end(frame.channel, frame.code);
      case "missed": case "missed_ended":
        return this.invitations.take(frame);
      case "refused":
        return void this.outbox.refused(frame);
      case "error":
        return this.error(frame);
      case "running":
        return this.running.take(frame);
      case "gap":
        return this.conduit(frame.channel).inbox.gap(frame);
      case "pending":
        return void call("onPending", this.conduit(frame.channel).face.onPending, frame.count);
      case "signal":
        return void call("onSignal", this.conduit(frame.channel).face.onSignal, frame.data, { from: frame.from });
      case "changed":
        return this.watching.changed([frame.context]);
      case "subscribed":
        this.watching.changed(frame.watch ?? []);
        for (const id of Object.keys(frame.since ?? {})) this.conduits.get(id)?.inbox.rewound();
        if (this.sockets === this.reconciled) return;
        this.reconciled = this.sockets;
        this.invitations.begin();
        if (this.sockets > 1) void this.reconcile().catch(() => {}); // cut again: the next one does it
        else void this.takeOver().catch(report);
    }
  }

  /** @param {any} frame */
  state(frame) {
    this.invitations.told(frame);
    const conduit = this.conduit(frame.channel);
    if (frame.replacedBy && frame.replacedBy !== conduit.id) return this.replace(conduit, frame);
    if (frame.channel !== conduit.id) return; // of a request that lives on in another channel
    conduit.heard = this.sockets;
    conduit.tellState(frame);
  }

  /**
   * Two requests crossed, or the channel was open already: whoever waited waits for that one.
   * @param {Conduit} old
   * @param {any} frame
   */
  replace(old, frame) {
    this.conduits.delete(old.id);
    this.aliases.set(old.id, frame.replacedBy);
    const conduit = this.conduit(frame.replacedBy);
    const { peerId, peerLabel, context } = frame;
    conduit.describe({ peerId, peerLabel, context });
    for (const opener of old.openers.splice(0)) void conduit.opened().then(opener.resolve, opener.reject);
  }

  /** @param {any} frame */
  error(frame) {
    if (frame.id && this.outbox.refused(frame)) return;
    const conduit = frame.channel && this.conduits.get(this.aliases.get(frame.channel) ?? frame.channel);
    const about = frame.channel ? { channelId: frame.channel } : {};
    const error = new GoopError(frame.code, frame.reason, { ...about, ...details(frame) });
    if (conduit && frame.code === "unknown_channel") conduit.vanish();
    else if (conduit) conduit.error(error);
    else this.tell(error);
  }

  /** An error of no channel. @param {GoopError} error */
  tell(error) {
    if (this.onError) void call("onError", this.onError, error);
    else report(error);
  }

  /** After a new socket: what the node no longer lists has ended while nobody could say so. */
  async reconcile() {
    const socket = this.sockets;
    /** @type {any[]} */
    const rows = await ask("channels");
    if (socket !== this.sockets) return;
    for (const conduit of this.living()) {
      const row = rows.find(({ channelId }) => channelId === conduit.id);
      if (conduit.heard === socket) continue;
      if (row) conduit.tellState(row);
      else conduit.vanish();
    }
    for (const [id, { heard, info }] of this.requests.waiting) {
      if (info.accepted) continue;
      const waits = rows.some((row) => row.channelId === id && row.incoming);
      if (heard < socket && !waits) this.requests.end(id, "unknown");
    }
  }

  /** What was accepted at home for this page stands in its address: whoever serves it gets it. */
  async takeOver() {
    const id = new URL(location.href).searchParams.get("channel");
    if (!id) return;
    /** @type {any[]} */
    const rows = await ask("channels");
    const row = rows.find(({ channelId }) => channelId === id);
    if (!row || row.incoming || row.detail?.final || row.opener !== row.peerId) return;
    this.requests.add(incoming(this, { ...row, channel: id, accepted: true }), this.sockets);
  }

  /** @param {Conduit} conduit */
  acknowledge(conduit) {
    this.unacknowledged.add(conduit);
    if (this.unacknowledged.size > 1) return;
    queueMicrotask(() => {
      for (const { id, inbox } of this.unacknowledged) {
        const done = inbox.acknowledgement();
        if (done) this.line.write(JSON.stringify({ type: "ack", channel: id, ...done }));
      }
      this.unacknowledged.clear();
    });
  }

  // -- what the page asks for

  /**
   * @param {string} channelId
   * @returns {Promise<GoopChannel>}
   */
  async accept(channelId) {
    check("accept(channelId): channelId", channelId, KINDS.NAME);
    await this.line.whenReady();
    const row = await ask("accept", { channelId, page: PAGE });
    const conduit = this.conduit(row.channelId ?? channelId);
    if (row.state) conduit.tellState(row);
    return conduit.opened();
  }

  /**
   * @param {string} channelId
   * @param {string} [reason]
   */
  async decline(channelId, reason) {
    check("decline(channelId, reason): channelId", channelId, KINDS.NAME);
    if (reason !== undefined && reason !== null) check("decline(channelId, reason): reason", reason, KINDS.TEXT);
    await ask("decline", { channelId, reason: reason ?? undefined });
  }

  /** @returns {Promise<GoopChannel[]>} */
  async channels() {
    await this.line.whenReady();
    /** @type {any[]} */
    const rows = await ask("channels");
    const found = [];
    for (const row of rows) {
      if (row.incoming || row.detail?.final) continue;
      const conduit = this.conduit(row.channelId);
      conduit.tellState(row);
      if (conduit.ended) continue;
      conduit.missedState = false;
      found.push(conduit.face);
    }
    return found;
  }

  /**
   * @param {string} context
   * @param {unknown} onRequest
   * @param {unknown} onEnded
   */
  serve(context, onRequest, onEnded) {
    check("serve(context, onRequest, onEnded): context", context, KINDS.NAME);
    check("serve(context, onRequest, onEnded): onRequest", onRequest, KINDS.HANDLER);
    checkHandler("serve(context, onRequest, onEnded): onEnded", onEnded);
    if (this.requests.servers.has(context)) {
      throw new GoopError("already_served", `another script of this page serves "${context}"`);
    }
    const server = { onRequest, onEnded };
    this.requests.servers.set(context, server);
    this.listen();
    return () => {
      if (this.requests.servers.get(context) === server) this.requests.servers.delete(context);
    };
  }

  /** @param {unknown} onRows */
  follow(onRows) {
    const watch = this.running.follow(onRows);
    this.line.start();
    return watch;
  }

  /** Somebody handles requests: have them come, and hand out those that wait. */
  listen() {
    this.line.start();
    queueMicrotask(() => this.requests.hand());
  }
}
