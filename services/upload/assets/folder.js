// The page of a folder.
import { followEvents } from "./events.js";
import { Card } from "./card.js";
import { compare } from "./compare.js";
import { drawHistory } from "./history.js";
import { rehearseRule } from "./rule.js";
import { takeUploads } from "./uploads.js";
import { offerFrame } from "./frame-as-reference.js";

const AGES_EVERY_MS = 1000;

const SECTION = document.querySelector("[data-position]");
const CARD = new Card(SECTION);
const FOLDER = CARD.name;

compare(document.querySelector("[data-compare]"));
const HISTORY = drawHistory(document.querySelector("[data-history]"), FOLDER);
const UPLOADS = document.querySelector("[data-uploads]");
if (UPLOADS !== null) takeUploads(UPLOADS, FOLDER);
const RULE = document.querySelector("[data-rule]");
if (RULE !== null) rehearseRule(RULE, FOLDER, HISTORY);
const OFFER = document.querySelector("[data-offer]");
if (OFFER !== null) offerFrame(OFFER, FOLDER, CARD);

setInterval(() => CARD.showAges(), AGES_EVERY_MS);
followEvents(`/api/v1/events/folders?folder=${FOLDER}&after=${SECTION.dataset.position}`, {
  "folder": (event) => CARD.show(JSON.parse(event.data)),
  "folder-removed": () => location.assign("/"),
});
