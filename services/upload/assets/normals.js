// The normal pictures on the page of a folder, kept as the service says they are.
import { localTime, showLocalTimes } from "./time.js";

/** Shows what a summary says of them, as GET /api/v1/folders/{folder} gives it. */
export function showNormals(folder) {
  const section = document.querySelector("[data-normals]");
  const ids = folder.normals.map((normal) => normal.id).join(" ");
  if (section.dataset.normals !== ids) return renew(section, ids);
  for (const normal of folder.normals) {
    if (normal.lastClosestAt === null) continue;
    const closest = section.querySelector(`[data-normal="${normal.id}"] [data-closest]`);
    closest.replaceChildren("Last the closest ", localTime(normal.lastClosestAt));
  }
}

// The list is drawn by the service.
async function renew(section, ids) {
  section.dataset.normals = ids;
  const response = await fetch(location.href).catch(() => null);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-normals]");
  showLocalTimes(fresh);
  section.replaceWith(document.adoptNode(fresh));
  for (const keep of document.querySelectorAll("[data-keep-normals]")) keep.hidden = fresh.dataset.normals === "";
}

/** Offers the latest frame as a normal picture while there is one, and a reference to stand beside. */
export function offerNormal(form, folder) {
  form.hidden = !folder.frameIsCurrent || folder.state === "unreadable" || folder.reference === null;
}
