// SPDX-License-Identifier: MIT
// The types of `Goop.call`, which the video_call plugin brings. Global, beside those of
// `goop-realtime.d.ts`; needs `goop-realtime.js`.

/** What somebody would like to send. */
interface GoopMedia {
  /** By microphone. */
  readonly audio: boolean;
  /** By camera. */
  readonly video: boolean;
}

type GoopCallState = "ringing" | "connecting" | "connected" | "reconnecting" | "ended";

/** Why a call has ended. */
interface GoopCallEnd {
  /** Which call. */
  readonly callId: string;
  /** Who the other person was. */
  readonly peerId: string;
  /** What they are called. */
  readonly peerLabel: string;
  /** `ended` (somebody hung up), `declined`, `busy`, `no_answer`, `cancelled` (given up while it rang),
   * `answered_elsewhere`, `lost` (no way to each other for half a minute), or a code of `Goop.realtime`. */
  readonly code: string;
  /** The same for people, or what the other person said; may be `""`. */
  readonly reason: string;
  /** The other person did it. */
  readonly byPeer: boolean;
}

/** How a call is now; `null` where nobody knows yet. */
interface GoopCallStats {
  /** Pictures that came and were decoded, so far. */
  readonly framesDecoded: number;
  /** Pictures that were sent, so far. */
  readonly framesSent: number;
  /** From 0 to 1. */
  readonly audioLevel: number | null;
  /** Seconds to the other browser and back. */
  readonly roundTrip: number | null;
  /** Of the packets of the last while, the share that was lost: 0 to 1. */
  readonly loss: number | null;
  /** What all of it comes to, for people. */
  readonly quality: "good" | "fair" | "poor" | null;
  /** How the two reach each other: `host`, `srflx`, `prflx` or `relay`. */
  readonly path: string | null;
}

/** Why there is no camera, microphone or screen. */
interface GoopMediaError extends Error {
  /** `not_allowed`, `no_device`, `device_busy`, `insecure` (a page of plain http on another machine) or
   * `media_error`. */
  readonly code: string;
}

interface GoopCall {
  /** Names it at both ends. */
  readonly id: string;
  /** Who the other person is. */
  readonly peerId: string;
  /** `""` until the node has told it: `onStateChange` is called then. */
  readonly peerLabel: string;
  /** The context of its signalling, such as `video_call`. */
  readonly context: string;
  /** What the own camera, microphone or screen gives. Its tracks come and go. */
  readonly localStream: MediaStream;
  /** What the other person sends. Its tracks come and go. */
  readonly remoteStream: MediaStream;
  /** How far it is; `onStateChange` tells changes. */
  readonly state: GoopCallState;
  /** When the two were first connected, in Unix milliseconds. */
  readonly since: number | null;
  /** What is sent. */
  readonly sends: GoopMedia & { readonly screen: boolean };
  /** What the other person says they send. */
  readonly receives: GoopMedia & { readonly screen: boolean };
  /** Why the last thing that was wanted of camera, microphone or screen failed. */
  readonly mediaError: GoopMediaError | null;
  /** How it has ended; `null` until it has. */
  readonly ended: GoopCallEnd | null;
  /** Turn the microphone off. */
  mute(): void;
  /** Resolves to whether there is a microphone now. */
  unmute(): Promise<boolean>;
  /** Resolves to whether it is on now; switched off, its light goes out. */
  camera(on: boolean): Promise<boolean>;
  /** Show the screen in the camera's place, or stop that. Resolves to whether it is shown now. */
  share(on?: boolean): Promise<boolean>;
  /** Hang up, or give up while it rings. `reason` is for the other person. */
  end(reason?: string): void;
  /** How it is now. */
  stats(): Promise<GoopCallStats>;
  /** It has another state, or another name for the other person. */
  onStateChange: ((state: GoopCallState) => unknown) | null;
  /** Again with another stream when the other page was loaded anew. */
  onRemoteStream: ((stream: MediaStream) => unknown) | null;
  /** `sends`, `receives` or `mediaError` has changed. */
  onMediaState: ((receives: GoopMedia & { readonly screen: boolean }) => unknown) | null;
}

interface GoopIncomingCall {
  /** What `accept()` and `decline()` take. */
  readonly callId: string;
  /** Who calls. */
  readonly peerId: string;
  /** What they are called. */
  readonly peerLabel: string;
  /** The context of its signalling, such as `video_call`. */
  readonly context: string;
  /** What the caller would like; without words both. */
  readonly media: GoopMedia;
  /** The person has accepted at home, and is to say with what. */
  readonly accepted: boolean;
}

interface GoopCallOptions {
  /** With the microphone on; it is unless told otherwise. */
  audio?: boolean;
  /** With the camera on; it is unless told otherwise. */
  video?: boolean;
}

interface GoopCalls {
  /** Calls somebody: at once, and without waiting for the camera. What fails later ends the call. */
  start(peerId: string, options?: GoopCallOptions & { context?: string }): GoopCall;
  /** Only for what `onIncoming` told. */
  accept(callId: string, options?: GoopCallOptions): Promise<GoopCall>;
  /** Say no, with words for the other person. */
  decline(callId: string, reason?: string): Promise<void>;
  /** End a call of this page; see `GoopCall.end()`. */
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
  /** As `Goop.call.start()`, and show it. */
  start(peerId: string, options?: GoopCallOptions & { context?: string }): GoopCall;
}

interface HTMLElementTagNameMap {
  "goop-call": GoopCallElement;
}

interface GoopGlobal {
  /** Needs `goop-call.js`. */
  call: GoopCalls;
}
