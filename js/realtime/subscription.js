// SPDX-License-Identifier: MIT
// What a page says of itself on a new connection: how far it is, and what it wants to hear of.
import { PAGE } from "./asking.js";
import { ChannelInbox } from "./channel-inbox.js";

/**
 * @import { Hub } from "./hub.js"
 */

/**
 * @param {Hub} hub
 * @returns {object[]} `subscribe` frames, the first of which begins it all
 */
export function subscriptions(hub) {
  /** @type {Record<string, Record<string, any>>} */
  const places = { after: {}, handled: {}, failed: {}, since: {} };
  for (const { id, inbox } of hub.living()) {
    if (inbox.after) places.after[id] = inbox.after;
    if (inbox.handled) places.handled[id] = inbox.handled;
    if (inbox.failed.length > 0) places.failed[id] = inbox.failed;
    if (inbox instanceof ChannelInbox && inbox.rewinding) places.since[id] = "start";
  }
  const { after, handled, failed, since } = places;
  const some = (/** @type {Record<string, object>} */ named) =>
    Object.fromEntries(Object.entries(named).filter(([, value]) => Object.keys(value).length > 0));
  const [pending, ...more] = hub.outbox.pending(hub.living());
  const first = {
    page: PAGE,
    ack: true,
    batch: true,
    retries: true,
    outbox: hub.outboxFollowed || undefined,
    after,
    handled,
    pending,
    ...hub.watching.wanted,
    ...some({ failed, since }),
    ...hub.running.wish(),
  };
  return [first, ...more.map(asking)];
}

/**
 * Asks what became of messages.
 * @param {Record<string, string[]>} pending  ids by channel
 */
export const asking = (pending) => ({ channels: Object.keys(pending), pending });
