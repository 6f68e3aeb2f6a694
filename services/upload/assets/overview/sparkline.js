// A small curve of a folder's last minutes.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 120;
const HEIGHT = 24;
// Two pictures that have nothing in common are still half alike: nothing of interest lies below.
const LEAST = 0.4;

function y(similarity) {
  const share = (Math.max(LEAST, similarity) - LEAST) / (1 - LEAST);
  return HEIGHT - 1 - share * (HEIGHT - 2);
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Draws points from 0 to 1, `null` where there is none, and the threshold into an `svg`. */
export function drawSparkline(svg, points, threshold) {
  const step = WIDTH / (points.length - 1);
  let path = "";
  points.forEach((point, index) => {
    if (point === null) return;
    const at = `${(index * step).toFixed(1)} ${y(point).toFixed(1)}`;
    const follows = index > 0 && points[index - 1] !== null;
    // A point that stands alone is a dot.
    path += follows ? `L${at}` : `M${at}h0.01`;
  });
  const line = y(threshold).toFixed(1);
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(
    shape("line", { x1: 0, x2: WIDTH, y1: line, y2: line, class: "threshold" }),
    shape("path", { d: path, class: "curve" }),
  );
}
