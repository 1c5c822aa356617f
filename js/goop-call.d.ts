// SPDX-License-Identifier: MIT
// The types of `Goop.call`, which the video_call plugin brings. Global, beside those of
// `goop-realtime.d.ts`; needs `goop-realtime.js`.

/** What somebody would like to send. */
interface GoopMedia {
  readonly audio: boolean;
  readonly video: boolean;
}

type GoopCallState = "ringing" | "connecting" | "connected" | "reconnecting" | "ended";

/** Why a call has ended. `code`: `ended` (somebody hung up), `declined`, `busy`, `no_answer`,
 * `cancelled` (given up while it rang), `answered_elsewhere`, `lost` (no way to each other for half
 * a minute), or a code of `Goop.realtime`. `byPeer`: the other person did it. */
interface GoopCallEnd {
  readonly callId: string;
  readonly peerId: string;
  readonly peerLabel: string;
  readonly code: string;
  readonly reason: string;
  readonly byPeer: boolean;
}

/** How a call is now; `null` where nobody knows yet. */
interface GoopCallStats {
  readonly framesDecoded: number;
  readonly framesSent: number;
  /** From 0 to 1. */
  readonly audioLevel: number | null;
  /** Seconds to the other browser and back. */
  readonly roundTrip: number | null;
  /** Of the packets of the last while, the share that was lost: 0 to 1. */
  readonly loss: number | null;
  readonly quality: "good" | "fair" | "poor" | null;
  /** How the two reach each other: `host`, `srflx`, `prflx` or `relay`. */
  readonly path: string | null;
}

/** Why there is no camera, microphone or screen. `code`: `not_allowed`, `no_device`,
 * `device_busy`, `insecure` (a page of plain http on another machine) or `media_error`. */
interface GoopMediaError extends Error {
  readonly code: string;
}

interface GoopCall {
  readonly id: string;
  readonly peerId: string;
  /** `""` until the node has told it: `onStateChange` is called then. */
  readonly peerLabel: string;
  readonly context: string;
  /** What the own camera, microphone or screen gives. Its tracks come and go. */
  readonly localStream: MediaStream;
  readonly remoteStream: MediaStream;
  readonly state: GoopCallState;
  /** When the two were first connected, in Unix milliseconds. */
  readonly since: number | null;
  /** What is sent, and what the other person says they send. */
  readonly sends: GoopMedia & { readonly screen: boolean };
  readonly receives: GoopMedia & { readonly screen: boolean };
  /** Why the last thing that was wanted of camera, microphone or screen failed. */
  readonly mediaError: GoopMediaError | null;
  readonly ended: GoopCallEnd | null;
  mute(): void;
  /** Resolves to whether there is a microphone now. */
  unmute(): Promise<boolean>;
  /** Resolves to whether it is on now; switched off, its light goes out. */
  camera(on: boolean): Promise<boolean>;
  /** Show the screen in the camera's place, or stop that. Resolves to whether it is shown now. */
  share(on?: boolean): Promise<boolean>;
  end(reason?: string): void;
  stats(): Promise<GoopCallStats>;
  onStateChange: ((state: GoopCallState) => unknown) | null;
  /** Again with another stream when the other page was loaded anew. */
  onRemoteStream: ((stream: MediaStream) => unknown) | null;
  /** `sends`, `receives` or `mediaError` has changed. */
  onMediaState: ((receives: GoopMedia & { readonly screen: boolean }) => unknown) | null;
}

interface GoopIncomingCall {
  readonly callId: string;
  readonly peerId: string;
  readonly peerLabel: string;
  readonly context: string;
  /** What the caller would like; without words both. */
  readonly media: GoopMedia;
  /** The person has accepted at home, and is to say with what. */
  readonly accepted: boolean;
}

interface GoopCallOptions {
  audio?: boolean;
  video?: boolean;
}

interface GoopCalls {
  /** Calls somebody: at once, and without waiting for the camera. What fails later ends the call. */
  start(peerId: string, options?: GoopCallOptions & { context?: string }): GoopCall;
  /** Only for what `onIncoming` told. */
  accept(callId: string, options?: GoopCallOptions): Promise<GoopCall>;
  decline(callId: string, reason?: string): Promise<void>;
  end(callId: string, reason?: string): void;
  /** The call that goes on here. */
  readonly current: GoopCall | null;
  /** The cameras and microphones there are; nameless until one was allowed. */
  devices(): Promise<MediaDeviceInfo[]>;
  /** Use this camera or microphone from now on, in a running call as well. It is remembered. */
  choose(device: { kind: MediaDeviceKind; deviceId: string }): Promise<void>;
  /** Somebody calls. Nothing is ever answered by itself. */
  onIncoming: ((call: GoopIncomingCall) => unknown) | null;
  /** A call has ended, or one that rang is over. */
  onEnded: ((end: GoopCallEnd) => unknown) | null;
  /** A call that was going on when this page was loaded anew goes on, and one that it made rings on. */
  onResumed: ((call: GoopCall) => unknown) | null;
}

/** `<goop-call>`, of `goop-call-element.js`. Its events: `callstart` with the call as `detail`, and
 * `callend` with its end. It has the attribute `open` while it shows something, and is not there else. */
interface GoopCallElement extends HTMLElement {
  /** The call that is shown. */
  readonly call: GoopCall | null;
  start(peerId: string, options?: GoopCallOptions & { context?: string }): GoopCall;
}

interface HTMLElementTagNameMap {
  "goop-call": GoopCallElement;
}

interface GoopGlobal {
  call: GoopCalls;
}
