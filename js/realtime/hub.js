// SPDX-License-Identifier: MIT
// Everything together: frames to channels, channels to frames.
import { PAGE, ask } from "./asking.js";
import { KINDS, check, checkHandler } from "../shared/checks.js";
import { ChannelConduit } from "./channel-conduit.js";
import { GoopError, call, details, report } from "./errors.js";
import { channelFrame, isRoom, roomFrame } from "./frames.js";
import { Invitations } from "./invitations.js";
import { Line } from "./line.js";
import { OpenRooms } from "./open-rooms.js";
import { Outbox } from "./outbox.js";
import { refused } from "./receipts.js";
import { reconcile, takeOver } from "./reconciling.js";
import { Requests } from "./requests.js";
import { Rooms } from "./rooms.js";
import { Running } from "./running.js";
import { Snapshots } from "./snapshots.js";
import { subscriptions } from "./subscription.js";
import { Watching } from "./watching.js";

/**
 * @import { Inbox } from "./inbox.js"
 * @import { RoomConduit } from "./room-conduit.js"
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
    this.rooms = new Rooms(this);
    this.openRooms = new OpenRooms(this);
    this.snapshots = new Snapshots(this);
    /** @type {Map<string, ChannelConduit | RoomConduit>} */
    this.conduits = new Map();
    /** @type {Map<string, string>} a request that became part of another channel */
    this.aliases = new Map();
    /** @type {Set<Inbox>} */
    this.unacknowledged = new Set();
    /** Sockets so far. */
    this.sockets = 0;
    /** `state` frames so far. */
    this.states = 0;
    /** The socket on which the channels were last compared with the node's. */
    this.reconciled = 0;
    /** Whether the page wants to know what is on its way. */
    this.outboxFollowed = false;
    /** @type {GoopRealtime["onError"]} */
    this.onError = null;
  }

  /**
   * @param {string} id
   * @returns {ChannelConduit}
   */
  conduit(id) {
    const real = this.aliases.get(id) ?? id;
    const known = this.conduits.get(real);
    return known instanceof ChannelConduit ? known : this.keep(new ChannelConduit(real, this));
  }

  /**
   * @template {ChannelConduit | RoomConduit} Kind
   * @param {Kind} conduit
   * @returns {Kind}
   */
  keep(conduit) {
    conduit.heard = this.sockets;
    this.conduits.delete(conduit.id);
    this.conduits.set(conduit.id, conduit);
    const ended = [...this.conduits.values()].filter((one) => one.ended);
    for (const old of ended.slice(0, -ENDED_KEPT)) this.conduits.delete(old.id);
    return conduit;
  }

  living() {
    return [...this.conduits.values()].filter((conduit) => !conduit.ended);
  }

  // -- the line's owner

  opened() {
    this.sockets++;
    for (const body of subscriptions(this)) this.subscribe(body);
    this.outbox.resend();
    this.openRooms.again();
    this.snapshots.again();
    for (const conduit of this.living()) conduit.fleeting.again();
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
    for (const conduit of this.living()) conduit.cutOff();
    this.snapshots.cutOff();
  }

  /**
   * @param {any} frame
   * @param {number} bytes
   */
  frame(frame, bytes) {
    if (frame.type === "snapshot") this.snapshots.take(frame);
    else if (isRoom(frame)) roomFrame(this, frame, bytes);
    else channelFrame(this, frame, bytes);
  }

  /** What comes from now on is told on a new socket. @param {any} frame `subscribed` */
  subscribed({ watch, since }) {
    this.watching.changed(watch ?? []);
    for (const id of Object.keys(since ?? {})) this.conduit(id).inbox.rewound();
    if (this.sockets === this.reconciled) return;
    this.reconciled = this.sockets;
    this.invitations.begin();
    if (this.sockets > 1) void reconcile(this).catch(() => {}); // cut again: the next one does it
    else void takeOver(this).catch(report);
  }

  /** @param {any} frame */
  state(frame) {
    this.invitations.told(frame);
    const conduit = this.conduit(frame.channel);
    conduit.told = ++this.states;
    if (frame.replacedBy && frame.replacedBy !== conduit.id) return this.replace(conduit, frame);
    if (frame.channel !== conduit.id) return; // of a request that lives on in another channel
    conduit.heard = this.sockets;
    conduit.tellState(frame);
  }

  /**
   * What an endpoint says of a channel. It comes another way than the frames, and any of them may
   * have overtaken it: where one has, that one is believed.
   * @param {any} row
   * @param {number} before  `states` when the endpoint was asked
   * @returns {ChannelConduit}
   */
  answered(row, before) {
    const conduit = this.conduit(row.channelId);
    if (conduit.told <= before) {
      this.invitations.told(row);
      conduit.tellState(row);
    }
    return conduit;
  }

  /**
   * Two requests crossed, or the channel was open already: whoever waited waits for that one.
   * @param {ChannelConduit} old
   * @param {any} frame
   */
  replace(old, frame) {
    this.conduits.delete(old.id);
    this.aliases.set(old.id, frame.replacedBy);
    const conduit = this.conduit(frame.replacedBy);
    const { peerId, peerLabel, context } = frame;
    conduit.describe({ peerId, peerLabel, context });
    conduit.told = this.states;
    for (const opener of old.openers.splice(0)) void conduit.whenOpen().then(opener.resolve, opener.reject);
  }

  /** @param {any} frame */
  error(frame) {
    if (frame.id && refused(this.outbox, frame)) return;
    const conduit = frame.channel && this.conduits.get(this.aliases.get(frame.channel) ?? frame.channel);
    const about = frame.channel ? { channelId: frame.channel } : {};
    const error = new GoopError(frame.code, frame.reason, { ...about, ...details(frame) });
    if (this.snapshots.refused(frame, error)) return;
    if (conduit && frame.code === "unknown_channel") conduit.vanish();
    else if (conduit) conduit.error(error);
    else this.tell(error);
  }

  /** An error of no channel. @param {GoopError} error */
  tell(error) {
    if (this.onError) void call("onError", this.onError, error);
    else report(error);
  }

  /** @param {Inbox} inbox */
  acknowledge(inbox) {
    this.unacknowledged.add(inbox);
    if (this.unacknowledged.size > 1) return;
    queueMicrotask(() => {
      for (const waiting of this.unacknowledged) {
        const done = waiting.acknowledgement();
        if (done) this.line.write(JSON.stringify(done));
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
    const before = this.states;
    const row = await ask("accept", { channelId, page: PAGE });
    return this.answered(row, before).opened();
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
    const before = this.states;
    /** @type {any[]} */
    const rows = await ask("channels");
    const found = [];
    for (const row of rows) {
      if (row.incoming || row.detail?.final) continue;
      const conduit = this.answered(row, before);
      if (!conduit.ended) found.push(conduit.hand());
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
