"use strict";
// Inputs and results of runs: one table, one scatter plot, parallel axes and cumulative shares, all of the same rows.
const SVG = "http://www.w3.org/2000/svg";
const N = DATA.runs.length;
const VARIABLES = [...DATA.inputs, ...DATA.results];
const varies = (v) => new Set(v.values.filter((x) => x !== null)).size > 1;
const state = { x: null, y: null, color: null, cdf: null, text: "", sort: null, up: true, picked: -1, brushes: new Map() };

function element(parent, name, attributes = {}, text) {
  const made = name in { svg: 1, g: 1, path: 1, circle: 1, rect: 1, line: 1, text: 1, title: 1 }
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.appendChild(made);
  return made;
}

function shown(v, x) {
  if (x === null || x === undefined) return "";
  if (v.words.length) return v.words[x];
  if (x === 0) return "0";
  const size = Math.abs(x);
  return size >= 1e5 || size < 1e-3 ? x.toExponential(3) : String(Number(x.toPrecision(4)));
}

function breaks(v, k) {
  const x = v.values[k];
  return v.limit !== null && x !== null && (v.below ? x > v.limit : x < v.limit);
}

// Rows that pass the words of the filter and every brush.
function passes(k) {
  for (const [v, [low, high]] of state.brushes) {
    const x = v.values[k];
    if (x === null || x < low || x > high) return false;
  }
  if (!state.text) return true;
  const words = [String(DATA.runs[k][0]), DATA.runs[k][1], ...DATA.inputs.map((v) => shown(v, v.values[k]))].join(" ");
  return state.text.toLowerCase().split(/\s+/).every((part) => words.toLowerCase().includes(part));
}

function range(v) {
  if (v.words.length) return [-0.5, v.words.length - 0.5];
  const present = v.values.filter((x) => x !== null);
  let low = Math.min(...present), high = Math.max(...present);
  if (low === high) { low -= Math.abs(low) / 2 || 0.5; high += Math.abs(high) / 2 || 0.5; }
  return [low, high];
}

function ticks(low, high, about) {
  const raw = (high - low) / about, decade = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * decade).find((s) => raw <= s * 1.000001);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

// Cividis of Nunez, Anderton & Renslow (2018), nine samples.
const CIVIDIS = [[0, 34, 78], [26, 56, 111], [67, 78, 108], [97, 101, 111], [125, 124, 120], [155, 148, 118], [188, 174, 108], [222, 201, 88], [240, 216, 76]];
function tone(k) {
  const v = state.color, x = v.values[k];
  if (x === null) return "#b02020";
  const [low, high] = range(v), t = Math.max(0, Math.min(1, (x - low) / (high - low))) * (CIVIDIS.length - 1);
  const i = Math.min(CIVIDIS.length - 2, Math.floor(t)), f = t - i;
  return `rgb(${CIVIDIS[i].map((c, j) => Math.round(c + f * (CIVIDIS[i + 1][j] - c))).join(",")})`;
}

function told(k) {
  const of = (v) => `${v.label}: ${shown(v, v.values[k])}`;
  return [`run ${DATA.runs[k][0]}, ${DATA.runs[k][1]}`, ...DATA.inputs.map(of), "", ...DATA.results.map(of)].join("\n");
}

function pick(k) { state.picked = state.picked === k ? -1 : k; draw(); }

function frame(parent, caption, width, height) {
  const figure = element(parent, "figure");
  const svg = element(figure, "svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  element(figure, "figcaption", {}, caption);
  return svg;
}

function axes(svg, box, x, y, xLabel, yLabel) {
  for (const t of x.ticks) {
    element(svg, "line", { class: "grid", x1: x.at(t), x2: x.at(t), y1: box.top, y2: box.bottom });
    element(svg, "text", { x: x.at(t), y: box.bottom + 16, "text-anchor": "middle" }, x.name(t));
  }
  for (const t of y.ticks) {
    element(svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: y.at(t), y2: y.at(t) });
    element(svg, "text", { x: box.left - 6, y: y.at(t) + 4, "text-anchor": "end" }, y.name(t));
  }
  element(svg, "rect", { class: "axis", x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top });
  element(svg, "text", { x: (box.left + box.right) / 2, y: box.bottom + 36, "text-anchor": "middle" }, xLabel);
  const middle = (box.top + box.bottom) / 2;
  element(svg, "text", { x: 14, y: middle, "text-anchor": "middle", transform: `rotate(270,14,${middle})` }, yLabel);
}

function ruler(v, from, to) {
  let [low, high] = range(v);
  if (!v.words.length) { const room = (high - low) * 0.04; low -= room; high += room; }
  return {
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: v.words.length ? v.words.map((_, i) => i) : ticks(low, high, 5),
    name: (t) => shown(v, t),
    has: (value) => low <= value && value <= high,
  };
}

function scatter(parent) {
  const svg = frame(parent, "A point is a run: hold the pointer over it for its numbers, click to mark it everywhere.", 560, 420);
  const box = { left: 96, right: 544, top: 14, bottom: 370 };
  const x = ruler(state.x, box.left, box.right), y = ruler(state.y, box.bottom, box.top);
  axes(svg, box, x, y, state.x.label, state.y.label);
  if (state.y.limit !== null && y.has(state.y.limit))
    element(svg, "line", { class: "limit", x1: box.left, x2: box.right, y1: y.at(state.y.limit), y2: y.at(state.y.limit) });
  if (state.x.limit !== null && x.has(state.x.limit))
    element(svg, "line", { class: "limit", y1: box.top, y2: box.bottom, x1: x.at(state.x.limit), x2: x.at(state.x.limit) });
  for (let k = 0; k < N; k++) {
    const [u, v] = [state.x.values[k], state.y.values[k]];
    if (u === null || v === null) continue;
    const mark = [passes(k) ? "" : "off", state.picked === k ? "chosen" : ""].join(" ");
    const dot = element(svg, "circle", { class: `dot ${mark}`, cx: x.at(u), cy: y.at(v), r: state.picked === k ? 7 : 4.5, fill: tone(k) });
    element(dot, "title", {}, told(k));
    dot.addEventListener("click", () => pick(k));
  }
}

function parallel(parent) {
  const shownAxes = [...DATA.inputs.filter(varies), ...DATA.results.filter((v) => varies(v) && (v.limit !== null || v === state.x || v === state.y || v === state.color))].slice(0, 16);
  const width = Math.max(560, 84 * shownAxes.length), height = 420;
  const svg = frame(parent, "A line is a run. Drag along an axis to keep a range of it, click the axis to free it. Red: no result.", width, height);
  const top = 118, bottom = 392, at = (i) => 48 + (i * (width - 110)) / Math.max(1, shownAxes.length - 1);
  const rulers = shownAxes.map((v) => ruler(v, bottom, top));
  const order = [...Array(N).keys()].sort((a, b) => (a === state.picked) - (b === state.picked));
  for (const k of order) {
    const points = [];
    for (let i = 0; i < shownAxes.length && shownAxes[i].values[k] !== null; i++)
      points.push(`${at(i).toFixed(1)},${rulers[i].at(shownAxes[i].values[k]).toFixed(1)}`);
    const mark = [passes(k) ? "" : "off", DATA.runs[k][2] ? "" : "failed", state.picked === k ? "chosen" : ""].join(" ");
    const line = element(svg, "path", { class: `line ${mark}`, d: `M${points.join("L")}`, stroke: tone(k) });
    element(line, "title", {}, told(k));
    line.addEventListener("click", () => pick(k));
  }
  shownAxes.forEach((v, i) => {
    const r = rulers[i], x = at(i);
    element(svg, "line", { class: "axis", x1: x, x2: x, y1: top, y2: bottom });
    const label = v.label.length > 30 ? `${v.label.slice(0, 29)}…` : v.label;
    const text = element(svg, "text", { x, y: top - 10, transform: `rotate(-32,${x},${top - 10})` }, label);
    element(text, "title", {}, v.label);
    for (const t of r.ticks) element(svg, "text", { x: x + 4, y: r.at(t) + 4, opacity: 0.75 }, r.name(t));
    if (v.limit !== null && r.has(v.limit))
      element(svg, "line", { class: "limit", x1: x - 9, x2: x + 9, y1: r.at(v.limit), y2: r.at(v.limit) });
    const brush = state.brushes.get(v);
    if (brush) {
      const [a, b] = [r.at(brush[1]), r.at(brush[0])];
      element(svg, "rect", { class: "brush", x: x - 7, width: 14, y: a, height: Math.max(2, b - a) });
    }
    const grip = element(svg, "rect", { class: "grip", x: x - 9, width: 18, y: top, height: bottom - top });
    const [low, high] = [r.at(0), r.at(1)], value = (y) => (y - low) / (high - low);
    const place = (event) => value(event.clientY - svg.getBoundingClientRect().top);
    let start = null;
    grip.addEventListener("pointerdown", (event) => { start = place(event); grip.setPointerCapture(event.pointerId); });
    grip.addEventListener("pointerup", (event) => {
      const end = place(event);
      if (start === null) return;
      if (Math.abs(r.at(end) - r.at(start)) < 4) state.brushes.delete(v);
      else state.brushes.set(v, [Math.min(start, end), Math.max(start, end)]);
      draw();
    });
  });
}

function cumulative(parent) {
  const v = state.cdf, rows = [...Array(N).keys()].filter((k) => v.values[k] !== null && passes(k));
  rows.sort((a, b) => v.values[a] - v.values[b]);
  const svg = frame(parent, `Share of the ${rows.length} runs kept at or below a value.`, 460, 420);
  const box = { left: 62, right: 444, top: 14, bottom: 370 };
  const x = ruler(v, box.left, box.right);
  const y = { at: (t) => box.bottom + (t / 100) * (box.top - box.bottom), ticks: [0, 20, 40, 60, 80, 100], name: String };
  axes(svg, box, x, y, v.label, "Share of runs [%]");
  if (v.limit !== null && x.has(v.limit))
    element(svg, "line", { class: "limit", y1: box.top, y2: box.bottom, x1: x.at(v.limit), x2: x.at(v.limit) });
  let path = "", share = 0;
  for (const k of rows) {
    const u = x.at(v.values[k]).toFixed(1);
    path += `${path ? "L" : "M"}${u},${y.at(share).toFixed(1)}`;
    share += 100 / rows.length;
    path += `L${u},${y.at(share).toFixed(1)}`;
  }
  if (path) element(svg, "path", { class: "line", d: path, stroke: "#0072b2", style: "stroke-width:2;opacity:1" });
}

function table(parent) {
  const columns = [{ label: "run", of: (k) => DATA.runs[k][0] }, { label: "end", of: (k) => DATA.runs[k][1], word: true },
    ...VARIABLES.map((v) => ({ label: v.label, of: (k) => v.values[k], show: (k) => shown(v, v.values[k]), word: v.words.length > 0, out: (k) => breaks(v, k) }))];
  const rows = [...Array(N).keys()].filter(passes);
  if (state.sort !== null) {
    const of = columns[state.sort].of, sign = state.up ? 1 : -1;
    // What has no value comes last either way.
    rows.sort((a, b) => {
      const [u, v] = [of(a), of(b)];
      if (u === null || v === null) return (u === null) - (v === null) || a - b;
      return (u < v ? -sign : u > v ? sign : 0) || a - b;
    });
  }
  const made = element(parent, "table"), head = element(element(made, "thead"), "tr");
  columns.forEach((c, i) => {
    const arrow = state.sort === i ? (state.up ? " ▲" : " ▼") : "";
    element(head, "th", { title: "sort", tabindex: 0 }, c.label + arrow).addEventListener("click", () => {
      state.up = state.sort === i ? !state.up : true;
      state.sort = i;
      draw();
    });
  });
  const body = element(made, "tbody");
  for (const k of rows) {
    const row = element(body, "tr", { class: [DATA.runs[k][2] ? "" : "broken", state.picked === k ? "picked" : ""].join(" ") });
    for (const c of columns)
      element(row, "td", { class: [c.word ? "word" : "", c.out && c.out(k) ? "out" : ""].join(" ") }, c.show ? c.show(k) : c.of(k));
    row.addEventListener("click", () => pick(k));
  }
}

function choice(parent, name, key, variables) {
  const label = element(parent, "label", {}, `${name} `), select = element(label, "select");
  variables.forEach((v, i) => element(select, "option", { value: i }, v.label));
  select.value = String(variables.indexOf(state[key]));
  select.addEventListener("change", () => { state[key] = variables[Number(select.value)]; draw(); });
}

function draw() {
  const kept = [...Array(N).keys()].filter(passes).length, failed = DATA.runs.filter((r) => !r[2]).length;
  document.getElementById("summary").textContent =
    `${N} runs, ${failed} without a result; ${kept} kept by filter and ranges. Red numbers break their limit.`;
  for (const [id, fill] of [["plots", (p) => { scatter(p); cumulative(p); parallel(p); }], ["table", table]]) {
    const part = document.getElementById(id), at = [part.scrollTop, part.scrollLeft];
    part.replaceChildren();
    fill(part);
    [part.scrollTop, part.scrollLeft] = at;
  }
}

(function begin() {
  const results = DATA.results.filter(varies), inputs = DATA.inputs.filter(varies);
  const judged = results.filter((v) => v.limit !== null), best = judged.concat(results, VARIABLES);
  state.y = best[0];
  state.x = inputs[0] || best[0];
  state.color = best[1] || best[0];
  state.cdf = best[0];
  const controls = document.getElementById("controls");
  choice(controls, "across", "x", VARIABLES);
  choice(controls, "up", "y", VARIABLES);
  choice(controls, "color", "color", VARIABLES);
  choice(controls, "shares of", "cdf", DATA.results.length ? DATA.results : VARIABLES);
  const label = element(controls, "label", {}, "rows with "), input = element(label, "input", { type: "search", placeholder: "words of inputs or end" });
  input.addEventListener("input", () => { state.text = input.value.trim(); draw(); });
  element(controls, "button", {}, "free all").addEventListener("click", () => {
    state.brushes.clear(); state.text = ""; input.value = ""; state.picked = -1; draw();
  });
  draw();
})();
