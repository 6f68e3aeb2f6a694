// Whether somebody is working on the page, so that nothing may move under their hands.

const WORKS_FOR_MS = 10000;

let workedAt = -Infinity;
let pointer = "";

function work() {
  workedAt = performance.now();
}

// A browser may tell of a pointer that rests when the page moves below it.
function move({ screenX, screenY }) {
  const place = `${screenX} ${screenY}`;
  if (place === pointer) return;
  pointer = place;
  work();
}

for (const kind of ["keydown", "pointerdown", "wheel", "touchmove"]) document.addEventListener(kind, work, { capture: true, passive: true });
document.addEventListener("pointermove", move, { capture: true, passive: true });

/** How long it takes until nobody has touched a key or the pointer for ten seconds; 0 when it is so. */
export function msUntilIdle() {
  return Math.max(0, workedAt + WORKS_FOR_MS - performance.now());
}
