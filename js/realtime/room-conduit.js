// SPDX-License-Identifier: MIT
// One room, inside; each script of the page has a `Room` of its own, which is a face of it.
import { KINDS, check } from "../shared/checks.js";
import { Conduit, Listener } from "./conduit.js";
import { Deferred, GoopError, allWell, call } from "./errors.js";
import { placeless } from "./inbox.js";
import { portions } from "./outbox.js";
import { Room } from "./room.js";
import { RoomInbox } from "./room-inbox.js";
import { roomMeta } from "./room-meta.js";
import { Settled } from "./settled.js";
import { asking } from "./subscription.js";

/**
 * @import { Hub } from "./hub.js"
 * @import { Item } from "./inbox.js"
 * @import { Sent } from "./outbox.js"
 */

/** @type {GoopRoomDetail} */
const NO_ROOM_DETAIL = { code: null, reason: null, suspended: false, host: "", apart: [] };

/** @extends {Conduit<GoopRoomState, GoopRoomDetail>} */
export class RoomConduit extends Conduit {
  /**
   * @param {string} id
   * @param {Hub} hub
   */
  constructor(id, hub) {
    super(id, hub, "joining", NO_ROOM_DETAIL, { frame: "leave", code: "left" });
    /** The name that it was joined by. */
    this.name = "";
    this.self = "";
    this.maxPeers = 0;
    /** As of what has been handed out. @type {readonly GoopMember[]} */
    this.members = [];
    this.start = "0::0";
    this.metaOf = roomMeta;
    this.inbox = new RoomInbox(this);
    this.mine = new Settled();
  }

  /** @override */
  words() {
    return `room ${this.name} (${this.context || "no context"})`;
  }

  // -- its state

  /** @param {any} row of an endpoint, or a `room` frame */
  tellState(row) {
    if (this.ended) return;
    this.name = row.id ?? row.room ?? this.name;
    this.context = row.context ?? this.context;
    this.version = row.version ?? this.version;
    this.self = row.self ?? this.self;
    this.maxPeers = row.maxPeers ?? this.maxPeers;
    this.limit(row);
    /** @type {GoopRoomDetail} */
    const detail = {
      code: row.code ?? null,
      reason: row.reason ?? null,
      suspended: row.suspended === true,
      host: row.host ?? this.detail.host,
      apart: row.apart ?? [],
    };
    if (row.state === "left") return this.conclude(detail);
    if (row.members) this.inbox.begins(row);
    this.change(row.state, detail);
    this.tellOpeners();
  }

  /** @param {GoopRoomDetail} detail */
  conclude(detail) {
    const code = detail.code ?? "left";
    this.end(new GoopError(code, detail.reason, { channelId: this.id }));
    this.hub.outbox.end(this, code);
    this.fleeting.stop();
    this.inbox.last(() => this.change("left", detail));
  }

  /** @override */
  isOpen() {
    return this.state === "joined" && !this.ended;
  }

  /** @override @returns {Room} */
  hand() {
    const listener = new Listener();
    this.listeners.push(listener);
    return new Room(this, listener);
  }

  /** @override */
  takesSignals() {
    return this.state === "joined" && !this.detail.suspended;
  }

  /** The node is away. */
  cutOff() {
    if (this.state !== "joined") return;
    this.change("joined", { ...this.detail, code: "node_unreachable", reason: "the node is away", suspended: true });
  }

  /** The node knows nothing of it. */
  vanish() {
    this.tellState({ state: "left", code: this.closing ? "left" : "lost" });
  }

  /**
   * @override
   * @param {any} frame
   */
  handOut(frame) {
    return this.emit("onMessage", frame.from, frame.data, roomMeta(frame));
  }

  // -- its members

  /** @param {string} peerId */
  has(peerId) {
    return this.members.some((member) => member.peerId === peerId);
  }

  /** @param {GoopMember} peer */
  comes(peer) {
    if (this.has(peer.peerId)) return true;
    this.members = Object.freeze([...this.members, peer]);
    return allWell(this.listeners.map((listener) => this.greet(listener, peer)));
  }

  /** @param {GoopMember} peer */
  goes({ peerId }) {
    const peer = this.members.find((member) => member.peerId === peerId);
    if (!peer) return true;
    this.members = Object.freeze(this.members.filter((member) => member !== peer));
    for (const { greeted } of this.listeners) greeted.delete(peerId);
    return peerId === this.self || this.emit("onMemberLeave", peer);
  }

  /**
   * One after the other, what makes these the members.
   * @param {GoopMember[]} members
   * @returns {Item[]}
   */
  changes(members) {
    const stay = new Set(members.map(({ peerId }) => peerId));
    const gone = this.members.filter(({ peerId }) => !stay.has(peerId));
    const ordered = () => {
      this.members = Object.freeze([...members]);
      return true;
    };
    return [
      ...gone.map((peer) => placeless("onMemberLeave", () => this.goes(peer))),
      ...members.map((peer) => placeless("onMemberJoin", () => this.comes(peer))),
      placeless("", ordered),
    ];
  }

  /**
   * Tells one script of another member, once.
   * @param {Listener} listener
   * @param {GoopMember} peer
   */
  greet({ handlers, greeted }, peer) {
    const { onMemberJoin } = handlers;
    if (!onMemberJoin || peer.peerId === this.self || greeted.has(peer.peerId)) return true;
    greeted.add(peer.peerId);
    return call("onMemberJoin", onMemberJoin, peer);
  }

  /** A handler for members is told of those that are there, before anything else. @param {Listener} listener */
  greetAll(listener) {
    listener.greeted.clear();
    const greets = (/** @type {GoopMember} */ peer) => () => !this.has(peer.peerId) || this.greet(listener, peer);
    this.inbox.first(this.members.map((peer) => placeless("onMemberJoin", greets(peer))));
  }

  // -- what is sent

  /** @override */
  nextNumber() {
    return this.hub.rooms.nextNumber(this.id);
  }

  /**
   * @override
   * @param {Sent} sent
   */
  more(sent) {
    const handledBy = (/** @type {string} */ peerId) => {
      check("handledBy(peerId): peerId", peerId, KINDS.NAME);
      const step = sent.by.get(peerId) ?? new Deferred();
      sent.by.set(peerId, step);
      if (sent.fate) step.reject(sent.fate);
      return step.promise;
    };
    return { handledBy };
  }

  /** @override @param {Sent} sent */
  succeeded({ id, seq }) {
    this.mine.add(id, seq);
  }

  /** A node that comes back may have lost what lies above the last thing that it has told here. @override */
  questions() {
    return this.mine.question(this.inbox.lastSeq);
  }

  /** The log has changed above a number: what became of this page's messages there? @param {number} seq */
  question(seq) {
    const open = this.hub.outbox.delivered(this).filter((sent) => sent.seq > seq);
    const ids = [...open.map(({ id }) => id), ...this.mine.question(seq)];
    if (ids.length === 0) return;
    for (const portion of portions(ids.map((id) => [this.id, id]))) this.hub.subscribe(asking(portion));
  }

  /** @param {any} frame `receipt` or `refused`, of what had settled */
  answer(frame) {
    const code = this.mine.answer(frame);
    if (code) this.error(new GoopError(code, frame.reason, { id: frame.id, channelId: this.id }));
  }
}
