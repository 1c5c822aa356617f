// SPDX-License-Identifier: MIT
// Newline-delimited JSON on a libp2p stream, as docs/protocol.md has it.

const MAX_LINE = 160 * 1024
const encoder = new TextEncoder()

export class Lines {
  constructor (stream) {
    this.stream = stream
    this.waiting = []
    this.ended = false
  }

  // Writes one line; a writer that the other side slows down keeps the order.
  write (line) {
    if (this.ended) return
    this.waiting.push(encoder.encode(JSON.stringify(line) + '\n'))
    if (this.pumping == null) this.pumping = this.#pump().finally(() => { this.pumping = null })
  }

  async #pump () {
    try {
      while (this.waiting.length > 0) {
        if (!this.stream.send(this.waiting.shift())) await this.stream.onDrain()
      }
    } catch {
      this.ended = true
    }
  }

  // Calls onLine for each line; resolves with 'eof', or 'reset' for any other end.
  async read (onLine) {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let rest = ''
    try {
      for await (const chunk of this.stream) {
        rest += decoder.decode(chunk.subarray(), { stream: true })
        const lines = rest.split('\n')
        rest = lines.pop()
        if (rest.length > MAX_LINE) throw new Error('line too long')
        for (const text of lines) onLine(JSON.parse(text))
      }
      return 'eof'
    } catch (error) {
      this.reset(error)
      return 'reset'
    } finally {
      this.ended = true
    }
  }

  async close () {
    await this.pumping
    this.ended = true
    await this.stream.close().catch(() => {})
  }

  reset (error = new Error('cut')) {
    this.ended = true
    this.stream.abort(error)
  }
}
