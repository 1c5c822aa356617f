// SPDX-License-Identifier: MIT
// What an author's typed page compiles to see. Checked by tsc, never run.

export async function game(peerId: string): Promise<void> {
  const channel: GoopChannel = await Goop.realtime.connect(peerId, { context: "chess_1", params: { colour: "white" } });
  channel.onMessage = (data, meta) => console.log(data.type, meta.seq, meta.redelivered);
  channel.onStateChange = (state, { final, peerPage }) => console.log(state === "connected", final, peerPage);
  channel.onError = (error) => console.log(error.code, error.pointer);
  channel.send({ type: "move" });
  const { state, position } = await channel.snapshot();
  channel.onSnapshot = (told) => console.log(told.state, told.position[1] > position[1], state);
  const sent = channel.send({ type: "resign" });
  channel.onPending = async (count) => console.log(count, (await channel.pending()).map(({ id, sentAt }) => id + sentAt));
  await sent;
  await sent.handled;
  Goop.realtime.onIncoming = ({ channelId, peerLabel, accept }) => (peerLabel ? accept() : Goop.realtime.decline(channelId));
  const stop: () => void = Goop.realtime.serve("chess", async (request) => void (await request.accept()));
  stop();
  const unwatch: () => void = Goop.realtime.watch("chess", async () => void (await Goop.realtime.channels()));
  unwatch();
  Goop.realtime.invitations(({ sent, missed }) => {
    for (const { expiresAt, reach, withdraw } of sent) if (reach === "away" && expiresAt > 0) void withdraw();
    for (const { at, dismiss } of missed) if (at > 0) void dismiss();
  });
  const following: GoopFollowing = Goop.realtime.running((rows, ended) =>
    console.log(rows[0]?.waiting, ended.map(({ text }) => text)),
  );
  following.notifies = true;
  Goop.attention.title = `${Goop.attention.waiting.length} games`;
  Goop.attention.start({ onOpen: (row) => console.log(Goop.attention.words(row)) });
  document.body.append(...Goop.names.pieces(`${Goop.names.apart(channel.peerLabel)} plays`));
  // @ts-expect-error: a channel's id is not the page's to change
  channel.id = "other";
  // @ts-expect-error: there is no such state
  console.log(channel.state === "open");
  const [peer] = await Goop.peers.list();
  console.log(peer?.peerId, peer?.online, await Goop.identity.label());
  const call: GoopCall = Goop.call.start(channel.peerId, { audio: true, video: false });
  call.onStateChange = (state) => console.log(state === "reconnecting", call.ended?.code);
  Goop.call.onIncoming = async ({ callId, media }) => void (await Goop.call.accept(callId, { video: media.video }));
  console.log(await call.camera(true), (await call.stats()).quality);
  // @ts-expect-error: a call is answered by a person, with true or false
  void Goop.call.accept(call.id, { video: "yes" });
}

export async function arcade(): Promise<void> {
  const room: GoopRoom = await Goop.realtime.joinRoom("arcade_1", { maxPeers: 4, key: "k", listed: false, context: "arcade" });
  room.onMemberJoin = ({ peerId, peerLabel }) => console.log(peerId, peerLabel, room.host === room.self);
  room.onMessage = async (peerId, data, { delivery, to, seq }) => console.log(peerId, data.x, delivery === "latest", to, seq);
  room.onStateChange = (state, { host, suspended }) => console.log(state === "joined", host, suspended);
  room.onRewound = async ({ from, to }) => console.log(from?.[2], to?.[2], (await room.history()).map(({ meta }) => meta.id));
  const sent: GoopRoomSent = room.sendTo(room.members[0]!.peerId, { type: "psst" });
  console.log((await sent.handledBy("bob")).failed, (await sent.delivered).id);
  const list = Goop.realtime.rooms("arcade");
  list.onChange = (rooms) => console.log(rooms.map(({ room: name, members, maxPeers }) => `${name} ${members}/${maxPeers}`));
  list.stop();
  await room.leave();
  // @ts-expect-error: members come and go by themselves
  room.members.push({ peerId: "bob", peerLabel: "Bob" });
  // @ts-expect-error: a channel's state
  console.log(room.state === "connected");
}
