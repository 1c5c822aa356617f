// SPDX-License-Identifier: MIT
// Camera, microphone and screen: asked for, remembered, and let go of, however a call ends.

/** @typedef {"audio" | "video"} Kind */

const CHOSEN = "goop-call-devices";

/** @type {Record<string, [code: string, words: string]>} by the name of the browser's error */
const WHY = {
  NotAllowedError: ["not_allowed", "the browser, or the person, did not allow it"],
  SecurityError: ["not_allowed", "the browser did not allow it"],
  NotFoundError: ["no_device", "there is none, or it is unplugged"],
  OverconstrainedError: ["no_device", "there is none, or it is unplugged"],
  NotReadableError: ["device_busy", "another program is using it"],
  AbortError: ["device_busy", "it could not be started"],
};

/** @implements {GoopMediaError} */
export class MediaError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, { cause });
    this.code = code;
  }
}
MediaError.prototype.name = "MediaError";

/** @param {unknown} error of the browser */
function explained(error) {
  const [code, words] = WHY[/** @type {any} */ (error)?.name] ?? ["media_error", String(error)];
  return new MediaError(code, words, error);
}

/** @returns {MediaDevices} */
export function devices() {
  const found = navigator.mediaDevices;
  if (found) return found;
  throw new MediaError(
    "insecure",
    "browsers give camera and microphone only to pages of this computer, or of https; seeing and hearing works",
  );
}

/** @returns {Record<string, string>} device ids by `MediaDeviceKind` */
export function chosen() {
  try {
    return JSON.parse(localStorage.getItem(CHOSEN) ?? "{}");
  } catch {
    return {}; // storage is blocked, or somebody else wrote there
  }
}

/** @param {{ kind: string, deviceId: string }} device */
export function choose({ kind, deviceId }) {
  try {
    localStorage.setItem(CHOSEN, JSON.stringify({ ...chosen(), [kind]: deviceId }));
  } catch {
    // Where storage is blocked the choice lasts as long as the call.
  }
}

/** The tracks that one call sends. */
export class Media {
  /** @param {(kind: Kind) => unknown} onChange which track has come, gone or ended by itself */
  constructor(onChange) {
    this.onChange = onChange;
    this.stream = new MediaStream();
    /** @type {Record<Kind, MediaStreamTrack | null>} */
    this.tracks = { audio: null, video: null };
    this.screen = false;
    this.released = false;
  }

  /**
   * Have tracks of camera and microphone. The browser asks for both in one go; where one of them is
   * missing, the other is had all the same. Throws a `MediaError`.
   * @param {...Kind} kinds
   */
  async open(...kinds) {
    try {
      this.#take(await this.#ask(kinds, chosen()), false);
    } catch (error) {
      const known = error instanceof MediaError ? error : explained(error);
      if (kinds.length > 1 && known.code !== "not_allowed" && known.code !== "insecure") {
        const found = await Promise.allSettled(kinds.map((kind) => this.open(kind)));
        for (const one of found) if (one.status === "rejected") throw one.reason;
      } else throw known;
    }
  }

  /**
   * @param {Kind[]} kinds
   * @param {Record<string, string>} ids
   * @returns {Promise<MediaStream>}
   */
  async #ask(kinds, ids) {
    const wanted = kinds.map((kind) => [kind, ids[`${kind}input`] ? { deviceId: { exact: ids[`${kind}input`] } } : true]);
    try {
      return await devices().getUserMedia(Object.fromEntries(wanted));
    } catch (/** @type {any} */ error) {
      if (error.name !== "OverconstrainedError") throw error;
      return this.#ask(kinds, {}); // the chosen one is not there today
    }
  }

  /** Have the screen in the camera's place. Throws a `MediaError`. */
  async openScreen() {
    let stream;
    try {
      stream = await devices().getDisplayMedia({ video: true });
    } catch (error) {
      throw error instanceof MediaError ? error : explained(error);
    }
    this.#take(stream, true);
  }

  /** @param {Kind} kind */
  close(kind) {
    const track = this.tracks[kind];
    if (!track) return;
    this.#drop(kind, track);
    this.onChange(kind);
  }

  release() {
    this.released = true;
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) this.close(kind);
  }

  /**
   * @param {MediaStream} stream
   * @param {boolean} screen
   */
  #take(stream, screen) {
    for (const track of stream.getTracks()) {
      // The browser may answer when the call is over.
      if (this.released) track.stop();
      else this.#use(/** @type {Kind} */ (track.kind), track, screen);
    }
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   * @param {boolean} screen
   */
  #use(kind, track, screen) {
    const before = this.tracks[kind];
    if (before) this.#drop(kind, before);
    this.tracks[kind] = track;
    this.stream.addTrack(track);
    if (kind === "video") this.screen = screen;
    track.addEventListener("ended", () => {
      if (this.tracks[kind] === track) this.close(kind); // unplugged, or "stop sharing" in the browser
    });
    this.onChange(kind);
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  #drop(kind, track) {
    track.stop();
    this.stream.removeTrack(track);
    this.tracks[kind] = null;
    if (kind === "video") this.screen = false;
  }
}
