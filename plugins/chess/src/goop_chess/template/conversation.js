// SPDX-License-Identifier: MIT
// What the two players write to each other: messages of the game's channel, in the order of its log.


/**
 * @typedef {object} Line
 * @property {string} id
 * @property {boolean} mine
 * @property {string} text
 * @property {number} at                      Unix ms
 * @property {"there"|"leaving"|"refused"} is  whether it has its place in the log
 * @property {string} [why]                   of a refused one
 */

export class Conversation {
  #reading = Goop.reading(() => this.#read(), () => this.open);
  #link = "";
  #begun = false;
  /** What this page wrote and has not found in the log. @type {Map<string, Line>} */
  #leaving = new Map();

  /** @param {import("./signals.js").Signals} signals */
  constructor(signals) {
    this.signals = signals;
    /** Something is new; `fresh` is what the other wrote just now. @type {(fresh: Line[]) => void} */
    this.onChange = () => {};
    this.channel = null;
    /** Whether we want to chat. */
    this.on = true;
    /** @type {Line[]} */
    this.lines = [];
    /** Whether the other player's page says that chat is off there. */
    this.offThere = false;
  }

  /** Whether something can be written, to be read now or later. */
  get open() {
    return Boolean(this.channel && !this.channel.detail?.final);
  }

  /**
   * Follow the channel of the game, which may be a new one; tell its other side our choice whenever
   * a page of theirs may have come, and ask for theirs.
   * @param {any} channel  or `null`
   * @param {boolean} on   whether we want to chat
   */
  follow(channel, on) {
    const link = `${channel?.id} ${channel?.state} ${channel?.detail?.peerPage}`;
    const another = channel !== this.channel;
    this.channel = channel;
    if (another && channel) this.read();
    if (link === this.#link && on === this.on) return;
    this.#link = link;
    this.on = on;
    this.#tell(true);
  }

  /** Say whether we want to chat. @param {boolean} ask  for theirs */
  #tell(ask) {
    this.signals.tell({ chat: this.on ? "on" : "off", ask });
  }

  /** A message has come in the channel. */
  heard(data) {
    if (data?.type === "chat" && this.channel) this.read();
  }

  /** A signal of the other player has come. */
  signalled(data) {
    if (data?.chat !== "on" && data?.chat !== "off") return;
    // They have answered, or asked themselves: nothing is left to ask.
    if (data.ask === true) this.#tell(false);
    else this.signals.keep({ ask: false });
    if (this.offThere === (data.chat === "off")) return;
    this.offThere = data.chat === "off";
    this.onChange([]);
  }

  /** Write. What becomes of it is seen in `lines`. @param {string} text */
  async say(text) {
    const sent = this.channel.send({ type: "chat", text });
    const line = { id: sent.id, mine: true, text, at: Date.now() };
    this.#leaving.set(sent.id, { ...line, is: "leaving" });
    const refused = (error) => {
      // A peer with an older protocol confirms nothing.
      if (error.code !== "unsupported") this.#leaving.set(sent.id, { ...line, is: "refused", why: error.message });
      this.read();
    };
    sent.delivered.then(() => this.read(), refused);
    this.read();
    await sent.then(() => this.read(), () => {}); // `delivered` is refused likewise
  }

  /** Read the log again; calls that come meanwhile share one more reading. */
  read() {
    return this.#reading.again();
  }

  async #read() {
    const { channel } = this;
    if (!channel) return;
    const told = await Promise.all([channel.history(), channel.pending()]).catch((error) => {
      // What is known stays; what this page wrote is shown all the same.
      this.#show(this.lines.filter(({ is }) => is === "there"), [], []);
      throw error;
    });
    if (channel === this.channel) this.#take(channel, ...told);
  }

  #take(channel, past, pending) {
    const isChat = ({ data }) => data?.type === "chat";
    const line = (id, mine, { text }, at, is) => ({ id, mine, text, at, is });
    const there = past.filter(isChat).map(({ data, meta }) => line(meta.id, meta.from !== channel.peerId, data, meta.sentAt, "there"));
    const waiting = pending.filter(isChat).map(({ id, data, sentAt }) => line(id, true, data, sentAt, "leaving"));
    for (const { id } of [...there, ...waiting]) this.#leaving.delete(id);
    // What the log has cut off meanwhile stays for as long as the page does.
    const ids = new Set(there.map(({ id }) => id));
    const before = this.lines.filter(({ id, is }) => is === "there" && !ids.has(id));
    const known = new Set(this.lines.map(({ id }) => id));
    const fresh = this.#begun ? there.filter(({ id, mine }) => !mine && !known.has(id)) : [];
    this.#begun = true;
    this.#show([...before, ...there], waiting, fresh);
  }

  #show(there, waiting, fresh) {
    this.lines = [...there, ...waiting, ...this.#leaving.values()];
    this.onChange(fresh);
  }
}
