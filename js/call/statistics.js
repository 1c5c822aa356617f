// SPDX-License-Identifier: MIT
// What a browser counts of a connection, as a few figures.

/** A loss, or a way there and back in seconds, from which on a call is only fair, and poor. */
const FAIR = { loss: 0.02, roundTrip: 0.3 };
const POOR = { loss: 0.08, roundTrip: 0.8 };

export class Statistics {
  #before = { lost: 0, received: 0 };

  /**
   * @param {RTCStatsReport | Map<string, any>} report
   * @returns {GoopCallStats}
   */
  of(report) {
    /** @type {any[]} */
    const all = [...report.values()];
    const inbound = all.filter(({ type }) => type === "inbound-rtp");
    const sum = (/** @type {any[]} */ rows, /** @type {string} */ key) =>
      rows.reduce((total, row) => total + (row[key] ?? 0), 0);
    const outbound = all.filter(({ type, kind }) => type === "outbound-rtp" && kind === "video");
    const pair = pairOf(all);
    const loss = this.#loss(sum(inbound, "packetsLost"), sum(inbound, "packetsReceived"));
    const roundTrip = pair?.currentRoundTripTime ?? null;
    return {
      framesDecoded: sum(inbound, "framesDecoded"),
      framesSent: sum(outbound, "framesSent"),
      audioLevel: inbound.find(({ kind }) => kind === "audio")?.audioLevel ?? null,
      roundTrip,
      loss,
      quality: pair ? grade(loss ?? 0, roundTrip ?? 0) : null,
      path: all.find(({ id }) => id === pair?.localCandidateId)?.candidateType ?? null,
    };
  }

  /**
   * The share that was lost since the last time.
   * @param {number} lost
   * @param {number} received
   */
  #loss(lost, received) {
    const before = this.#before;
    this.#before = { lost, received };
    const [more, arrived] = [Math.max(0, lost - before.lost), Math.max(0, received - before.received)];
    return more + arrived > 0 ? more / (more + arrived) : null;
  }
}

/**
 * The pair of candidates that is in use.
 * @param {any[]} all
 */
function pairOf(all) {
  const transport = all.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId);
  // Firefox has no transport in its report, and marks the pair.
  return all.find(
    ({ id, type, selected, nominated, state }) =>
      type === "candidate-pair" &&
      (transport ? id === transport.selectedCandidatePairId : (selected ?? nominated) && state === "succeeded"),
  );
}

/**
 * @param {number} loss
 * @param {number} roundTrip
 */
function grade(loss, roundTrip) {
  if (loss >= POOR.loss || roundTrip >= POOR.roundTrip) return "poor";
  return loss >= FAIR.loss || roundTrip >= FAIR.roundTrip ? "fair" : "good";
}
