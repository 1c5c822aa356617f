// SPDX-License-Identifier: MIT
// What the author's page has anyway: a database, and functions that draw.
const gameId = "42";
const saved = [];
const db = { call: async (name, row) => void saved.push([name, row]) };
const moves = [];

function applyMove(from, to, promotion) {
  moves.push(from + to + (promotion ?? ""));
}

function renderGame() {
  const rows = moves.map((move) => Object.assign(document.createElement("li"), { textContent: move }));
  document.getElementById("moves").replaceChildren(...rows);
}

function showMessage(text) {
  document.getElementById("message").textContent = text;
}

function handleResign() {
  showMessage("Opponent resigned");
}
