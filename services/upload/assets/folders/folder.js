// The page of a folder.
import { followEvents } from "../live/events.js";
import { Card } from "./card.js";
import { offerTest } from "../cameras/camera.js";
import { compare, offerModes } from "../references/compare.js";
import { HeatMap } from "../references/heat-map.js";
import { drawHistory } from "./history.js";
import { rehearseRule } from "../rules/rule.js";
import { showPictures, takeUploads } from "../references/uploads.js";
import { offerNormal, showNormals } from "../references/normals.js";
import { offerFrame, renewOffer } from "../references/frame-as-reference.js";

const AGES_EVERY_MS = 1000;

const SECTION = document.querySelector("[data-position]");
const CARD = new Card(SECTION);
const FOLDER = CARD.name;

const COMPARE = document.querySelector("[data-compare]");
compare(COMPARE);
const HEAT_MAP = new HeatMap(CARD, COMPARE);
const HISTORY = drawHistory(document.querySelector("[data-history]"), FOLDER);
const UPLOADS = document.querySelector("[data-uploads]");
if (UPLOADS !== null) takeUploads(UPLOADS, FOLDER);
const RULE = document.querySelector("[data-rule]");
if (RULE !== null) rehearseRule(RULE, FOLDER, HISTORY);
const CAMERA = document.querySelector("[data-camera]");
if (CAMERA !== null) offerTest(CAMERA, document.querySelector("[data-camera-result]"), FOLDER);
const OFFER = document.querySelector("[data-offer]");
if (OFFER !== null) offerFrame(OFFER, FOLDER, CARD);
const NORMAL_TOO = document.querySelector("[data-normal-too]");

// It was said; a reload need not say it again.
const HERE = new URL(location);
HERE.searchParams.delete("saved");
history.replaceState(null, "", HERE);

setInterval(() => CARD.showAges(), AGES_EVERY_MS);
followEvents(`/api/v1/events/folders?folder=${FOLDER}&after=${SECTION.dataset.position}`, {
  "folder": (event) => {
    const folder = JSON.parse(event.data);
    CARD.show(folder);
    HEAT_MAP.show(folder);
    offerModes(COMPARE, folder);
    showNormals(folder);
    showPictures(folder);
    if (OFFER !== null) renewOffer(OFFER, folder);
    if (NORMAL_TOO !== null) offerNormal(NORMAL_TOO, folder);
  },
  "folder-removed": () => location.assign("/"),
});
