// SPDX-License-Identifier: MIT
// What the cabinet sounds like: made of tones and noise, no files. Browsers allow sound only after the
// person has touched the page.

/** The four notes of the march, in hertz. */
const MARCH = [55, 49, 46, 41];
/** The last alien runs faster than one can hear. */
const BEAT_MS = 80;

export class Sound {
  /** @param {boolean} on */
  constructor(on) {
    this.on = on;
    /** @type {AudioContext | null} */
    this.audio = null;
    /** @type {AudioBuffer | null} */
    this.noise = null;
    this.heard = { beat: -1, shots: new Set(), bursts: 0, wrecks: 0, ufo: false };
    this.beaten = 0;
  }

  /** @returns {AudioContext | null} */
  #context() {
    if (!this.on || !navigator.userActivation?.hasBeenActive) return null;
    this.audio ??= new AudioContext();
    return this.audio;
  }

  /**
   * @param {OscillatorType} type
   * @param {number} from hertz
   * @param {number} to
   * @param {number} seconds
   * @param {number} loud
   */
  #tone(type, from, to, seconds, loud) {
    const audio = this.#context();
    if (!audio) return;
    const now = audio.currentTime;
    const tone = audio.createOscillator();
    tone.type = type;
    tone.frequency.setValueAtTime(from, now);
    tone.frequency.exponentialRampToValueAtTime(to, now + seconds);
    this.#out(audio, tone, seconds, loud);
  }

  /** @param {number} seconds @param {number} loud */
  #crack(seconds, loud) {
    const audio = this.#context();
    if (!audio) return;
    if (!this.noise) {
      this.noise = audio.createBuffer(1, audio.sampleRate, audio.sampleRate);
      const samples = this.noise.getChannelData(0);
      for (let n = 0; n < samples.length; n++) samples[n] = Math.random() * 2 - 1;
    }
    const source = audio.createBufferSource();
    source.buffer = this.noise;
    this.#out(audio, source, seconds, loud);
  }

  /** @param {AudioContext} audio @param {AudioScheduledSourceNode} source @param {number} seconds @param {number} loud */
  #out(audio, source, seconds, loud) {
    const now = audio.currentTime;
    const gain = audio.createGain();
    gain.gain.setValueAtTime(loud, now);
    gain.gain.exponentialRampToValueAtTime(0.001, now + seconds);
    source.connect(gain).connect(audio.destination);
    source.start(now);
    source.stop(now + seconds);
  }

  /** @param {number} beat */
  #beat(beat) {
    const now = performance.now();
    if (now - this.beaten < BEAT_MS) return;
    this.beaten = now;
    this.#tone("square", MARCH[beat % 4], MARCH[beat % 4], 0.09, 0.12);
  }

  /** What is new in a scene is heard. @param {ReturnType<typeof import("./game/scene.js").sceneOf>} scene */
  play(scene) {
    const { heard } = this;
    const wrecks = scene.ships.filter(({ wreck }) => wreck).length;
    const shots = new Set(scene.shots.map(({ id }) => id));
    if (scene.phase === "playing") {
      if (scene.beat !== heard.beat && scene.aliens.length > 0) this.#beat(scene.beat);
      if ([...shots].some((id) => !heard.shots.has(id))) this.#tone("sawtooth", 1_100, 240, 0.16, 0.06);
      if (scene.bursts.length > heard.bursts) this.#crack(0.16, 0.14);
      if (wrecks > heard.wrecks) this.#crack(0.7, 0.3);
      if (scene.ufo && !heard.ufo) this.#tone("sine", 500, 900, 0.4, 0.08);
    }
    this.heard = { beat: scene.beat, shots, bursts: scene.bursts.length, wrecks, ufo: scene.ufo !== null };
  }
}
