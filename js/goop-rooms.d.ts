// SPDX-License-Identifier: MIT
// The types of rooms: what `Goop.realtime.joinRoom()` and `rooms()` give. Global, as `goop.d.ts`.
/// <reference path="./goop-realtime.d.ts" />

interface GoopMember {
  /** Who it is. */
  readonly peerId: string;
  /** What they are called. */
  readonly peerLabel: string;
}

/** Where something stands in a room's log. A host's epoch is its number and its peer id; `seq` goes on
 * from host to host. */
type GoopRoomPlace = [number: number, host: string, seq: number];

/** Why a room is in its state. */
interface GoopRoomDetail {
  /** Of a suspended room, what keeps it so (`null` while a host is looked for); of one that was left, how. */
  readonly code: GoopObstacle | "node_unreachable" | (string & {}) | null;
  /** The same in words, for the person. */
  readonly reason: string | null;
  /** No host just now, or none that this node's version can follow: what is sent waits. */
  readonly suspended: boolean;
  /** The peer id of the member that orders, `""` for none. */
  readonly host: string;
  /** At the host: whose version of the plugin keeps them out of the room, in words. */
  readonly apart: readonly (GoopMember & { readonly reason: string })[];
}

/** What came with a message in a room. */
interface GoopRoomMeta extends GoopMeta {
  /** Of `sendTo`: whom it was for. Else `null`. */
  readonly to: string | null;
}

/** What became of one `send()`; see `GoopSent`. */
interface GoopRoomSent extends GoopSent {
  /** The host and at least one more member have it safely: no loss of one computer loses it. */
  readonly delivered: Promise<{ id: string }>;
  /** All who were members when it was ordered are done with it, or have left. */
  readonly handled: Promise<{ id: string; failed: boolean }>;
  /** That member's page is done with it. Rejects with `left` where they left before, or were none. */
  handledBy(peerId: string): Promise<{ id: string; failed: boolean }>;
}

/** A message of the past, as `history()` tells it. */
interface GoopRoomPast<Message = any> {
  /** The message. */
  readonly data: Message;
  /** What came with it. */
  readonly meta: GoopRoomMeta;
  /** The sender's peer id, as in `meta`. */
  readonly from: string;
}

/** As `GoopSnapshot`. Behind `onRewound` an older one stands for what is not in the log any more. */
interface GoopRoomSnapshot {
  /** What the context's plugin says; `null` where the context has no state. */
  readonly state: any;
  /** The last entry that is in it. */
  readonly position: GoopRoomPlace;
}

type GoopRoomState = "joining" | "joined" | "left";

/** A room, for one script of a page: each `joinRoom()` gives one with handlers of its own. Whoever
 * leaves does so for the node: for all scripts and tabs. */
interface GoopRoom<Message = any, Version extends string = string> {
  /** The name it was joined by. */
  readonly id: string;
  /** Its full name, such as `arcade_1`; `""` for none. */
  readonly context: string;
  /** As `channel.version`. */
  readonly version: Version;
  /** In the order in which they joined, oneself included. */
  readonly members: readonly GoopMember[];
  /** How many may be in it. */
  readonly maxPeers: number;
  /** One's own peer id. */
  readonly self: string;
  /** The peer id of the member that orders just now (`""` for none): it changes when the host leaves or is lost,
   * which `onStateChange` tells. */
  readonly host: string;
  /** How it is; `onStateChange` tells changes. */
  readonly state: GoopRoomState;
  /** Why it is like that. */
  readonly detail: GoopRoomDetail;
  /** Bytes of messages that the own node has not accepted yet. */
  readonly bufferedAmount: number;
  /** To all. Throws and rejects as `channel.send()`; with `left` once the room is left, and with
   * `too_fast` or `not_connected` where a `volatile` message cannot leave now. */
  send(data: Message, options?: { timeout?: number }): GoopRoomSent;
  /** To one member: nobody else but the host can read it. Always ordered. */
  sendTo(peerId: string, data: Message, options?: { timeout?: number }): GoopRoomSent;
  /** What the room's log still holds, one's own messages included, in order. */
  history(): Promise<GoopRoomPast<Message>[]>;
  /** As `channel.snapshot()`. */
  snapshot(): Promise<GoopRoomSnapshot>;
  /** As `channel.signal()`: something fleeting without a type, to all who can take it now. */
  signal(data: unknown): boolean;
  /** Resolves when the room has been left, and never rejects. What was not ordered rejects with `left`:
   * whether it arrives is unknown. */
  leave(): Promise<void>;
  /** Waits for a handler; a returned promise is awaited before the next. `latest` messages skip those
   * that a newer one has replaced. */
  onMessage: ((peerId: string, data: Message, meta: GoopRoomMeta) => unknown) | null;
  /** Others who join. A handler set later is first called for each other member that is there. */
  onMemberJoin: ((peer: GoopMember) => unknown) | null;
  /** Others who leave, or are lost for good. */
  onMemberLeave: ((peer: GoopMember) => unknown) | null;
  /** Also when the host changes, or is away (`detail.suspended`). */
  onStateChange: ((state: GoopRoomState, detail: GoopRoomDetail) => unknown) | null;
  /** Refusals and errors of this room that no awaited promise reported; also of a message that had
   * arrived, and is lost with the computers that had it (`lost`). */
  onError: ((error: GoopError) => unknown) | null;
  /** What stood behind `to`, up to `from`, was ordered anew by another host. Messages that were handed
   * out are not handed out again; `history()` has the order that counts. Member events follow. */
  onRewound: ((rewound: { from: GoopRoomPlace | null; to: GoopRoomPlace | null }) => unknown) | null;
  /** Messages after `from` up to `to` are gone for this page. */
  onGap: ((gap: { from: GoopRoomPlace | null; to: GoopRoomPlace | null }) => unknown) | null;
  /** Something fleeting came; see `signal()`. */
  onSignal: ((data: any, meta: { from: string }) => unknown) | null;
  /** As `channel.onSnapshot`; also where the log was cut back. */
  onSnapshot: ((snapshot: GoopRoomSnapshot) => unknown) | null;
  /** Once after `outbox_full`: there is room again. */
  onDrain: (() => unknown) | null;
}

interface GoopRoomOptions {
  /** How many may be in it, 2 to 64; whoever makes the room decides. 8 unless told otherwise. */
  maxPeers?: number;
  /** A secret: only who knows it finds the room and gets in. */
  key?: string;
  /** `false`: `rooms()` of others does not show it. */
  listed?: boolean;
  /** The context whose rules hold. Without it: the one that the room's name begins with
   * (`arcade_42`), else none, and the name is the template's own. */
  context?: string;
}

/** An open room nearby. */
interface GoopOpenRoom {
  /** What `joinRoom()` takes. */
  readonly room: string;
  /** What people call its context. */
  readonly title: string;
  /** How many are in it. */
  readonly members: number;
  /** How many may be. */
  readonly maxPeers: number;
  /** The peer id of the member that orders. */
  readonly host: string;
}

/** A list that follows what is there until it is stopped. */
interface GoopOpenRooms {
  /** `null` until the node has told them. */
  readonly rooms: readonly GoopOpenRoom[] | null;
  /** Called with all of them once they are known, and at every change. */
  onChange: ((rooms: readonly GoopOpenRoom[]) => unknown) | null;
  /** Look no more. */
  stop(): void;
}
