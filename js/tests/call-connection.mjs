// SPDX-License-Identifier: MIT
// An RTCPeerConnection without a browser, whose steps take as long as a generated world likes.
import assert from "node:assert/strict";

/** As browsers have it: steps queue, a closed one answers no more, and offers may be rolled back. */
export const connectionIn = (world) => {
  let opened = 0;
  return class {
    number = ++opened;
    signalingState = "stable";
    connectionState = "new";
    #local = null;
    remoteDescription = null;
    /** Of this agreement: what was found on this side, and is known of the other. */
    found = [];
    known = new Set();
    #transceivers = [];
    #chain = Promise.resolve();
    #steps = 0;
    #needed = false;
    #restarts = false;
    #nth = 0;
    /** With the candidates so far, as browsers write it. */
    get localDescription() {
      return this.#local && { type: this.#local.type, sdp: { ...this.#local.sdp, candidates: [...this.found] } };
    }
    getTransceivers = () => this.#transceivers.filter(({ direction }) => direction !== "stopped");
    #invalid(name) {
      return new DOMException(`Failed to execute '${name}' on 'RTCPeerConnection': The signalingState is '${this.signalingState}'.`, "InvalidStateError");
    }
    /** In its turn. */
    #queue(name, step) {
      if (this.signalingState === "closed") return Promise.reject(this.#invalid(name));
      this.#steps++;
      const done = this.#chain.then(async () => {
        if (this.signalingState === "closed") throw this.#invalid(name);
        await world.pause();
        // Browsers differ in what becomes of a step that was under way when it was closed.
        if (this.signalingState === "closed" && world.chance(0.3)) throw this.#invalid(name);
        if (this.signalingState === "closed") return world.chance(0.5) ? undefined : new Promise(() => {});
        try {
          return step();
        } finally {
          if (--this.#steps === 0) this.#look();
        }
      });
      this.#chain = done.catch(() => {});
      return done;
    }
    #new(kind, mid, direction) {
      const connection = this;
      const transceiver = {
        mid,
        direction,
        receiver: { track: { kind } },
        sender: {
          track: null,
          setStreams() {},
          replaceTrack(track) {
            if (transceiver.direction === "stopped") return Promise.reject(connection.#invalid("replaceTrack"));
            return connection.#queue("replaceTrack", () => void (this.track = track));
          },
        },
        stop() {
          if (connection.signalingState === "closed") throw connection.#invalid("stop");
          this.direction = "stopped";
        },
      };
      this.#transceivers.push(transceiver);
      return transceiver;
    }
    addTransceiver(track, { direction }) {
      if (this.signalingState === "closed") throw this.#invalid("addTransceiver");
      const transceiver = this.#new(track.kind ?? track, null, direction);
      if (track.kind) transceiver.sender.track = track;
      this.#look();
    }
    restartIce() {
      this.#restarts = true;
      this.#look();
    }
    /** Whether an offer is needed: told when nothing else is under way, and not twice. */
    #look() {
      const needs = () => this.#restarts || this.getTransceivers().some(({ mid }) => mid === null);
      if (this.#needed || !needs()) return;
      world.soon(() => {
        if (this.#needed || this.#steps > 0 || this.signalingState !== "stable" || !needs()) return;
        this.#needed = true;
        this.onnegotiationneeded?.();
      });
    }
    #stable() {
      this.signalingState = "stable";
      this.#needed = false;
      this.#look();
    }
    setLocalDescription() {
      return this.#queue("setLocalDescription", () => {
        const offer = this.signalingState === "stable";
        if (!offer && this.signalingState !== "have-remote-offer") throw this.#invalid("setLocalDescription");
        const mids = () => this.#transceivers.filter(({ mid }) => mid !== null);
        if (offer) {
          for (const transceiver of this.getTransceivers()) {
            if (transceiver.mid !== null) continue;
            transceiver.own = true;
            transceiver.mid = String(mids().length);
          }
          this.restarting = this.#restarts;
          this.#restarts = false;
        }
        const sections = mids().map(({ mid, receiver }) => ({ mid, kind: receiver.track.kind }));
        const nth = ++this.#nth;
        const answers = offer ? null : this.remoteDescription.sdp.nth;
        const sdp = { by: this, nth, sections, answers, toString: () => `v=0\r\no=- ${this.number} ${nth} IN IP4 0.0.0.0` };
        this.#local = { type: offer ? "offer" : "answer", sdp };
        this.found = [];
        if (offer) this.signalingState = "have-local-offer";
        else this.#stable();
        for (let more = 0; more < 2; more++) world.soon(() => this.#find(`${this.number} ${nth} ${more}`));
      });
    }
    setRemoteDescription({ type, sdp }) {
      return this.#queue("setRemoteDescription", () => {
        if (type === "answer") {
          if (this.signalingState !== "have-local-offer") throw this.#invalid("setRemoteDescription");
          assert.equal(sdp.answers, this.#local.sdp.nth, "it answers another offer");
          for (const transceiver of this.#transceivers) transceiver.own = false;
          this.#take({ type, sdp });
          return this.#stable();
        }
        if (this.signalingState === "have-local-offer") {
          for (const transceiver of this.#transceivers) if (transceiver.own) transceiver.mid = null;
          this.#restarts ||= this.restarting;
        } else if (this.signalingState !== "stable") throw this.#invalid("setRemoteDescription");
        this.#take({ type, sdp });
        this.signalingState = "have-remote-offer";
        for (const { mid, kind } of sdp.sections) {
          const known = this.#transceivers.find((transceiver) => transceiver.mid === mid);
          this.ontrack?.({ track: (known ?? this.#new(kind, mid, "recvonly")).receiver.track });
        }
      });
    }
    #take(description) {
      this.remoteDescription = description;
      for (const candidate of description.sdp.candidates) this.known.add(candidate);
    }
    #find(candidate) {
      if (!this.onicecandidate) return;
      this.found.push(candidate);
      this.onicecandidate({ candidate: { candidate } });
    }
    addIceCandidate({ candidate }) {
      return this.#queue("addIceCandidate", () => {
        assert.ok(this.remoteDescription);
        this.known.add(candidate);
      });
    }
    close() {
      this.signalingState = "closed";
    }
  };
};
