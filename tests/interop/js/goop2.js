// SPDX-License-Identifier: MIT
// What Goop² peers ask each other for beside channels, on a stream of its own each.

export const CONTENT = '/goop/content/1.0.0'
const PROBE_MS = 3000
const MAX_ANSWER = 1024 * 1024

export class Goop2 {
  // `every` is the pause between two probes in milliseconds, 0 for a peer that does not probe.
  constructor (node, emit, label, every) {
    Object.assign(this, { node, emit, label, every })
    this.probed = new Map()
    this.timers = new Set()
  }

  async onContent (stream) {
    stream.send(new TextEncoder().encode(this.label + '\n'))
    await stream.close()
  }

  // A presence was heard: who is new is probed from now on.
  seen (peer) {
    if (this.every === 0 || this.probed.has(peer)) return
    this.probed.set(peer, { count: 0, failed: 0 })
    this.#again(peer)
  }

  async #again (peer) {
    const known = this.probed.get(peer)
    let error
    try {
      const stream = await this.node.dialProtocol(this.#id(peer), CONTENT, { signal: AbortSignal.timeout(PROBE_MS) })
      await stream.close()
      known.count++
      known.failed = 0
    } catch (reason) {
      error = String(reason)
      known.failed++
    }
    this.emit({ event: 'probe', peer, ok: error == null, reachable: known.failed < 2, count: known.count, error })
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      this.#again(peer)
    }, this.every)
    this.timers.add(timer)
  }

  // Says something, ends its side, and reads to the end.
  async ask (peer, protocol, said) {
    const stream = await this.node.dialProtocol(this.#id(peer), protocol)
    // First: an end that has come before anybody reads would be missed, but for our own behind it.
    const pieces = this.#read(stream)
    if (said !== '') stream.send(new TextEncoder().encode(said))
    await stream.close()
    return { answer: Buffer.concat(await pieces).toString('base64') }
  }

  async #read (stream) {
    const pieces = []
    let size = 0
    for await (const piece of stream) {
      size += piece.byteLength
      if (size > MAX_ANSWER) throw new Error('the answer is too long')
      pieces.push(piece.subarray())
    }
    return pieces
  }

  stop () {
    this.every = 0
    for (const timer of this.timers) clearTimeout(timer)
  }

  #id (peer) {
    const found = this.node.getConnections().find(one => one.remotePeer.toString() === peer && one.status === 'open')
    if (found == null) throw new Error(`no connection to ${peer}`)
    return found.remotePeer
  }
}
