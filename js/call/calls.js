// SPDX-License-Identifier: MIT
// Who calls and is called: what a page sees as Goop.call.
import { KINDS, checkHandler, checkOptions, check } from "../shared/checks.js";
import { Call } from "./call.js";
import { choose, devices } from "./media.js";
import { forget, hold, remember, remembered } from "./resuming.js";
import { tell } from "./telling.js";

export const CONTEXT = "video_call";
/** How long it rings. */
const RING_MS = 45_000;

const MEDIA = { audio: KINDS.BOOLEAN, video: KINDS.BOOLEAN };

/** What becomes of a request's codes. @type {Record<string, string>} */
const CODES = { timeout: "no_answer", expired: "no_answer", aborted: "cancelled" };

/** How a call that rang here is over: the person has answered it elsewhere, in whatever way. @type {Record<string, string>} */
const STOPPED = { ...CODES, accepted: "answered_elsewhere", declined: "answered_elsewhere" };

/** @param {string} context */
const isCall = (context) => context === CONTEXT || context.startsWith(`${CONTEXT}_`);

/** @returns {Promise<RTCConfiguration>} the servers that the node names; `relay_only` is among it */
async function iceOfNode() {
  const response = await fetch("/api/video_call/ice", { credentials: "same-origin", cache: "no-store" });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Goop.realtime.GoopError(answer.code ?? "http_error", answer.detail ?? `the node answered ${response.status}`);
}

/**
 * One's own requests that wait, as the node has them.
 * @returns {Promise<readonly GoopInvitation[]>}
 */
function sent() {
  return new Promise((resolve) => {
    const stop = Goop.realtime.invitations((now) => {
      resolve(now.sent);
      stop();
    });
  });
}

/**
 * Whether that is the call which the tab remembers.
 * @param {import("./resuming.js").Before} before
 * @param {GoopChannel} one
 */
const isOf = ({ channel, peerId, context }, one) => (channel ? one.id === channel : one.peerId === peerId && one.context === context);

/**
 * End what is left of a call whose pages are gone: it would be taken for the one that is begun, and
 * nobody would hear it ring.
 * @param {string} peerId
 * @param {string} context
 */
async function leaveBehind(peerId, context) {
  const left = (await Goop.realtime.channels()).filter((one) => one.peerId === peerId && one.context === context);
  await Promise.all(left.map((channel) => channel.close()));
}

export class Calls {
  /** @type {Call | null} */
  current = null;
  /** @type {Map<string, GoopIncoming>} those that ring */
  #ringing = new Map();
  /** @type {(() => void) | null} */
  #stop = null;
  /** @type {GoopCalls["onIncoming"]} */
  onIncoming = null;
  /** @type {GoopCalls["onEnded"]} */
  onEnded = null;
  /** @type {GoopCalls["onResumed"]} */
  onResumed = null;

  /** Requests are taken once the page can show them. */
  serve() {
    this.#stop ??= Goop.realtime.serve(
      CONTEXT,
      (request) => this.#rings(request),
      (request) => this.#stopsRinging(request),
    );
  }

  /**
   * @param {string} peerId
   * @param {GoopCallOptions & { context?: string }} [options]
   */
  start(peerId, options) {
    check("start(peerId, options): peerId", peerId, KINDS.NAME);
    checkOptions("start(peerId, options)", options, { ...MEDIA, context: KINDS.NAME });
    const { context = CONTEXT, ...wanted } = options ?? {};
    if (!isCall(context)) throw new TypeError(`start(): context: expected "${CONTEXT}" or "${CONTEXT}_<id>"`);
    const call = this.#begin({ id: `out-${crypto.getRandomValues(new Uint32Array(1))[0]}`, peerId, peerLabel: "", context });
    void this.#ring(call, { audio: wanted.audio ?? true, video: wanted.video ?? true });
    return call;
  }

  /**
   * @param {string} callId
   * @param {GoopCallOptions} [options]
   */
  async accept(callId, options) {
    checkOptions("accept(callId, options)", options, MEDIA);
    const request = this.#ringing.get(callId);
    if (!request) throw new Goop.realtime.GoopError("unknown_call", "that call does not ring here");
    this.#ringing.delete(callId);
    const { peerId, peerLabel, context } = request;
    const call = this.#begin({ id: callId, channelId: callId, peerId, peerLabel, context });
    void call.want({ audio: options?.audio ?? true, video: options?.video ?? true });
    await this.#open(call, request.accept(), false);
    return call;
  }

  /**
   * @param {string} callId
   * @param {string} [reason]
   */
  async decline(callId, reason) {
    const request = this.#ringing.get(callId);
    this.#ringing.delete(callId);
    await request?.decline(reason);
  }

  /**
   * @param {string} callId
   * @param {string} [reason]
   */
  end(callId, reason) {
    if (this.current?.id === callId) this.current.end(reason);
  }

  async devices() {
    const all = await devices().enumerateDevices();
    return all.filter(({ kind }) => kind !== "audiooutput");
  }

  /** @param {{ kind: MediaDeviceKind, deviceId: string }} device */
  async choose(device) {
    choose(device);
    await this.current?.reopen(device.kind === "videoinput" ? "video" : "audio");
  }

  /** Go on with the call that this tab had before it was loaded anew. */
  async resume() {
    const before = remembered();
    if (!before) return;
    const letGo = await hold(before);
    const channel = letGo && (await Goop.realtime.channels()).find((one) => isOf(before, one));
    if (!channel || this.current) {
      letGo?.();
      return forget();
    }
    const { id, peerId, peerLabel, context } = channel;
    const asked = (await sent()).find(({ channelId }) => channelId === id);
    const call = this.#begin({ id, channelId: before.channel, peerId, peerLabel, context }, letGo);
    call.since = before.since;
    if (before.muted) call.mute();
    void call.want(before);
    tell("onResumed", this.onResumed, call);
    if (asked) call.giveUp.signal.addEventListener("abort", () => call.channelId || asked.withdraw());
    await this.#open(call, asked?.opened() ?? Promise.resolve(channel), true);
  }

  /**
   * @param {{ id: string, channelId?: string, peerId: string, peerLabel: string, context: string }} about
   * @param {() => void} [held]  lets go of it, where it is held already
   */
  #begin(about, held) {
    // One camera, one microphone, one person: who begins another call has ended the first.
    this.current?.end();
    const call = (this.current = new Call(about, (changed) => this.#changed(changed)));
    void Promise.resolve(held ?? hold(call)).then((letGo) => {
      if (call.ended) letGo?.();
      else if (letGo) call.giveUp.signal.addEventListener("abort", letGo);
    });
    return call;
  }

  /**
   * @param {Call} call
   * @param {GoopMedia} media
   */
  async #ring(call, media) {
    void call.want(media);
    const { peerId, context, giveUp } = call;
    const asking = () =>
      Goop.realtime.connect(peerId, { context, params: { media }, timeout: RING_MS, signal: giveUp.signal, unopened: true });
    const again = async (/** @type {any} */ error) => {
      if (error.code !== "already_open") throw error;
      await leaveBehind(peerId, context);
      return asking();
    };
    // The node knows what they are called.
    const stop = Goop.realtime.invitations(({ sent }) => {
      const asked = sent.find((one) => one.peerId === peerId && one.context === context);
      if (asked) call.named(asked.peerLabel);
    });
    await this.#open(call, asking().catch(again), true).catch(() => {}); // its end says why
    stop();
  }

  /**
   * While the other one is asked, or told, the call is prepared.
   * @param {Call} call
   * @param {Promise<GoopChannel>} opened
   * @param {boolean} offers
   */
  async #open(call, opened, offers) {
    try {
      // Without an answer of the node there is no call: it may say that nobody is to learn this
      // browser's address.
      const prepared = iceOfNode().then((configuration) => call.prepare(configuration, offers));
      const [channel] = await Promise.all([opened, prepared]);
      call.connect(channel);
    } catch (/** @type {any} */ error) {
      void opened.then((channel) => channel.close(), () => {});
      const busy = error.code === "declined" && error.message === "busy";
      const code = busy ? "busy" : CODES[error.code] ?? error.code ?? "failed";
      call.finish(code, error.message ?? "", ["declined", "busy"].includes(code));
      throw error;
    }
  }

  /** @param {GoopIncoming} request */
  #rings(request) {
    const { current } = this;
    if (current && current.peerId !== request.peerId) return void request.decline("busy");
    // Both call each other: their two requests become one channel.
    if (current?.state === "ringing" && current.context === request.context) return;
    this.#ringing.set(request.channelId, request);
    const { channelId: callId, peerId, peerLabel, context, params, accepted } = request;
    const media = params?.media ?? { audio: true, video: true };
    tell("onIncoming", this.onIncoming, { callId, peerId, peerLabel, context, media, accepted });
  }

  /** @param {GoopIncomingEnded} request */
  #stopsRinging({ channelId: callId, peerId, peerLabel, code }) {
    if (!this.#ringing.delete(callId)) return;
    const byPeer = code === "cancelled" || code === "expired";
    tell("onEnded", this.onEnded, { callId, peerId, peerLabel, code: STOPPED[code] ?? code, reason: "", byPeer });
  }

  /** @param {Call} call */
  #changed(call) {
    if (!call.ended) return remember(call);
    if (this.current === call) this.current = null;
    forget();
    tell("onEnded", this.onEnded, call.ended);
  }
}

/** @returns {GoopCalls} */
export function calls() {
  const all = new Calls();
  const restart = () => all.current?.networkChanged();
  addEventListener("online", restart);
  /** @type {any} */ (navigator).connection?.addEventListener?.("change", restart);
  return {
    start: (peerId, options) => all.start(peerId, options),
    accept: (callId, options) => all.accept(callId, options),
    decline: (callId, reason) => all.decline(callId, reason),
    end: (callId, reason) => all.end(callId, reason),
    devices: () => all.devices(),
    choose: (device) => all.choose(device),
    get current() {
      return all.current;
    },
    get onIncoming() {
      return all.onIncoming;
    },
    set onIncoming(handler) {
      all.onIncoming = checkHandler("Goop.call.onIncoming", handler);
      if (handler) all.serve();
    },
    get onEnded() {
      return all.onEnded;
    },
    set onEnded(handler) {
      all.onEnded = checkHandler("Goop.call.onEnded", handler);
    },
    get onResumed() {
      return all.onResumed;
    },
    set onResumed(handler) {
      all.onResumed = checkHandler("Goop.call.onResumed", handler);
      if (handler) all.resume().catch((error) => console.error("Goop.call:", error));
    },
  };
}
