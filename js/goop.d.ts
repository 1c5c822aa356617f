// SPDX-License-Identifier: MIT
// The types of what pages see. Global: reference this file and `Goop` is typed.
/// <reference path="./goop-realtime.d.ts" />

interface GoopSelf {
  /** The same as `peerId`, by the name that Goop² has for it. */
  readonly id: string;
  /** The same as `peerLabel`. */
  readonly label: string;
  /** Of Goop² nodes; `""` here. */
  readonly email: string;
  /** Of Goop² nodes; `""` here. */
  readonly avatar_hash: string;
  /** What other nodes know it by. */
  readonly peerId: string;
  /** What its person is called. */
  readonly peerLabel: string;
}

interface GoopIdentity {
  /** Who this node is; asked once and remembered until `refresh()`. */
  get(): Promise<GoopSelf>;
  /** Of `get()`: the peer id. */
  id(): Promise<string>;
  /** Of `get()`: what the person is called. */
  label(): Promise<string>;
  /** Of `get()`. */
  email(): Promise<string>;
  /** Ask anew. */
  refresh(): Promise<GoopSelf>;
}

interface GoopPeer {
  /** What it is known by. */
  readonly peerId: string;
  /** What its person is called. */
  readonly peerLabel: string;
  /** Whether it is there now. */
  readonly online: boolean;
  /** Twenty digits in groups, the same at every node: what two people compare. */
  readonly fingerprint: string;
  /** The node's own keys: `ID`, `Content`, `Email`, `AvatarHash`, `LastSeen`, … */
  readonly [key: string]: any;
}

interface GoopPeerEvent {
  /** It is there, or has changed; or is no longer known. */
  readonly type: "update" | "remove";
  /** The same as `peerId`, by the name that Goop² has for it. */
  readonly peer_id: string;
  /** Which peer. */
  readonly peerId: string;
  /** As it is now; not of `remove`. */
  readonly peer?: GoopPeer;
}

interface GoopPeerCallbacks {
  /** All of them, at the beginning and after each gap of the stream. */
  onSnapshot?(peers: GoopPeer[]): unknown;
  /** One is there, or has changed. */
  onUpdate?(event: GoopPeerEvent & { peer: GoopPeer }): unknown;
  /** One is no longer known. */
  onRemove?(event: GoopPeerEvent): unknown;
  /** The stream broke and comes again. Where the node refuses it: an `Error` with its words and `code`. */
  onError?(error: unknown): unknown;
}

interface GoopPeers {
  /** All that this node knows, once. */
  list(): Promise<GoopPeer[]>;
  /** Call the result to end this one subscription. Throws a `TypeError` for a name that is none of
   * these, or what is no function. */
  subscribe(callbacks: GoopPeerCallbacks): () => void;
  /** Ends every subscription of the page. */
  unsubscribe(): void;
}

/** Needs `goop-names.js`. People's names can be in any script, and come from other people. */
interface GoopNames {
  /** Somebody's name in a sentence, set apart (by Unicode's isolates): whatever its direction, the
   * text around it keeps its own. */
  apart(name: string): string;
  /** The same sentence without the marks: for attributes, and for what is read aloud. */
  spoken(text: string): string;
  /** The sentence for `element.append(…)`: text, and each name set apart as a `bdi` element. */
  pieces(text: string): (Node | string)[];
}

/** Something that is read from the node again and again, one reading at a time. */
interface GoopReading {
  /** Read it (again). Calls that come during a reading share one more. Resolves when that is over,
   * whatever came of it. */
  again(): Promise<void>;
}

/** Every script adds its own. */
interface GoopGlobal {
  /** Needs `goop-identity.js`. */
  identity: GoopIdentity;
  /** Needs `goop-peers.js`. */
  peers: GoopPeers;
  /** Needs `goop-names.js`. */
  names: GoopNames;
  /** Needs `goop-reading.js`. `read` reads and shows it. `failed` takes what went wrong, and returns
   * `false` where it is not worth trying again; else that is done by itself, ever more seldom, unless
   * the node refused it (an error whose `status` is below 500). */
  reading(read: () => unknown, failed: (error: any) => unknown): GoopReading;
}

declare var Goop: GoopGlobal;
