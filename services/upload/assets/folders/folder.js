// The page of a folder.
import { offerTest } from "../cameras/camera.js";
import { compare } from "../references/compare.js";
import { HeatMap } from "../references/heat-map.js";
import { drawHistory } from "./history.js";
import { keepCurrent } from "../live/live.js";
import { rehearseRule } from "../rules/rule.js";
import { takeUploads } from "../references/uploads.js";
import { offerFrame } from "../references/frame-as-reference.js";

const FOLDER = document.querySelector("[data-folder]").dataset.folder;

for (const element of document.querySelectorAll("[data-with-script]")) element.hidden = false;
const COMPARE = document.querySelector("[data-compare]");
const settleMode = compare(COMPARE);
const HEAT_MAP = new HeatMap(COMPARE, FOLDER);
const HISTORY = drawHistory(document.querySelector("[data-history]"), FOLDER);
const UPLOADS = document.querySelector("[data-uploads]");
if (UPLOADS !== null) takeUploads(UPLOADS, FOLDER);
const RULE = document.querySelector("[data-rule]");
if (RULE !== null) rehearseRule(RULE, FOLDER, HISTORY);
const CAMERA = document.querySelector("[data-camera]");
if (CAMERA !== null) offerTest(CAMERA, document.querySelector("[data-camera-result]"), FOLDER);
const OFFER = document.querySelector("[data-offer]");
if (OFFER !== null) offerFrame(OFFER, document.querySelector("dialog"), FOLDER);

// It was said; a reload need not say it again.
const HERE = new URL(location);
HERE.searchParams.delete("saved");
history.replaceState(null, "", HERE);

keepCurrent({
  merged: () => {
    settleMode();
    HEAT_MAP.renew();
  },
  gone: () => location.assign("/"),
});
