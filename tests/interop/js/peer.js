// SPDX-License-Identifier: MIT
// A peer on js-libp2p, driven by JSON lines: commands on stdin, events on stdout.

import { createInterface } from 'node:readline'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { Channels, GROUP, INVITE } from './channels.js'
import { CONTENT, Goop2 } from './goop2.js'

const TOPIC = 'goop.presence.v1'
const HEARTBEAT_MS = 1000
// What a newer Go peer tells besides, and how often it probes whom it has seen.
const newer = process.argv.includes('--newer')
const probeMs = newer ? Number(process.argv.at(-1)) : 0
const NEWER = { email: 'jay@example.org', avatarHash: '0123456789abcdef', videoDisabled: true, activeTemplate: 'chess', verificationToken: 'token' }

const emit = event => process.stdout.write(JSON.stringify(event) + '\n')

const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: {
    identify: identify(),
    pubsub: gossipsub({ allowPublishToZeroTopicPeers: true })
  }
})
const me = node.peerId.toString()
const channels = new Channels(node, emit)
await node.handle(INVITE, (stream, connection) => channels.onControl(stream, connection))
const goop2 = new Goop2(node, emit, 'Jay', probeMs)
await node.handle(CONTENT, stream => goop2.onContent(stream))
await node.handle(GROUP, (stream, connection) => channels.onGroup(stream, connection))

node.services.pubsub.addEventListener('message', ({ detail }) => {
  if (detail.topic !== TOPIC) return
  const { type, peerId, content } = JSON.parse(new TextDecoder().decode(detail.data))
  if (peerId !== detail.from.toString() || peerId === me) return
  emit({ event: 'presence', type, peer: peerId, label: content })
  goop2.seen(peerId)
})
node.services.pubsub.subscribe(TOPIC)

const announce = async type => {
  const content = type === 'offline' ? undefined : 'Jay'
  const more = newer && type !== 'offline' ? NEWER : {}
  const data = JSON.stringify({ type, peerId: me, content, ...more, ts: Date.now() })
  await node.services.pubsub.publish(TOPIC, new TextEncoder().encode(data))
}
const beat = setInterval(() => announce('update').catch(() => {}), HEARTBEAT_MS)

const commands = {
  dial: async ({ address }) => { await node.dial(multiaddr(address)) },
  request: async ({ peer, timeout }) => ({ channel: await channels.request(peer, timeout) }),
  accept: ({ channel }) => channels.accept(channel),
  decline: ({ channel, reason }) => channels.decline(channel, reason),
  send: ({ channel, data }) => ({ id: channels.send(channel, data) }),
  ask: ({ peer, protocol, said }) => goop2.ask(peer, protocol, said),
  flood: ({ channel, count }) => { for (let n = 0; n < count; n++) channels.send(channel, { n }) },
  cut: ({ channel }) => channels.cut(channel),
  forget: ({ channel }) => channels.forget(channel),
  close: ({ channel }) => channels.close(channel)
}

emit({ event: 'ready', peer: me, addresses: node.getMultiaddrs().map(String) })
await announce('online')
for await (const text of createInterface({ input: process.stdin })) {
  const { n, command, ...rest } = JSON.parse(text)
  try {
    emit({ event: 'done', n, ...await commands[command](rest) })
  } catch (error) {
    emit({ event: 'failed', n, error: String(error) })
  }
}
clearInterval(beat)
channels.stop()
goop2.stop()
await announce('offline').catch(() => {})
await node.stop()
process.exit(0)
