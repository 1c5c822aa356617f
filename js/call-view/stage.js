// SPDX-License-Identifier: MIT
// A call while it lasts: the other person large, oneself small, and the controls.
import { deviceChoice } from "./device-choice.js";
import { button, make, nameTag, signed } from "./making.js";
import { SelfView } from "./self-view.js";
import { STATES, duration, mediaWords } from "./wording.js";

const LOOK_MS = 1_000;
/** @type {Record<string, string>} */
const QUALITY = { good: "Good connection", fair: "Fair connection", poor: "Poor connection" };

/**
 * @param {Parameters<typeof signed>[0]} sign
 * @param {string} words
 * @param {() => unknown} onClick
 * @param {string} [className]
 */
const control = (sign, words, onClick, className = "") => button(signed(sign, words), onClick, { className, title: words });

export class Stage {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #looking;

  /** @param {GoopCall} call */
  constructor(call) {
    this.call = call;
    this.remote = make("video", { autoplay: true, playsInline: true, className: "remote" });
    this.self = new SelfView();
    this.covered = make("p", { className: "covered" });
    this.state = make("p", { className: "state", role: "status" });
    this.time = make("span", { className: "time" });
    this.quality = make("span", { className: "quality" });
    this.problem = make("p", { className: "problem", role: "alert", hidden: true });
    this.name = make("h2", {}, nameTag(call));
    this.mute = control("microphone", "Mute", () => (call.sends.audio ? call.mute() : call.unmute()));
    this.camera = control("camera", "Camera", () => call.camera(!call.sends.video || call.sends.screen));
    this.share = control("screen", "Share screen", () => call.share(!call.sends.screen));
    this.small = control("inset", "Picture in picture", () => this.#pictureInPicture(), "seldom");
    this.hangUp = control("hangUp", "Hang up", () => call.end(), "no");
    this.element = make(
      "section",
      { className: "stage", "aria-label": "Call", tabIndex: -1 },
      make("header", {}, this.name, this.state, make("p", { className: "figures" }, this.time, this.quality)),
      make("div", { className: "pictures" }, this.remote, this.covered, this.self.element),
      this.problem,
      make("div", { className: "controls" }, this.mute, this.camera, this.share, this.small, deviceChoice(), this.hangUp),
    );
    // Not everywhere: a phone's browser shares no screen.
    this.share.hidden = !navigator.mediaDevices?.getDisplayMedia;
    this.small.hidden = !document.pictureInPictureEnabled;
    this.self.video.srcObject = call.localStream;
    call.onStateChange = () => this.draw();
    call.onMediaState = () => this.draw();
    call.onRemoteStream = (stream) => this.#show(stream);
    this.#show(call.remoteStream);
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
    this.draw();
  }

  close() {
    clearInterval(this.#looking);
    this.remote.srcObject = this.self.video.srcObject = null;
    this.element.remove();
  }

  draw() {
    const { state, sends, receives, mediaError, localStream } = this.call;
    this.name.replaceChildren(nameTag(this.call));
    this.element.dataset.state = state;
    this.state.textContent = STATES[state];
    this.mute.setAttribute("aria-pressed", String(!sends.audio));
    this.mute.dataset.off = String(!sends.audio);
    this.camera.setAttribute("aria-pressed", String(sends.video && !sends.screen));
    this.camera.dataset.off = String(!sends.video || sends.screen);
    this.share.setAttribute("aria-pressed", String(sends.screen));
    this.small.disabled = !receives.video;
    this.self.element.hidden = localStream.getVideoTracks().length === 0;
    this.self.element.classList.toggle("screen", sends.screen);
    this.covered.hidden = state === "connected" && receives.video;
    this.covered.textContent = state === "connected" && !receives.video ? "Their camera is off" : "";
    this.remote.classList.toggle("fits", receives.screen);
    const words = mediaError ? mediaWords(mediaError) : "";
    if (this.problem.textContent !== words) this.problem.textContent = words;
    this.problem.hidden = words === "";
  }

  /** @param {MediaStream} stream */
  #show(stream) {
    this.remote.srcObject = stream;
    this.remote.play().catch(() => {}); // it plays by itself once there is something to play
  }

  async #look() {
    const { since, state } = this.call;
    this.time.textContent = since === null ? "" : duration(Date.now() - since);
    if (state !== "connected") return void (this.quality.textContent = "");
    const { quality } = await this.call.stats();
    this.quality.textContent = quality ? QUALITY[quality] : "";
    this.quality.dataset.grade = quality ?? "";
  }

  async #pictureInPicture() {
    // Browsers that cannot do it now leave the picture where it is.
    if (document.pictureInPictureElement) await document.exitPictureInPicture().catch(() => {});
    else await this.remote.requestPictureInPicture().catch(() => {});
  }
}
