// SPDX-License-Identifier: MIT
"use strict";
const rings = [];
const ends = [];
const states = [];
let call = null;

function follow(started) {
  call = started;
  call.onStateChange = (state) => states.push(state);
  call.onRemoteStream = (stream) => (document.getElementById("remote").srcObject = stream);
  return call;
}

const begin = (peer, options) => follow(Goop.call.start(peer, options)).id;
const accept = async (options) => void follow(await Goop.call.accept(rings.at(-1).callId, options));

Goop.call.onIncoming = (incoming) => rings.push(incoming);
Goop.call.onEnded = (end) => ends.push(end);
Goop.call.onResumed = follow;

/** The picture that is shown, small, as numbers. */
function picture() {
  const video = document.getElementById("remote");
  const canvas = new OffscreenCanvas(32, 24);
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 32, 24);
  return [...context.getImageData(0, 0, 32, 24).data];
}

const bright = (pixels) => pixels.filter((value, index) => index % 4 < 3 && value > 40).length > 50;

/** Resolves when two pictures came that are neither black nor the same. */
async function moving() {
  const video = document.getElementById("remote");
  let first = null;
  for (;;) {
    await new Promise((next) => (video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : setTimeout(next, 100)));
    const now = picture();
    if (!bright(now)) continue;
    first ??= now;
    if (now.some((value, index) => Math.abs(value - first[index]) > 20)) return true;
  }
}
