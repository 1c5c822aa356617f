// SPDX-License-Identifier: MIT
// The connection between the two browsers, negotiated over a channel: the W3C's "perfect
// negotiation", and what it takes when one of the pages is loaded anew.
//
// Every connection has an id of its own, which goes with what it says. An offer of another connection
// than before means that the other page is a new one: it gets a new connection. What is meant for the
// connection of an earlier page is left alone. An answer may tell that the other one holds on to such
// a connection, or has left this one: then the two begin anew. And since an offer may have come to a
// page that is gone, whoever stands against the offer of a page that never spoke repeats its own.
//
// It is made while the call still rings, and an offer with it: both take a browser some time. Until
// the two have agreed it is silent, and nothing can reach it.
// Offers, answers, candidates and tracks take turns: each finds the connection as the one before
// has left it, and none sees it change halfway. Only the end of the call does not wait.
import { Turns } from "./turns.js";

/** @typedef {import("./media.js").Kind} Kind */

/** Candidates that are kept until the description that they belong to is there. */
const MAX_EARLY = 256;
/** How long a connection may falter before it looks for another way. */
const RESTART_MS = 2_000;

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * The line of a description that differs from offer to offer.
 * @param {RTCSessionDescriptionInit} description
 */
const originOf = ({ sdp }) => /^o=.*/m.exec(sdp ?? "")?.[0] ?? "";

/**
 * What a Link needs of its call.
 * @typedef {object} Owner
 * @property {RTCConfiguration} configuration
 * @property {(message: object) => Promise<boolean>} say `false` where it answers what is not open any more
 * @property {(kind: Kind) => MediaStreamTrack | null} track what is sent now
 * @property {MediaStream} stream what the tracks belong to
 * @property {() => void} onMet the other's page speaks for the first time, or is another one
 * @property {(stream: MediaStream) => void} onStream there is another remote stream
 * @property {(state: RTCPeerConnectionState) => void} onState
 */

export class Link {
  /** @type {RTCPeerConnection} */
  #pc;
  /** @type {string} the id of this connection */
  #mine = "";
  /** @type {string | null} of the other's, once it has spoken to this one */
  #theirs = null;
  /** An offer is to be made, once it is its turn. */
  #due = false;
  /** Nothing is said yet, and `#unsaid` is whether that would have been an offer. */
  #silent = true;
  #unsaid = false;
  /** Which of the other's offers was taken last. */
  #taken = "";
  /** The other's last offer crossed with one of ours, and theirs gives way. */
  #ignoring = false;
  /** @type {{ from: string | undefined, candidate: any }[]} */
  #early = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #faltering;
  #turns = new Turns();

  /**
   * @param {Owner} owner
   * @param {boolean} offers whether it begins; the other one waits for an offer
   */
  constructor(owner, offers) {
    this.owner = owner;
    this.#pc = this.#open();
    if (offers) this.#addAll();
  }

  /** The two have agreed: say what there is. The offer has the candidates that were found so far. */
  speak() {
    this.#silent = false;
    if (!this.#unsaid) return;
    this.#say("sdp_offer", { sdp: this.#pc.localDescription });
    if (this.#pc.iceGatheringState === "complete") this.#say("ice_candidate", { candidate: null });
  }

  get connected() {
    return this.#pc.connectionState === "connected";
  }

  /** @returns {Promise<RTCStatsReport>} */
  report() {
    return this.#pc.getStats();
  }

  /**
   * Send what the owner has now of that kind.
   * @param {Kind} kind
   */
  send(kind) {
    return this.#turns.take(async () => {
      const track = this.owner.track(kind);
      const transceiver = this.#transceiver(kind);
      // One that gets its track later needs no new agreement; what was never agreed on does.
      if (transceiver) await transceiver.sender.replaceTrack(track);
      else if (track && this.#pc.remoteDescription) this.#add(kind);
    });
  }

  /** Look for another way to each other. */
  restart() {
    if (!this.#turns.over && this.#pc.remoteDescription) this.#pc.restartIce();
  }

  close() {
    this.#turns.end();
    this.#shut();
  }

  /**
   * What the other page says: an offer, an answer, or a candidate.
   * @param {any} message
   */
  take(message) {
    return this.#turns.take(() => this.#take(message));
  }

  /** @param {any} message */
  async #take(message) {
    if (message.to && message.to !== this.#mine) {
      if (message.type === "sdp_answer" && this.#theirs !== null) this.#beginAnew();
      return;
    }
    if (message.type === "ice_candidate") return this.#candidate(message.connection, message.candidate);
    const description = typeof message.sdp === "string" ? { type: message.type.slice(4), sdp: message.sdp } : message.sdp;
    const from = message.connection ?? "";
    if (message.type === "sdp_offer") await this.#offered(from, description);
    else await this.#answered(from, description);
  }

  /**
   * @param {string} from
   * @param {RTCSessionDescriptionInit} description
   */
  async #offered(from, description) {
    if (this.#theirs !== null && this.#theirs !== from) this.#reopen();
    const pc = this.#pc;
    const origin = originOf(description);
    if (origin && origin === this.#taken) return; // it was repeated, in case that a page had missed it
    const crosses = pc.signalingState !== "stable";
    // Both know both ids, so both agree on who gives way. A page without ids cannot.
    this.#ignoring = crosses && from !== "" && from < this.#mine;
    if (this.#ignoring) {
      if (this.#theirs === null) this.#say("sdp_offer", { sdp: pc.localDescription, to: from });
      return;
    }
    await pc.setRemoteDescription(description);
    this.#taken = origin;
    this.#meet(from);
    if (description.type === "rollback") return;
    // The browser asks again, once this is agreed on, for what is then still to be offered.
    this.#due = false;
    this.#forgetOwn();
    await Promise.all([this.#join(), pc.setLocalDescription().then(() => void this.#answer(pc))]);
    await this.#late();
  }

  /**
   * @param {string} from
   * @param {RTCSessionDescriptionInit} description
   */
  async #answered(from, description) {
    const pc = this.#pc;
    if (this.#theirs !== null && this.#theirs !== from) return this.#beginAnew();
    if (pc.signalingState !== "have-local-offer" && pc.signalingState !== "have-remote-pranswer") return;
    await pc.setRemoteDescription(description);
    this.#meet(from);
    await this.#late();
  }

  /** @param {RTCPeerConnection} pc */
  async #answer(pc) {
    const taken = await this.#say("sdp_answer", { sdp: pc.localDescription });
    // Another page of this side has answered that offer: the other one has settled with it.
    if (taken === false) await this.#turns.take(async () => pc === this.#pc && this.#beginAnew());
  }

  /** @param {string} from */
  #meet(from) {
    const met = this.#theirs === from;
    this.#theirs = from;
    if (!met) this.owner.onMet();
  }

  /**
   * @param {string | undefined} from
   * @param {any} candidate
   */
  async #candidate(from, candidate) {
    const pc = this.#pc;
    const known = pc.remoteDescription && (from === undefined || from === this.#theirs);
    if (!known) {
      if (this.#early.push({ from, candidate }) > MAX_EARLY) this.#early.shift();
      return;
    }
    const init = typeof candidate === "string" ? { candidate, sdpMLineIndex: 0 } : candidate;
    try {
      // Nothing, or an empty line, stands for the end, which browsers notice by themselves.
      if (init?.candidate) await pc.addIceCandidate(init);
    } catch (error) {
      if (!this.#ignoring && !this.#turns.over) console.warn("Goop.call: a candidate was of no use:", error);
    }
  }

  /** The candidates that came before their description; those of other connections are stale. */
  async #late() {
    const mine = this.#early.splice(0).filter(({ from }) => from === undefined || from === this.#theirs);
    for (const { from, candidate } of mine) await this.#candidate(from, candidate);
  }

  /** Send and receive over what the other has offered; the answer need not wait for the tracks. */
  #join() {
    const replacing = [];
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      const transceiver = this.#transceiver(kind);
      if (transceiver) {
        transceiver.direction = "sendrecv";
        transceiver.sender.setStreams?.(this.owner.stream);
        replacing.push(transceiver.sender.replaceTrack(this.owner.track(kind)));
      } else if (this.owner.track(kind)) this.#add(kind); // what they have not offered comes with an offer of ours
    }
    return Promise.all(replacing);
  }

  /** What this side has offered, or was about to, and the other will not hear of: theirs takes its place. */
  #forgetOwn() {
    for (const transceiver of this.#pc.getTransceivers()) if (transceiver.mid === null) transceiver.stop();
  }

  /** @param {Kind} kind */
  #transceiver(kind) {
    return this.#pc
      .getTransceivers()
      .find(({ receiver, direction }) => receiver.track.kind === kind && direction !== "stopped");
  }

  /** @param {Kind} kind */
  #add(kind) {
    this.#pc.addTransceiver(this.owner.track(kind) ?? kind, { direction: "sendrecv", streams: [this.owner.stream] });
  }

  #addAll() {
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) this.#add(kind);
  }

  /** The two do not mean the same connections: a new one offers, and the other one follows. */
  #beginAnew() {
    this.#reopen();
    this.#addAll();
  }

  /** Another connection, for another page of theirs. */
  #reopen() {
    this.#shut();
    this.#theirs = null;
    this.#taken = "";
    this.#pc = this.#open();
    this.owner.onState("connecting");
  }

  #shut() {
    clearTimeout(this.#faltering);
    this.#pc.onnegotiationneeded = this.#pc.onicecandidate = this.#pc.ontrack = null;
    this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  #open() {
    const pc = new RTCPeerConnection(this.owner.configuration);
    const remote = new MediaStream();
    this.#mine = newId();
    this.#due = this.#ignoring = false;
    pc.onnegotiationneeded = () => {
      this.#due = true;
      void this.#turns.take(() => this.#offer(pc));
    };
    pc.onicecandidate = ({ candidate }) => this.#say("ice_candidate", { candidate });
    pc.ontrack = ({ track }) => {
      remote.addTrack(track);
      this.owner.onStream(remote);
    };
    pc.onconnectionstatechange = () => {
      clearTimeout(this.#faltering);
      if (pc.connectionState === "failed") this.restart();
      if (pc.connectionState === "disconnected") this.#faltering = setTimeout(() => this.restart(), RESTART_MS);
      this.owner.onState(pc.connectionState);
    };
    return pc;
  }

  /** @param {RTCPeerConnection} pc */
  async #offer(pc) {
    if (pc !== this.#pc || !this.#due || pc.signalingState !== "stable") return;
    this.#due = false;
    try {
      await pc.setLocalDescription();
      this.#say("sdp_offer", { sdp: pc.localDescription });
    } catch (error) {
      if (!this.#turns.over) console.error("Goop.call: no offer could be made:", error);
    }
  }

  /**
   * @param {string} type
   * @param {object} what
   */
  async #say(type, what) {
    if (this.#turns.over) return undefined;
    if (this.#silent) return void (this.#unsaid ||= type === "sdp_offer");
    const to = this.#theirs ? { to: this.#theirs } : {};
    return this.owner.say({ type, ...to, ...what, connection: this.#mine });
  }
}
