// SPDX-License-Identifier: MIT
// The types of what pages see. Global: reference this file and `Goop` is typed.
/// <reference path="./goop-realtime.d.ts" />

interface GoopSelf {
  readonly id: string;
  readonly label: string;
  readonly email: string;
  readonly avatar_hash: string;
  readonly peerId: string;
  readonly peerLabel: string;
}

interface GoopIdentity {
  /** Who this node is; asked once and remembered until `refresh()`. */
  get(): Promise<GoopSelf>;
  id(): Promise<string>;
  label(): Promise<string>;
  email(): Promise<string>;
  refresh(): Promise<GoopSelf>;
}

interface GoopPeer {
  readonly peerId: string;
  readonly peerLabel: string;
  readonly online: boolean;
  /** Twenty digits in groups, the same at every node: what two people compare. */
  readonly fingerprint: string;
  /** The node's own keys: `ID`, `Content`, `Email`, `AvatarHash`, `LastSeen`, … */
  readonly [key: string]: any;
}

interface GoopPeerEvent {
  readonly type: "update" | "remove";
  readonly peer_id: string;
  readonly peerId: string;
  readonly peer?: GoopPeer;
}

interface GoopPeerCallbacks {
  onSnapshot?(peers: GoopPeer[]): unknown;
  onUpdate?(event: GoopPeerEvent & { peer: GoopPeer }): unknown;
  onRemove?(event: GoopPeerEvent): unknown;
  /** The stream broke and comes again. Where the node refuses it: an `Error` with its words and `code`. */
  onError?(error: unknown): unknown;
}

interface GoopPeers {
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
  identity: GoopIdentity;
  peers: GoopPeers;
  names: GoopNames;
  /** Needs `goop-reading.js`. `read` reads and shows it. `failed` takes what went wrong, and returns
   * `false` where it is not worth trying again; else that is done by itself, ever more seldom, unless
   * the node refused it (an error whose `status` is below 500). */
  reading(read: () => unknown, failed: (error: any) => unknown): GoopReading;
}

declare var Goop: GoopGlobal;
