// SPDX-License-Identifier: MIT
// Both sides of a channel of protocol 1.1.0, written from docs/protocol.md alone.
// No disk and no pages: what is acked as handled was printed.

import { randomBytes } from 'node:crypto'
import { Lines } from './lines.js'

export const GROUP = '/goop-node/group/1.1.0'
export const INVITE = '/goop-node/group-invite/1.1.0'
const PING_MS = 3000
const SILENCE_MS = 8500
const STALE_MS = 2000

class Channel {
  constructor (id, peer, hosted) {
    Object.assign(this, { id, peer, hosted, phase: hosted ? 'asking' : 'asked' })
    this.log = [] // entries {epoch, seq, id, author, at, kind, data}; seq is the index + 1
    this.outbox = new Map() // guest: id -> {id, at, kind, data} that has no answer yet
    this.handled = 0
    this.count = 0
    this.lines = null
  }

  get last () {
    const entry = this.log.at(-1)
    return entry == null ? [0, 0] : [entry.epoch, entry.seq]
  }
}

export class Channels {
  constructor (node, emit) {
    this.node = node
    this.emit = emit
    this.me = node.peerId.toString()
    this.page = randomBytes(6).toString('hex')
    this.epoch = Date.now()
    this.channels = new Map()
    this.timer = setInterval(() => this.#tick(), 500)
  }

  // Commands

  async request (peer, timeout) {
    const channel = new Channel('rt-' + randomBytes(8).toString('hex'), peer, true)
    this.channels.set(channel.id, channel)
    const payload = { context: '', version: '', hash: '', params: null, base: null, timeout }
    await this.#control(peer, { type: 'invite', group: channel.id, payload })
    return channel.id
  }

  accept (id) {
    const channel = this.channels.get(id)
    channel.phase = 'joining'
    return this.#join(channel)
  }

  async decline (id, reason) {
    const channel = this.channels.get(id)
    this.#end(channel, 'declined')
    await this.#control(channel.peer, { type: 'decline', group: id, code: 'declined', reason })
  }

  send (id, data, kind) {
    const channel = this.channels.get(id)
    const message = { id: `${this.page}-${++channel.count}`, at: Date.now(), kind, data }
    if (channel.hosted) {
      this.#order(channel, this.me, message, false)
    } else {
      channel.outbox.set(message.id, message)
      this.#offer(channel, message)
    }
    return message.id
  }

  close (id) {
    this.send(id, 'closed', 'close')
  }

  // The stream is cut without a word; a guest joins again.
  cut (id) {
    this.channels.get(id).lines.reset()
  }

  // The channel is lost, as with this peer's disk.
  forget (id) {
    const { lines } = this.channels.get(id)
    this.channels.delete(id)
    lines?.reset()
  }

  stop () {
    clearInterval(this.timer)
  }

  // Streams

  async onControl (stream, connection) {
    const peer = connection.remotePeer.toString()
    await new Lines(stream).read(line => this.#controlled(peer, line))
    await stream.close().catch(() => {})
  }

  async #control (peer, line) {
    const stream = await this.node.dialProtocol(this.#connection(peer), INVITE)
    const lines = new Lines(stream)
    lines.write(line)
    await lines.close()
  }

  #connection (peer) {
    const found = this.node.getConnections().find(c => c.remotePeer.toString() === peer && c.status === 'open')
    if (found == null) throw new Error(`no connection to ${peer}`)
    return found.remotePeer
  }

  #controlled (peer, line) {
    const channel = this.channels.get(line.group)
    if (line.type === 'invite') {
      if (channel != null) return
      const asked = new Channel(line.group, peer, false)
      this.channels.set(asked.id, asked)
      const { context, params, timeout } = line.payload
      this.emit({ event: 'incoming', channel: asked.id, peer, context, params, timeout })
    } else if (channel == null || channel.peer !== peer) {
      if (line.type === 'poke') this.#control(peer, { type: 'gone', group: line.group }).catch(() => {})
    } else if (line.type === 'poke') {
      if (channel.hosted) return
      if (channel.lines == null) this.#join(channel).catch(() => {})
      // The host has let go of a stream that we still believe in; its end joins again.
      else if (Date.now() - channel.linked >= STALE_MS) channel.lines.reset()
    } else if (['decline', 'cancel', 'close', 'gone'].includes(line.type)) {
      this.#end(channel, line.type === 'gone' ? 'lost' : line.code)
    }
  }

  async #join (channel) {
    const stream = await this.node.dialProtocol(this.#connection(channel.peer), GROUP)
    this.#attach(channel, new Lines(stream))
    const have = channel.log.length > 0 ? channel.last : null
    const payload = { have, handled: channel.handled, page: 'open' }
    channel.lines.write({ type: 'join', group: channel.id, payload })
    this.#serve(channel, channel.lines)
  }

  async onGroup (stream, connection) {
    const peer = connection.remotePeer.toString()
    const lines = new Lines(stream)
    let channel = null
    const end = await lines.read(line => {
      if (channel != null) return this.#received(channel, lines, line)
      channel = this.channels.get(line.group)
      if (line.type !== 'join' || channel == null || !channel.hosted || channel.peer !== peer) {
        lines.write({ type: 'close', group: line.group ?? '', code: 'not_found' })
        lines.close()
        return
      }
      this.#joined(channel, lines, line)
    })
    if (channel != null) this.#ended(channel, lines, end)
  }

  #joined (channel, lines, line) {
    channel.lines?.reset()
    this.#attach(channel, lines)
    const seq = line.payload.have?.[1] ?? 0
    const payload = { last: channel.last, handled: channel.handled, page: 'open' }
    lines.write({ type: 'welcome', group: channel.id, epoch: this.epoch, payload })
    for (const entry of channel.log.slice(seq)) this.#tell(channel, entry)
    this.#open(channel, seq)
  }

  #attach (channel, lines) {
    channel.lines = lines
    channel.linked = channel.heard = channel.pinged = Date.now()
  }

  #open (channel, have) {
    if (channel.phase !== 'closed') channel.phase = 'open'
    this.emit({ event: 'open', channel: channel.id, have })
  }

  async #serve (channel, lines) {
    this.#ended(channel, lines, await lines.read(line => this.#received(channel, lines, line)))
  }

  #ended (channel, lines, code) {
    if (channel.lines !== lines) return
    channel.lines = null
    lines.close()
    this.emit({ event: 'unlinked', channel: channel.id, code })
    if (channel.phase !== 'open' || channel.hosted) return
    setTimeout(() => this.#join(channel).catch(error => this.emit({ event: 'error', error: String(error) })), 100)
  }

  // Lines on a joined stream

  #received (channel, lines, line) {
    if (channel.lines !== lines || line.group !== channel.id) return
    channel.heard = Date.now()
    const { type, id, epoch, seq } = line
    if (type === 'ping') {
      lines.write({ type: 'pong', group: channel.id })
    } else if (type === 'ack') {
      this.emit({ event: 'acked', channel: channel.id, stage: line.stage, position: [epoch, seq] })
    } else if (type === 'page') {
      this.emit({ event: 'page', channel: channel.id, stage: line.stage })
    } else if (type === 'close') {
      this.#end(channel, line.code || 'closed')
    } else if (type === 'msg' && channel.hosted) {
      this.#order(channel, channel.peer, { id, at: line.at, kind: line.kind, data: line.payload ?? null }, true)
    } else if (type === 'welcome') {
      lines.write({ type: 'page', group: channel.id, stage: 'open' })
      this.#open(channel, channel.log.length)
      for (const message of channel.outbox.values()) this.#offer(channel, message)
    } else if (type === 'msg') {
      channel.outbox.delete(id)
      this.#fold(channel, { epoch, seq, id, author: line.from, at: line.at, kind: line.kind, data: line.payload ?? null })
    } else if (type === 'confirm' && channel.outbox.has(id)) {
      const message = channel.outbox.get(id)
      channel.outbox.delete(id)
      this.emit({ event: 'confirmed', channel: channel.id, id, position: [epoch, seq] })
      this.#fold(channel, { ...message, epoch, seq, author: this.me })
    } else if (type === 'pull' && !channel.hosted) {
      this.#giveBack(channel, epoch, seq)
    } else if (type === 'refuse') {
      channel.outbox.delete(id)
      this.emit({ event: 'refused', channel: channel.id, id, code: line.code })
    }
  }

  // Guest: the host has lost what follows that position.
  #giveBack (channel, epoch, seq) {
    if (seq > 0 && channel.log[seq - 1]?.epoch !== epoch) {
      channel.lines.write({ type: 'close', group: channel.id, code: 'lost' })
      this.#end(channel, 'lost')
      return
    }
    const entries = channel.log.slice(seq)
    for (const { epoch, seq, id, author, at, kind, data } of entries) {
      channel.lines.write({ type: 'tail', group: channel.id, payload: [epoch, seq, id, author, at, kind ?? 'msg', data] })
    }
    channel.lines.write({ type: 'tail', group: channel.id })
    this.emit({ event: 'gave_back', channel: channel.id, count: entries.length })
  }

  // Guest: sends a message to be ordered.
  #offer (channel, { id, at, kind, data }) {
    channel.lines?.write({ type: 'msg', group: channel.id, id, at, kind, payload: data })
  }

  // Host: gives a message its place, once.
  #order (channel, author, message, fromGuest) {
    const known = channel.log.find(entry => entry.id === message.id)
    const entry = known ?? { ...message, author, epoch: this.epoch, seq: channel.last[1] + 1 }
    if (known == null) channel.log.push(entry)
    if (fromGuest) {
      channel.lines?.write({ type: 'confirm', group: channel.id, id: entry.id, epoch: entry.epoch, seq: entry.seq })
    } else {
      this.#tell(channel, entry)
    }
    if (known == null) this.#handle(channel, entry)
  }

  #tell (channel, { epoch, seq, id, author, at, kind, data }) {
    channel.lines?.write({ type: 'msg', group: channel.id, from: author, epoch, seq, id, at, kind, payload: data })
  }

  // Guest: takes the next entry of the host's order.
  #fold (channel, entry) {
    if (entry.seq <= channel.last[1]) return
    if (entry.seq !== channel.last[1] + 1 || entry.epoch < channel.last[0]) {
      channel.lines.write({ type: 'close', group: channel.id, code: 'diverged' })
      this.#end(channel, 'diverged')
      return
    }
    channel.log.push(entry)
    channel.lines.write({ type: 'ack', group: channel.id, stage: 'node', epoch: entry.epoch, seq: entry.seq })
    this.#handle(channel, entry)
  }

  #handle (channel, entry) {
    if (entry.kind === 'close') {
      this.#end(channel, 'closed')
      return
    }
    if (entry.author !== this.me) {
      const { id, author, seq, data } = entry
      this.emit({ event: 'message', channel: channel.id, from: author, id, seq, data })
    }
    channel.handled = entry.seq
    channel.lines?.write({ type: 'ack', group: channel.id, stage: 'page', epoch: entry.epoch, seq: entry.seq })
  }

  #end (channel, code) {
    if (channel.phase === 'closed') return
    channel.phase = 'closed'
    this.emit({ event: 'closed', channel: channel.id, code })
  }

  #tick () {
    const now = Date.now()
    for (const channel of this.channels.values()) {
      if (channel.lines == null) continue
      if (now - channel.heard >= SILENCE_MS) {
        channel.lines.reset()
      } else if (now - channel.heard >= PING_MS && now - channel.pinged >= PING_MS) {
        channel.pinged = now
        channel.lines.write({ type: 'ping', group: channel.id })
      }
    }
  }
}
