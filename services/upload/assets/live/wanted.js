// Pictures that are renewed: those in sight or near, and of each one at a time. A slow connection must not pile them up.

// Of each image, what it is to show; `null` where nothing.
const WANTED = new WeakMap();
const NEAR = new WeakSet();
const OBSERVER = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) {
      NEAR.delete(target);
      continue;
    }
    NEAR.add(target);
    target.querySelectorAll("img").forEach(load);
  }
}, { rootMargin: "200px" });

/** Has an image show another picture, or none: `null`. */
export function want(image, source) {
  WANTED.set(image, source);
  OBSERVER.observe(image.parentElement);
  if (source === null || NEAR.has(image.parentElement)) load(image);
}

/** What an image is to show as soon as it can. */
export function wanted(image) {
  return WANTED.has(image) ? WANTED.get(image) : image.getAttribute("src");
}

function load(image) {
  const isLoading = !image.complete && !image.hidden;
  if (isLoading || !WANTED.has(image)) return;
  const source = WANTED.get(image);
  image.hidden = source === null;
  if (source === null || image.getAttribute("src") === source) return;
  image.addEventListener("load", () => { if (NEAR.has(image.parentElement)) load(image); }, { once: true });
  image.src = source;
}
