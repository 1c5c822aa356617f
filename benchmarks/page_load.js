// SPDX-License-Identifier: MIT
// The load inside a page. `wire.send(data)` goes to the other page, `wire.receive` gets its data.
// Both pages run the same, over whatever the wire is made of.

const WINDOW = 400;
const CONFIRM_EVERY = 50;
const STALL_MS = 10_000;

/** The other page: answers what asks, and says now and then how much has come, in order. */
function answer(wire) {
  let got = 0;
  wire.receive = ({ x, y }) => {
    if (y === 1) return wire.send({ type: "position", x, y: 1 });
    if (y === 0) got = 0;
    if (x !== got) throw new Error(`expected message ${got}, got ${x}`);
    got++;
    if (got % CONFIRM_EVERY === 0) wire.send({ type: "position", x: got, y: 2 });
  };
}

/** Half round trips in ms, one message every 20 ms. */
async function latency(wire, count) {
  const sentAt = [];
  const taken = [];
  await settled((done) => {
    wire.receive = ({ x }) => {
      taken.push((performance.now() - sentAt[x]) / 2);
      if (taken.length === count) done();
    };
    const next = () => {
      sentAt.push(performance.now());
      wire.send({ type: "position", x: sentAt.length - 1, y: 1 });
      if (sentAt.length === count) clearInterval(timer);
    };
    const timer = setInterval(next, 20);
  }, count * 20 + STALL_MS);
  return taken;
}

/** The seconds that `count` messages take, with a bounded number on their way. */
async function through(wire, count) {
  const start = performance.now();
  await settled((done) => {
    let sent = 0;
    const fill = (confirmed) => {
      for (; sent < count && sent < confirmed + WINDOW; sent++) {
        wire.send({ type: "position", x: sent, y: sent === 0 ? 0 : 7.5 });
      }
    };
    wire.receive = ({ x }) => {
      if (x === count) done();
      else fill(x);
    };
    fill(0);
  }, count + STALL_MS);
  return (performance.now() - start) / 1000;
}

/** Resolves when `work` calls back; a message that is lost must not leave us waiting. */
function settled(work, milliseconds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("a message did not come back")), milliseconds);
    work(() => resolve(clearTimeout(timer)));
  });
}

/** A wire of a plain WebSocket. */
function plainWire(url) {
  const socket = new WebSocket(url);
  const wire = { send: (data) => socket.send(JSON.stringify(data)), receive: () => {} };
  socket.onmessage = ({ data }) => wire.receive(JSON.parse(data));
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(wire);
    socket.onerror = () => reject(new Error(`no connection to ${url}`));
  });
}

/** A wire of a channel. */
function channelWire(channel) {
  const wire = { send: (data) => channel.send(data), receive: () => {} };
  channel.onMessage = (data) => wire.receive(data);
  return wire;
}
