// The curve of a folder's similarity, with the threshold, and the episodes shaded.
import { durationInWords, serverNow } from "../front_door/time.js";

const HEIGHT = 220;
const POINTS = 300;
const REFRESH_AT_LEAST_MS = 5000;
// As the page writes numbers, wherever its viewer is.
const COUNT = new Intl.NumberFormat("en");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const inSeconds = (iso) => Date.parse(iso) / 1000;

/** Where episodes are, as spans of seconds; one that goes on ends now. */
function spansOf(episodes) {
  return episodes.map(({ firedAt, resolvedAt }) =>
    [inSeconds(firedAt), resolvedAt === undefined ? serverNow() / 1000 : inSeconds(resolvedAt)]);
}

class History {
  constructor(element, folder) {
    this.element = element;
    this.folder = folder;
    this.box = element.querySelector("[data-chart]");
    this.words = element.querySelector("[data-words]");
    this.alerts = [];
    this.whatIf = [];
    this.timer = null;
    element.addEventListener("input", () => this.refresh());
    new ResizeObserver(() => this.chart?.setSize(this.size())).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    this.refresh();
  }

  /** Episodes that another rule would have given rise to, to be shown beside the real ones. */
  showWhatIf(episodes) {
    this.whatIf = spansOf(episodes);
    this.chart?.redraw();
  }

  size() {
    return { width: this.box.clientWidth, height: HEIGHT };
  }

  seconds() {
    return Number(this.element.querySelector("[name=span]:checked").value);
  }

  async refresh() {
    clearTimeout(this.timer);
    const seconds = this.seconds();
    const until = new Date(serverNow());
    const since = new Date(until - seconds * 1000);
    const query = new URLSearchParams({ since: since.toISOString(), until: until.toISOString(), points: POINTS });
    const response = await fetch(`/api/v1/folders/${this.folder}/history?${query}`).catch(() => null);
    if (response?.ok && seconds === this.seconds()) this.show(await response.json(), since / 1000, until / 1000);
    const pause = Math.max(REFRESH_AT_LEAST_MS, (seconds * 1000) / POINTS);
    this.timer = setTimeout(() => this.refresh(), pause);
  }

  show(history, since, until) {
    this.alerts = spansOf(history.alerts);
    this.span = [since, until];
    this.data = withGaps(history.points, history.secondsPerPoint);
    this.words.textContent = inWords(history, this.seconds());
    if (this.chart === undefined) return this.redraw();
    this.chart.setData(this.data, false);
    this.chart.setScale("x", { min: since, max: until });
  }

  redraw() {
    this.chart?.destroy();
    this.chart = new uPlot(this.options(), this.data, this.box);
  }

  options() {
    const line = (label, name, rest) => ({
      label, stroke: colour(name), width: 1.5, points: { show: false }, ...rest,
      value: (_, value) => value?.toFixed(3) ?? "–",
    });
    const axis = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, font: "12px system-ui" };
    return {
      ...this.size(),
      scales: { x: { range: () => this.span }, y: { range: (_, least) => [Math.min(0.4, Math.floor((least ?? 1) * 10) / 10), 1.02] } },
      axes: [{ ...axis, space: 72, values: (_, at, _axis, _space, step) => at.map((it) => onAxis(it, step)) }, { ...axis, size: 44, values: (_, at) => at.map((it) => it.toFixed(1)) }],
      series: [
        { label: "Time", value: (_, at) => (at === null ? "–" : new Date(at * 1000).toLocaleString()) },
        line("Least", "text"),
        line("Greatest", "quiet", { width: 1 }),
        line("Threshold", "threshold", { dash: [6, 4] }),
      ],
      bands: [{ series: [2, 1], fill: colour("band") }],
      hooks: { drawClear: [(chart) => this.shade(chart)] },
    };
  }

  shade(chart) {
    const { left, top, width, height } = chart.bbox;
    const draw = (spans, name, from, to) => {
      chart.ctx.fillStyle = colour(name);
      for (const [begin, end] of spans) {
        const x = Math.max(left, chart.valToPos(begin, "x", true));
        const right = Math.min(left + width, chart.valToPos(end, "x", true));
        if (right >= left && x <= left + width) chart.ctx.fillRect(x, top + height * from, Math.max(2, right - x), height * (to - from));
      }
    };
    chart.ctx.save();
    draw(this.alerts, "episode", 0, 1);
    draw(this.whatIf, "what-if", 0.9, 1);
    chart.ctx.restore();
  }
}

/** A mark of the axis of time, as people write it where the viewer is; `step` seconds lie between two. */
function onAxis(at, step) {
  const date = new Date(at * 1000);
  const isMidnight = date.getHours() + date.getMinutes() + date.getSeconds() === 0;
  if (isMidnight) return date.toLocaleDateString([], { day: "numeric", month: "short" });
  return date.toLocaleTimeString([], { timeStyle: step < 60 ? "medium" : "short" });
}

/** Columns for the chart; a part without comparisons interrupts the lines. */
function withGaps(points, secondsPerPoint) {
  const columns = [[], [], [], []];
  const push = (...row) => row.forEach((value, index) => columns[index].push(value));
  let before = null;
  for (const point of points) {
    const at = inSeconds(point.at);
    if (before !== null && at - before > Math.max(secondsPerPoint * 1.5, 15)) push(before + secondsPerPoint, null, null, null);
    push(at, point.least, point.greatest, point.threshold);
    before = at;
  }
  return columns;
}

function inWords(history, seconds) {
  const span = `In the last ${durationInWords(seconds)}`;
  if (history.points.length === 0) return `${span} no frames were compared.`;
  const least = Math.min(...history.points.map((point) => point.least));
  const count = history.points.reduce((sum, point) => sum + point.comparisons, 0);
  const alerts = history.alerts.length === 1 ? "1 alert" : `${history.alerts.length} alerts`;
  return `${span} ${COUNT.format(count)} frames were compared; the least similarity was ${least.toFixed(3)}; ${alerts}.`;
}

/** Draws a folder's history into an element, and keeps it current. */
export function drawHistory(element, folder) {
  element.hidden = false;
  return new History(element, folder);
}
