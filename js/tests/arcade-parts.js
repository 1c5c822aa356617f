// SPDX-License-Identifier: MIT
// The arcade's game, as one script that a test can run.
import { Clock } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/clock.js";
import { Game } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/game.js";
import { stateOf } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/known.js";
import { March } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/march.js";
import { sceneOf } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/scene.js";
import { cellAt, cellPlace, eroded, whole } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/shields.js";
import { NOTHING, after, total, winners } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/state.js";
import { Track } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/game/tracks.js";
import { status } from "../../plugins/arcade_rooms/src/goop_arcade_rooms/template/words.js";

Object.assign(globalThis, { Clock, Game, March, NOTHING, Track, after, cellAt, cellPlace, eroded, sceneOf, stateOf, status, total, whole, winners });
