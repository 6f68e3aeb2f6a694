// The normal pictures on the page of a folder, kept as the service says they are.
import { hasPicture } from "../folders/card.js";
import { localTime, showLocalTimes } from "../front_door/time.js";

let isRenewing = false;

/** Shows what a summary says of them, as GET /api/v1/folders/{folder} gives it. */
export function showNormals(folder) {
  const list = document.querySelector("[data-normals]");
  const ids = folder.normals.map((normal) => normal.id).join(" ");
  if (list.dataset.normals !== ids || list.dataset.proposals !== folder.proposals.join(" ")) return renew(list);
  for (const normal of folder.normals) {
    if (normal.lastClosestAt === null) continue;
    const closest = list.querySelector(`[data-normal="${normal.id}"] [data-closest]`);
    closest.replaceChildren("Last the closest ", localTime(normal.lastClosestAt));
  }
}

// The list is drawn by the service.
async function renew(list) {
  if (isRenewing) return;
  isRenewing = true;
  const response = await fetch(location.href).catch(() => null);
  const text = response?.ok ? await response.text().catch(() => "") : "";
  isRenewing = false;
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-normals]");
  if (fresh === null) return;
  showLocalTimes(fresh);
  list.replaceWith(document.adoptNode(fresh));
  for (const keep of document.querySelectorAll("[data-keep-normals]")) keep.hidden = fresh.dataset.normals === "";
}

/** Offers the latest frame as a normal picture while there is one, and a reference to stand beside. */
export function offerNormal(form, folder) {
  form.hidden = !hasPicture(folder) || folder.reference === null;
}
