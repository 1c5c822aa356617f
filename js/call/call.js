// SPDX-License-Identifier: MIT
// One call, from the first ring to the last word: its state, its media, and how it ends.
import { Link } from "./link.js";
import { Media } from "./media.js";
import { Statistics } from "./statistics.js";
import { tell } from "./telling.js";

/** @typedef {import("./media.js").Kind} Kind */

/** How long two who lost each other are given to come back. */
const LOST_MS = 30_000;
/** Refusals of what was on its way when the call ended; and of a peer that confirms nothing. */
const OF_COURSE = new Set(["call_ended", "closed", "unsupported"]);

const [AUDIO, VIDEO] = /** @type {const} */ (["audio", "video"]);
const NOTHING = Object.freeze({ audio: false, video: false, screen: false });

/** @implements {GoopCall} */
export class Call {
  /** @type {GoopChannel | null} */
  #channel = null;
  /** @type {Link | null} */
  #link = null;
  #media = new Media((kind) => this.#mediaChanged(kind));
  #statistics = new Statistics();
  #muted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #losing;
  remoteStream = new MediaStream();
  /** @type {GoopCallState} */
  state = "ringing";
  /** @type {number | null} */
  since = null;
  /** @type {GoopMedia & { readonly screen: boolean }} */
  receives = NOTHING;
  /** @type {GoopMediaError | null} */
  mediaError = null;
  /** What the browser is being asked for. @type {GoopMedia} */
  asks = NOTHING;
  /** @type {GoopCallEnd | null} */
  ended = null;
  /** @type {GoopCall["onStateChange"]} */
  onStateChange = null;
  /** @type {GoopCall["onRemoteStream"]} */
  onRemoteStream = null;
  /** @type {GoopCall["onMediaState"]} */
  onMediaState = null;

  /**
   * @param {{ id: string, channelId?: string, peerId: string, peerLabel: string, context: string }} about
   * @param {(call: Call) => void} onChange  its state, or what it sends, has changed
   */
  constructor({ id, channelId = "", peerId, peerLabel, context }, onChange) {
    this.id = id;
    this.channelId = channelId;
    this.peerId = peerId;
    this.peerLabel = peerLabel;
    this.context = context;
    this.onChange = onChange;
    /** Gives the ringing up. */
    this.giveUp = new AbortController();
  }

  get localStream() {
    return this.#media.stream;
  }

  /** Whether there is one, muted or not. */
  get hasMicrophone() {
    return this.#media.tracks.audio !== null;
  }

  get sends() {
    const { tracks, screen } = this.#media;
    return { audio: tracks.audio !== null && !this.#muted, video: tracks.video !== null, screen };
  }

  /**
   * Ask for camera and microphone. What cannot be had is told, and the call goes on without.
   * @param {GoopCallOptions} wanted
   */
  async want({ audio, video }) {
    /** @type {Kind[]} */
    const kinds = [...(audio ? [AUDIO] : []), ...(video ? [VIDEO] : [])];
    if (kinds.length === 0) return;
    this.asks = { audio: kinds.includes(AUDIO), video: kinds.includes(VIDEO) };
    this.onChange(this);
    await this.#try(() => this.#media.open(...kinds));
    this.asks = NOTHING;
    this.onChange(this);
  }

  /**
   * Have what it takes to connect the browsers, so that it need not be waited for later.
   * @param {RTCConfiguration} configuration
   * @param {boolean} offers whether this side begins
   */
  prepare(configuration, offers) {
    if (this.ended) return;
    this.#link = new Link(
      {
        configuration,
        say: (message) => this.#say(message),
        track: (kind) => this.#media.tracks[kind],
        stream: this.#media.stream,
        onMet: () => this.#tellMedia(),
        onStream: (stream) => this.#streamCame(stream),
        onState: (state) => this.#linkChanged(state),
      },
      offers,
    );
  }

  /**
   * Both have agreed, and it is prepared: connect the browsers over the channel.
   * @param {GoopChannel} channel
   */
  connect(channel) {
    if (this.ended) return void channel.close();
    this.#channel = channel;
    this.channelId = channel.id;
    this.named(channel.peerLabel || this.peerLabel);
    channel.onMessage = (message, meta) => this.#heard(message, meta);
    channel.onStateChange = (_, detail) => this.#channelChanged(detail);
    channel.onError = (error) => OF_COURSE.has(error.code) || console.error("Goop.call:", error);
    this.#become("connecting");
    this.#link?.speak();
  }

  /** @param {string} peerLabel */
  named(peerLabel) {
    if (this.peerLabel === peerLabel) return;
    this.peerLabel = peerLabel;
    tell("onStateChange", this.onStateChange, this.state);
  }

  mute() {
    this.#setMuted(true);
  }

  async unmute() {
    if (!this.#media.tracks.audio) await this.#try(() => this.#media.open("audio"));
    this.#setMuted(false);
    return this.sends.audio;
  }

  /** @param {boolean} on */
  async camera(on) {
    if (!on) this.#media.close("video");
    else if (!this.#media.tracks.video || this.#media.screen) await this.#try(() => this.#media.open("video"));
    return this.sends.video && !this.sends.screen;
  }

  async share(on = true) {
    if (on) await this.#try(() => this.#media.openScreen());
    else if (this.#media.screen) this.#media.close("video");
    return this.sends.screen;
  }

  /**
   * Take the device that is chosen now, where one of that kind is in use.
   * @param {Kind} kind
   */
  async reopen(kind) {
    if (this.ended || !this.#media.tracks[kind] || (kind === "video" && this.#media.screen)) return;
    await this.#try(() => this.#media.open(kind));
    if (kind === "audio") this.#setMuted(this.#muted);
  }

  end(reason = "") {
    if (this.ended) return;
    const channel = this.#channel;
    if (channel) {
      void this.#say({ type: "call_end", ...(reason ? { reason } : {}) });
      void channel.close();
    }
    this.finish(channel ? "ended" : "cancelled", reason, false);
  }

  /** @returns {Promise<GoopCallStats>} */
  async stats() {
    return this.#statistics.of(this.#link && !this.ended ? await this.#link.report() : new Map());
  }

  /** The network has changed: look for another way at once. */
  networkChanged() {
    if (this.state === "connected" || this.state === "reconnecting") this.#link?.restart();
  }

  /**
   * It is over, whoever says so: everything is let go of.
   * @param {string} code
   * @param {string} reason
   * @param {boolean} byPeer
   */
  finish(code, reason, byPeer) {
    if (this.ended) return;
    clearTimeout(this.#losing);
    const { id: callId, peerId, peerLabel } = this;
    this.ended = Object.freeze({ callId, peerId, peerLabel, code, reason, byPeer });
    this.giveUp.abort();
    this.#link?.close();
    this.#media.release();
    this.#become("ended");
  }

  /**
   * @param {any} message
   * @param {GoopMeta} meta
   */
  async #heard(message, meta) {
    if (this.ended || meta.from !== this.peerId) return;
    if (message.type === "call_end") return this.finish("ended", message.reason ?? "", true);
    if (message.type === "media_state") {
      const { audio, video, screen } = message;
      this.receives = Object.freeze({ audio, video, screen });
      return this.#tellMediaState();
    }
    if (["sdp_offer", "sdp_answer", "ice_candidate"].includes(message.type)) await this.#link?.take(message);
  }

  /** @param {GoopDetail} detail */
  #channelChanged(detail) {
    if (detail.final && detail.code === "closed") this.finish("ended", "", true);
    else if (detail.final) this.finish(detail.code ?? "ended", detail.reason ?? "", true);
    // The other page is gone, and with it the media: no need to wait for the browser to notice.
    else if (detail.peerPage === "none" && this.state === "connected" && !this.#link?.connected) this.#become("reconnecting");
  }

  /** @param {RTCPeerConnectionState} state */
  #linkChanged(state) {
    if (state === "connected") {
      this.since ??= Date.now();
      this.#become("connected");
    } else if (this.state === "connected" && state !== "new") this.#become("reconnecting");
  }

  /** @param {MediaStream} stream */
  #streamCame(stream) {
    const other = stream !== this.remoteStream;
    this.remoteStream = stream;
    if (other) tell("onRemoteStream", this.onRemoteStream, stream);
  }

  /** @param {boolean} muted */
  #setMuted(muted) {
    this.#muted = muted;
    const { audio } = this.#media.tracks;
    if (audio) audio.enabled = !muted;
    this.#mediaTold();
  }

  /** @param {Kind} kind */
  #mediaChanged(kind) {
    if (kind === "audio" && this.#media.tracks.audio) this.#media.tracks.audio.enabled = !this.#muted;
    this.#link?.send(kind).catch((error) => console.error("Goop.call:", error));
    if (!this.ended) this.#mediaTold();
  }

  #mediaTold() {
    this.#tellMedia();
    this.#tellMediaState();
    this.onChange(this);
  }

  #tellMediaState() {
    tell("onMediaState", this.onMediaState, this.receives);
  }

  /** Tell the other page. */
  #tellMedia() {
    if (this.#channel && !this.ended) void this.#say({ type: "media_state", ...this.sends });
  }

  /** @param {() => Promise<void>} opening */
  async #try(opening) {
    try {
      await opening();
      this.mediaError = null;
    } catch (error) {
      this.mediaError = /** @type {GoopMediaError} */ (error);
      if (!this.ended) this.#tellMediaState();
    }
  }

  /**
   * @param {object} message
   * @returns {Promise<boolean>} `false` where it answers what is not open any more
   */
  async #say(message) {
    try {
      const sent = this.#channel?.send(message);
      await sent;
      // Only the side that orders the messages may know that it is too late for this one.
      await sent?.delivered;
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      if (code === "no_offer") return false;
      if (!this.ended && !OF_COURSE.has(code)) console.error("Goop.call:", error);
    }
    return true;
  }

  /** @param {GoopCallState} state */
  #become(state) {
    if (this.state === state || (this.ended && state !== "ended")) return;
    this.state = state;
    clearTimeout(this.#losing);
    if (state === "connecting" || state === "reconnecting") {
      this.#losing = setTimeout(() => this.#lost(), LOST_MS);
    }
    tell("onStateChange", this.onStateChange, state);
    this.onChange(this);
  }

  #lost() {
    void this.#channel?.close();
    this.finish("lost", "the two browsers do not reach each other", false);
  }
}
