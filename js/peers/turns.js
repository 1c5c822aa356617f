// SPDX-License-Identifier: MIT
// Whose turn it is among the tabs of an origin: one of them at a time has it.
//
// A browser's locks say so, and give the turn on when a tab closes or crashes. There are none on
// addresses that a browser does not trust, and none where the person blocks what pages keep: there
// the tabs agree by themselves, over the channel that they share.

/**
 * Told when the turn is ours, and when another tab took it. `refused`: there are no turns this way.
 * @typedef {{ won(): void, lost(): void, refused(): void }} TurnOwner
 */

/**
 * `enter`: ask for the turn, or (`steal`) take it from a tab that does not answer. `heard`: whether
 * what another tab said was about turns. `insist`: say that we have it, to whoever thinks so too.
 * `leave`: give it on, and ask no more.
 * @typedef {{ holds: boolean, enter(steal: boolean): void, heard(told: any): boolean, insist(): void, leave(): void }} Turn
 */

/** @implements {Turn} */
export class LockTurn {
  /**
   * @param {string} name of the lock
   * @param {TurnOwner} owner
   */
  constructor(name, owner) {
    this.name = name;
    this.owner = owner;
    /** Gives the lock on. @type {(() => void) | null} */
    this.release = null;
    /** @type {AbortController | null} */
    this.queued = null;
  }

  get holds() {
    return this.release !== null;
  }

  /** @param {boolean} steal */
  enter(steal) {
    this.queued?.abort();
    const queued = new AbortController();
    this.queued = queued;
    const current = () => this.queued === queued;
    const options = steal ? { steal } : { signal: queued.signal };
    let granted = false;
    const held = navigator.locks.request(this.name, options, () => {
      granted = true;
      if (!current()) return undefined;
      const end = new Promise((resolve) => (this.release = () => resolve(undefined)));
      this.owner.won();
      return end;
    });
    held.catch((error) => {
      if (!current()) return;
      if (!granted && error?.name !== "AbortError") return this.owner.refused();
      // Taken by another tab, which had no answer from this one.
      this.release = null;
      this.owner.lost();
      this.enter(false);
    });
  }

  heard() {
    return false;
  }

  insist() {} // the browser says who has a lock

  leave() {
    this.queued?.abort();
    this.queued = null;
    this.release?.();
    this.release = null;
  }
}

/** How long the others have to speak against a claim. */
const CLAIM_MS = 250;

/**
 * Turns by claims. Each holding has a higher term than the one before; of two claims, or of two
 * tabs that both think they have it, the higher term goes first, then the higher id.
 * @implements {Turn}
 */
export class ClaimTurn {
  /**
   * @param {string} id of this tab
   * @param {(told: any) => void} post tells the other tabs
   * @param {TurnOwner} owner
   */
  constructor(id, post, owner) {
    this.id = id;
    this.post = post;
    this.owner = owner;
    this.holds = false;
    /** The highest term that was heard of. */
    this.term = 0;
    /** What is claimed now, or null. @type {number | null} */
    this.bid = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {boolean} steal */
  enter(steal) {
    this.claim(steal ? this.term + 1 : 0);
  }

  /** @param {number} term */
  claim(term) {
    this.bid = term;
    this.post({ claim: term, by: this.id });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.bid = null;
      this.holds = true;
      this.term = Math.max(this.term, term, 1);
      this.insist();
      this.owner.won();
    }, CLAIM_MS);
  }

  /** @param {any} told */
  heard(told) {
    const term = told.claim ?? told.held ?? told.free;
    if (typeof term !== "number") return false;
    const known = this.term;
    this.term = Math.max(known, told.claim === undefined ? term : 0);
    if (told.free !== undefined) {
      // A tab that knows of a later holding is not free to take this one's place.
      if (!this.holds && term >= known) this.claim(this.term + 1);
      return true;
    }
    const ours = this.holds ? known : this.bid;
    if (ours === null) return true;
    if (ours > term || (ours === term && this.id > told.by)) {
      if (this.holds) this.insist();
      else this.post({ claim: ours, by: this.id });
    } else if (this.holds) {
      this.holds = false;
      this.owner.lost();
    } else {
      clearTimeout(this.timer);
      this.bid = null;
    }
    return true;
  }

  insist() {
    this.post({ held: this.term, by: this.id });
  }

  leave() {
    clearTimeout(this.timer);
    this.bid = null;
    if (!this.holds) return;
    this.holds = false;
    this.post({ free: this.term, by: this.id });
  }
}
