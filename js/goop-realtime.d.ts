// SPDX-License-Identifier: MIT
// The types of `Goop.realtime` and `Goop.attention`, which the realtime plugin brings. Global, as
// `goop.d.ts`, which references this file. Rooms have a file of their own.
/// <reference path="./goop-rooms.d.ts" />

/** What a `GoopError` says: `code` is stable, `message` is for people. */
interface GoopError extends Error {
  /** Tells it from errors of the page. */
  readonly name: "GoopError";
  /** For example `declined`, `timeout`, `unreachable`, `outbox_full`, `closed`, `node_unreachable`. */
  readonly code: string;
  /** Where in the message the fault is (JSON Pointer), when a schema refused it. */
  readonly pointer?: string;
  /** Of `permission_needed`: what has to be granted. */
  readonly permission?: string;
  /** Of `permission_needed`: the address at home where that is granted. */
  readonly home?: string;
  /** The HTTP status, when an endpoint of the node answered with an error. */
  readonly status?: number;
  /** The message id, when it is about one message. */
  readonly id?: string;
  /** The channel id, when it is about one channel. */
  readonly channelId?: string;
}

interface GoopErrorConstructor {
  new (code: string, message: string, more?: object): GoopError;
  /** What `instanceof` looks for. */
  readonly prototype: GoopError;
}

type GoopState = "connecting" | "connected" | "disconnected";

/** What keeps a node from taking part, until it is mended there. `plugin_missing`: no plugin serves the
 * context. `plugin_failed`: its code failed. `contract_mismatch`: the versions of the context do not go together. */
type GoopObstacle = "plugin_missing" | "plugin_failed" | "contract_mismatch";

/** Why a channel is in its state. */
interface GoopDetail {
  /** Of a suspended channel, what keeps it so (`null` where the other node is away); of one that has ended,
   * how, such as `closed`, `declined` or a code of the context. */
  readonly code: GoopObstacle | "node_unreachable" | (string & {}) | null;
  /** The same in words, for the person; what stands in the way names the node, and versions where these are it. */
  readonly reason: string | null;
  /** It does not come back. */
  readonly final: boolean;
  /** It may come back: what is sent meanwhile waits. */
  readonly suspended: boolean;
  /** Whether the other person has a page open; `null` while nobody knows. */
  readonly peerPage: "open" | "none" | null;
}

/** How a message travels, as its context says for its type. `ordered`: in the log, for all, in one
 * order. `latest`: only the newest of its author, type and key counts. `volatile`: now or never. */
type GoopDelivery = "ordered" | "latest" | "volatile";

/** What came with a message. */
interface GoopMeta {
  /** Names the message; `""` of one that is not ordered. */
  readonly id: string;
  /** Its number in the log; 0 of one that is not ordered. */
  readonly seq: number;
  /** When, in Unix milliseconds by its author's clock. */
  readonly sentAt: number;
  /** It may have been handed out before, to a page that is gone. */
  readonly redelivered: boolean;
  /** The sender's peer id: one's own when another tab of the same person sent it. */
  readonly from: string;
  /** How it travelled. */
  readonly delivery: GoopDelivery;
}

/** What became of one `send()`. Awaiting it waits for *accepted*: the own node has it safely.
 * Every one of the three may be ignored. Of what is not ordered, awaiting it waits until it has left for the
 * own node (of `latest`: it, or a newer one), and the others reject with `unsupported`. */
interface GoopSent extends Promise<{ id: string }> {
  /** The message's id. */
  readonly id: string;
  /** The other node has it safely. Where `channel.delivery` is `best-effort` nobody confirms that:
   * this and `handled` reject with `unsupported`. */
  readonly delivered: Promise<{ id: string }>;
  /** The other page is done with it. `failed`: its handler threw, or had not returned after 10 s
   * when a later message was handled. */
  readonly handled: Promise<{ id: string; failed: boolean }>;
}

/** What the messages, params and versions of contexts are, by name. Empty unless `goop types` has written it:
 * then channels and rooms of those contexts take their messages alone. */
interface GoopContextTypes {}

/** The context that serves what is asked for: `chess` serves `chess` and `chess_1`. */
type GoopContextOf<Id> = {
  [Name in keyof GoopContextTypes & string]: Id extends Name | `${Name}_${string}` ? Name : never;
}[keyof GoopContextTypes & string];
type GoopSays<Id, What extends "message" | "params"> = [GoopContextOf<Id>] extends [never]
  ? any
  : GoopContextTypes[GoopContextOf<Id>][What];

/** The versions that may be found in a context's channels and rooms. Among them is any other: the page may be older
 * than the plugin, and a channel keeps the version of one that is gone. */
type GoopVersions<Id> = [GoopContextOf<Id>] extends [never]
  ? string
  : GoopContextTypes[GoopContextOf<Id>] extends { version: infer Known extends string }
    ? Known | (string & {})
    : string;

/** A message of the past, as `history()` tells it. */
interface GoopPast<Message = any> {
  /** The message. */
  readonly data: Message;
  /** What came with it. */
  readonly meta: GoopMeta;
  /** The sender's peer id, as in `meta`. */
  readonly from: string;
}

/** What the context makes of the log up to `position`, which is `[epoch, seq]`: messages whose
 * `meta.seq` is not above that `seq` are in it, later ones are not. `state` is what the context's plugin
 * says, or `null` where the context has no state. */
interface GoopSnapshot {
  /** What the context's plugin says; `null` where the context has no state. */
  readonly state: any;
  /** The last message that is in it. */
  readonly position: readonly [epoch: number, seq: number];
}

/** A message that the own node has accepted and that has no place in the log yet. `sentAt` is in
 * Unix milliseconds. */
interface GoopPending {
  /** The message's id. */
  readonly id: string;
  /** The message. */
  readonly data: any;
  /** When it was sent, in Unix milliseconds. */
  readonly sentAt: number;
}

interface GoopChannel<Message = any, Params = any, Version extends string = string> {
  /** `rt-` and 16 hex digits, the same at both nodes. */
  readonly id: string;
  /** Who the other side is. */
  readonly peerId: string;
  /** What they are called. */
  readonly peerLabel: string;
  /** Its full name, such as `chess_1`; `""` for none. */
  readonly context: string;
  /** The version of the context by which it goes at one's own node, such as `1.0`: messages are of its form.
   * It changes when a plugin is updated, which `onStateChange` tells. `""` without a context. */
  readonly version: Version;
  /** What its opener proposed, or `null`. */
  readonly params: Params;
  /** `log`: nothing is lost. `best-effort`: a peer with an older protocol. */
  readonly delivery: "log" | "best-effort";
  /** How it is; `onStateChange` tells changes. */
  readonly state: GoopState;
  /** Why it is like that. */
  readonly detail: GoopDetail;
  /** Bytes of messages that the own node has not accepted yet. */
  readonly bufferedAmount: number;
  /** Throws a `GoopError` (`not_serialisable`, `too_deep`, `unsafe_integer`) when `data` is not JSON, and a
   * `TypeError` when the options are wrong. Rejects with `too_large`, and with `outbox_full` where
   * 1,000 messages or 4 MiB wait or are not handled yet: go on at `onDrain`; with `too_fast` or
   * `not_connected` where a `volatile` message cannot leave now. After `timeout`
   * milliseconds `delivered` and `handled` reject; the message goes on its way. */
  send(data: Message, options?: { timeout?: number }): GoopSent;
  /** What the channel's log still holds, one's own messages included, in order. */
  history(): Promise<GoopPast<Message>[]>;
  /** What is on its way: the messages of all pages of this person that their own node has accepted
   * and that are not in the log yet, in order; also after a reload, and in every tab. The side that
   * asked for the channel orders its own at once: they wait only where the other node has to come
   * back first. Where `delivery` is `best-effort`: what has not been written to the other node. */
  pending(): Promise<GoopPending[]>;
  /** The state as the own node has it now: what handlers have not been called for yet may be in it.
   * Rejects with `plugin_missing`, `plugin_error`, `too_large` (more than 256 KiB), `closed` (some time
   * after the end), `node_unreachable`. */
  snapshot(): Promise<GoopSnapshot>;
  /** Something fleeting (typing, a cursor): sent now or never, in no log; of several on their way
   * the newest counts. True when it left; false where nobody can take it now (suspended, ended or
   * closed here, no way to the node, a peer with an older protocol) or too many came. Throws a
   * `GoopError` when it is not JSON or larger than 4 KiB (`too_large`). */
  signal(data: unknown): boolean;
  /** Ends the channel for both sides; resolves when it has ended, and never rejects. */
  close(): Promise<void>;
  /** A returned promise is awaited before the next message. `latest` messages skip those that a newer one
   * has replaced. */
  onMessage: ((data: Message, meta: GoopMeta) => unknown) | null;
  /** Another state, or another reason for it. */
  onStateChange: ((state: GoopState, detail: GoopDetail) => unknown) | null;
  /** Refusals and errors of this channel that no awaited promise reported. */
  onError: ((error: GoopError) => unknown) | null;
  /** Messages after `from` up to `to` are gone for this page; each is `[epoch, seq]`. */
  onGap: ((gap: { from: [number, number] | null; to: [number, number] | null }) => unknown) | null;
  /** Something fleeting came; see `signal()`. */
  onSignal: ((data: any, meta: { from: string }) => unknown) | null;
  /** Where the context pushes its state (else `onError` gets `not_pushed`): told now, and whenever the
   * log has grown, 20 times a second at most. Never called while a promise it returned is pending; of
   * several that wait the newest counts. */
  onSnapshot: ((snapshot: GoopSnapshot) => unknown) | null;
  /** Once after `outbox_full`: there is room again, for half of what may be on its way. */
  onDrain: (() => unknown) | null;
  /** How many messages are on their way (see `pending()`): once when it is assigned, after every
   * reconnect, and in every tab whenever it has changed. */
  onPending: ((count: number) => unknown) | null;
}

interface GoopIncoming {
  /** Of the channel that it would be. */
  readonly channelId: string;
  /** Who asks. */
  readonly peerId: string;
  /** What they are called. */
  readonly peerLabel: string;
  /** The full name of the context, such as `chess_1`; `""` for none. */
  readonly context: string;
  /** The template that asks, of a request without a context; `""` where a program asks. */
  readonly app: string;
  /** What they propose, or `null`. */
  readonly params: any;
  /** What people call the context, and the page accepting leads to, when the node knows it. */
  readonly title: string | null;
  /** The page that accepting leads to, such as `/chess/`, when the node knows it. */
  readonly page: string | null;
  /** What it proposes, in words of the context (`"You play Black."`), or `""`. */
  readonly terms: string;
  /** At home: the templates that it can be accepted for. Elsewhere `null`. */
  readonly templates: readonly string[] | null;
  /** Milliseconds left when it arrived here, or `null`. */
  readonly expiresIn: number | null;
  /** Accepted at home already, which then led to this page: `accept()` gives the channel. */
  readonly accepted: boolean;
  /** Say yes. Resolves once the other side has welcomed us. */
  accept(): Promise<GoopChannel>;
  /** Say no, with words for the other person. */
  decline(reason?: string): Promise<void>;
}

/** What a request is about. */
interface GoopAsked {
  /** Of the channel that it would be. */
  readonly channelId: string;
  /** The other person. */
  readonly peerId: string;
  /** What they are called. */
  readonly peerLabel: string;
  /** The full name of the context, such as `chess_1`; `""` for none. */
  readonly context: string;
  /** What is proposed, or `null`. */
  readonly params: any;
  /** What people call the context, when the node knows it. */
  readonly title: string | null;
  /** The page that it belongs to, such as `/chess/`, when the node knows it. */
  readonly page: string | null;
}

/** A request of one's own that waits for its answer. It is the node's: it waits on while no page is
 * open, until it is answered, withdrawn, or out of time. */
interface GoopInvitation extends GoopAsked {
  /** Unix milliseconds. */
  readonly expiresAt: number;
  /** How far it has come, as far as anybody knows. `sent`: on its way; `node`: their node has it;
   * `page`: a page of theirs shows it; `away`: they had it, and are not reached now. */
  readonly reach: "sent" | "node" | "page" | "away";
  /** Resolves and rejects as the `connect()` that made it. */
  opened(): Promise<GoopChannel>;
  /** Take it back. */
  withdraw(): Promise<void>;
}

/** A request of somebody that ended before it was answered. Kept for a week, until it is dismissed
 * or the two ask each other anew. */
interface GoopMissed extends GoopAsked {
  /** The template that asked, of a request without a context; `""` where a program did. */
  readonly app: string;
  /** At home: the templates that may ask back. Elsewhere `null`. */
  readonly templates: readonly string[] | null;
  /** When it came, in Unix milliseconds. */
  readonly at: number;
  /** Forget it. */
  dismiss(): Promise<void>;
}

/** `code`: accepted, declined, cancelled, expired, answered_elsewhere; replaced when it became part of
 * another channel of the two; permission_needed when it
 * was taken from this template; unknown when it ended while this page was cut off from its node. */
type GoopIncomingEnded = GoopIncoming & { readonly code: string };

interface GoopConnectOptions<Id extends string = string> {
  /** Whose rules hold, such as `chess_1`; none unless told. */
  context?: Id;
  /** What to propose, as the context's schema has it; nothing unless told. */
  params?: GoopSays<Id, "params">;
  /** Milliseconds, 60,000 unless told otherwise. */
  timeout?: number;
  /** Aborting it withdraws the request. */
  signal?: AbortSignal;
  /** Hand out everything that the log still holds, before what is new. */
  since?: "start";
  /** A channel of its own, even when one with this peer and context is open. */
  new?: boolean;
  /** Refuse with `already_open` rather than give a channel, or a request of one's own, with this peer and
   * context that is there already. Requests that cross still become one. */
  unopened?: boolean;
}

/** A channel, a request or a room in the list of what runs, as this page may see it. */
interface GoopRunning {
  /** Its id; a room's handle. */
  readonly channelId: string;
  /** `""` of a room, whose other members' names are the `peerLabel`. */
  readonly peerId: string;
  /** Who the others are, in words. */
  readonly peerLabel: string;
  /** Of a room: its id, and who is in it. */
  readonly room?: string;
  /** Of a room: who is in it. */
  readonly members?: readonly GoopMember[];
  /** Its full name, such as `chess_1`; `""` for none. */
  readonly context: string;
  /** The template that asks, of a channel without a context. */
  readonly app: string;
  /** What people call the context; `""` for none. */
  readonly title: string;
  /** Whose pages it is resumed at, with `?channel=` in the address, of a room `?room=`; `null` where
   * no page may. */
  readonly template: string | null;
  /** `asked`: a request that waits for an answer here, `asking`: one that waits there. `away`: the
   * other person has no page open, `suspended`: their node is not there. `ended`: told once more. */
  readonly state: "asked" | "asking" | "connecting" | "connected" | "away" | "suspended" | "ended";
  /** What the context says of it ("Your move"), or `""`. */
  readonly text: string;
  /** The person here is due. */
  readonly waiting: boolean;
  /** There is an outcome (`text` says which), and nobody is due any more. */
  readonly ended: boolean;
  /** How many messages no page here has handled, counted up to 100. */
  readonly unread: number;
  /** How many messages of this node's pages are on their way: `text` is from before them. */
  readonly sending: number;
  /** When the newest entry of its log was written, in Unix milliseconds. */
  readonly since: number | null;
  /** What keeps it suspended, where something does. */
  readonly code?: GoopObstacle | (string & {});
  /** The same in words, for the person. */
  readonly reason?: string;
  /** Of all pages of this node that follow, this one is to notify. */
  readonly notify: boolean;
}

interface GoopFollowing {
  /** Whether this page shows notifications: of those that do, the node picks one. */
  notifies: boolean;
  /** Hear no more. */
  stop(): void;
}

interface GoopRealtime {
  /** Follow what runs and what waits for the person, as far as this page may see it. `onRows` gets
   * all of it at each change, and what has ended since the last time. */
  running(onRows: (rows: GoopRunning[], ended: GoopRunning[]) => unknown): GoopFollowing;
  /** Resolves when the other side has accepted; rejects with a `GoopError`, or with a `TypeError`
   * at once when an option is unknown or of a wrong type, and with `not_serialisable` when `params`
   * are not JSON. */
  connect<Id extends string = string>(
    peerId: string,
    options?: GoopConnectOptions<Id>,
  ): Promise<GoopChannel<GoopSays<Id, "message">, GoopSays<Id, "params">, GoopVersions<Id>>>;
  /** As `request.accept()`, by the id. */
  accept(channelId: string): Promise<GoopChannel>;
  /** As `request.decline()`, by the id. */
  decline(channelId: string, reason?: string): Promise<void>;
  /** The living channels that this page may use, for instance after a reload. */
  channels(): Promise<GoopChannel[]>;
  /** One's own requests that wait, and those of others that were missed: once the node has told
   * them, and again at every change. Call the result to hear no more. */
  invitations(
    onChange: (now: { sent: readonly GoopInvitation[]; missed: readonly GoopMissed[] }) => unknown,
  ): () => void;
  /** Join a room, or make it: by its name alone, which is 1 to 128 of letters, digits and `_.~-`.
   * Resolves once this node is a member; rejects with `full`, `unknown_context`, `contract_mismatch`,
   * `refused`, `timeout`, `undiscovered`, `permission_needed`, or a code of the context. */
  joinRoom<Id extends string = string>(
    roomId: Id,
    options?: GoopRoomOptions,
  ): Promise<GoopRoom<GoopSays<Id, "message">, GoopVersions<Id>>>;
  /** Open rooms of a context nearby; without one, those of this template that have none. */
  rooms(context?: string): GoopOpenRooms;
  /** Requests for `context` and `context_<id>` go to `onRequest`, whatever others on this page
   * serve. Call the result to stop serving. */
  serve(
    context: string,
    onRequest: (request: GoopIncoming) => unknown,
    onEnded?: (request: GoopIncomingEnded) => unknown,
  ): () => void;
  /** Calls `onChange` whenever a channel of `context` or `context_<id>` begins, ends or has a new
   * message, whichever page, template or program does that, and once when the watching has begun
   * (again, after the page was cut off from its node). Nothing says what changed: look again. It is
   * never called while a promise it returned is pending; what comes meanwhile is one more call. Call
   * the result to stop watching. */
  watch(context: string, onChange: () => unknown): () => void;
  /** Requests whose context nobody on this page serves. */
  onIncoming: ((request: GoopIncoming) => unknown) | null;
  /** A request that `onIncoming` told is over, and how. */
  onIncomingEnded: ((request: GoopIncomingEnded) => unknown) | null;
  /** Errors of the node that belong to no channel. */
  onError: ((error: GoopError) => unknown) | null;
  /** The class of its errors. */
  readonly GoopError: GoopErrorConstructor;
}

/** Needs `goop-realtime.js`. */
interface GoopAttention {
  /** What the page is called; how many things wait stands in front of it in the tab. */
  title: string;
  /** What waits for the person, as far as this page may see it. */
  readonly waiting: GoopRunning[];
  /** A row in words: what its context says, or what is new. */
  words(row: GoopRunning): string;
  /** Begin. `onOpen`: a notification was clicked, the page has the focus. */
  start(options?: { onOpen?(row: GoopRunning): unknown }): void;
  /** Let a button switch notifications on and off (`aria-pressed`). Why they cannot be shown stands
   * in `words`, which is hidden where there is nothing to say. */
  control(button: HTMLElement, words: HTMLElement): void;
}

interface GoopGlobal {
  /** Needs `goop-realtime.js`. */
  realtime: GoopRealtime;
  /** Needs `goop-attention.js`. */
  attention: GoopAttention;
}
