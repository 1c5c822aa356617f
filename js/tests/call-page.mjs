// SPDX-License-Identifier: MIT
// A page that calls, without a browser: connections that agree or not as WebRTC's state machine
// has it, and devices that the test hands out.
import { openPage, settle } from "./page.mjs";

class FakeTrack extends EventTarget {
  enabled = true;
  readyState = "live";
  constructor(kind) {
    super();
    this.kind = kind;
  }
  stop() {
    this.readyState = "ended";
  }
}

class FakeStream {
  #tracks = new Set();
  constructor(tracks = []) {
    this.#tracks = new Set(tracks);
  }
  addTrack = (track) => void this.#tracks.add(track);
  removeTrack = (track) => void this.#tracks.delete(track);
  getTracks = () => [...this.#tracks];
}

/** Its SDP is JSON: who made it, the how many-th, and the kinds of its sections. */
export class FakeConnection {
  static all = [];
  signalingState = "stable";
  connectionState = "new";
  localDescription = null;
  remoteDescription = null;
  candidates = [];
  #made = 0;
  #transceivers = [];
  constructor(configuration) {
    this.configuration = configuration;
    this.number = FakeConnection.all.push(this);
  }
  getTransceivers = () => this.#transceivers.filter(({ direction }) => direction !== "stopped");
  #new(kind, mid) {
    const transceiver = {
      mid,
      direction: "recvonly",
      receiver: { track: new FakeTrack(kind) },
      sender: { track: null, setStreams() {}, async replaceTrack(track) { this.track = track; } },
      stop() { this.direction = "stopped"; },
    };
    this.#transceivers.push(transceiver);
    return transceiver;
  }
  addTransceiver(track, { direction }) {
    const transceiver = this.#new(track.kind ?? track, null);
    transceiver.direction = direction;
    if (track.kind) transceiver.sender.track = track;
    this.#need();
  }
  restartIce = () => this.#need(true);
  #due = false;
  #need(always = false) {
    if (this.#due) return;
    this.#due = true; // told once for all that was changed
    queueMicrotask(() => {
      this.#due = false;
      const open = always || this.getTransceivers().some(({ mid }) => mid === null);
      if (open && this.signalingState === "stable") this.onnegotiationneeded?.();
    });
  }
  #sdp() {
    const kinds = this.getTransceivers().map(({ receiver }) => receiver.track.kind);
    return JSON.stringify({ by: this.number, nth: ++this.#made, kinds });
  }
  async setLocalDescription() {
    await null;
    const offer = this.signalingState === "stable";
    this.getTransceivers().forEach((transceiver, index) => {
      transceiver.wasOpen = transceiver.mid === null;
      transceiver.mid ??= String(index);
    });
    this.localDescription = { type: offer ? "offer" : "answer", sdp: this.#sdp() };
    this.signalingState = offer ? "have-local-offer" : "stable";
  }
  async setRemoteDescription({ type, sdp }) {
    await null;
    if (type === "answer" && this.signalingState !== "have-local-offer") throw new Error(`answer in ${this.signalingState}`);
    if (type === "offer" && this.signalingState === "have-local-offer") {
      for (const transceiver of this.#transceivers) if (transceiver.wasOpen) transceiver.mid = null;
    }
    this.remoteDescription = { type, sdp };
    this.signalingState = type === "offer" ? "have-remote-offer" : "stable";
    JSON.parse(sdp).kinds.forEach((kind, index) => {
      const known = this.getTransceivers().find(({ mid }) => mid === String(index));
      const { receiver } = known ?? this.#new(kind, String(index));
      this.ontrack?.({ track: receiver.track });
    });
  }
  async addIceCandidate(candidate) {
    if (!this.remoteDescription) throw new Error("no remote description");
    this.candidates.push(candidate.candidate);
  }
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  close() {
    this.signalingState = "closed";
  }
}

/** A page with the call's script. `devices` are promises of getUserMedia, by what was asked. */
export function callPage({ getUserMedia, storage = new Map(), mediaDevices = true } = {}) {
  FakeConnection.all = [];
  const tracks = [];
  const give = async (wanted) => {
    const given = Object.keys(wanted).map((kind) => new FakeTrack(kind));
    tracks.push(...given);
    return new FakeStream(given);
  };
  const names = {
    RTCPeerConnection: FakeConnection,
    MediaStream: FakeStream,
    navigator: mediaDevices ? { mediaDevices: { getUserMedia: (wanted) => getUserMedia?.(wanted, give) ?? give(wanted) } } : {},
    sessionStorage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => storage.set(key, value),
      removeItem: (key) => storage.delete(key),
    },
  };
  const page = openPage({ names }, "goop-realtime.js", "goop-call.js");
  page.node.answers["/api/video_call/ice"] = () => ({ iceServers: [], iceTransportPolicy: "relay" });
  page.node.answers.request = (body) => ({ channelId: "c1", state: "connecting", peerId: "bob", peerLabel: "Bob", context: body.context });
  page.node.answers.channels = () => [];
  const calls = page.Goop.call;
  const ends = [];
  calls.onEnded = (end) => ends.push(end);
  return Object.assign(page, { calls, ends, tracks, said: (type) => page.node.of("send").map(({ data }) => data).filter((data) => data.type === type) });
}

/** Alice has called, and Bob has accepted. */
export async function inCall(options) {
  const page = callPage(options);
  const call = page.calls.start("bob", { audio: true, video: true });
  await settle();
  page.node.state("c1", "connected", { context: "video_call" });
  await settle();
  accepted(page);
  await settle();
  return { page, call, connection: FakeConnection.all[0] };
}

/** The node accepts what the page has sent. */
export function accepted(page) {
  for (const { id } of page.node.of("send")) page.node.receipt(id, "accepted");
}

let seq = 0;
/** Bob's page says it. */
export async function hear(page, ...messages) {
  for (const message of messages) page.node.message("c1", ++seq, message);
  await settle();
  accepted(page);
  await settle();
}
