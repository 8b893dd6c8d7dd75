// The operators: a table to sort and to search, and the network as lanes.

/** [title, what it is sorted by, style] of each column; numbers begin with the largest. */
const COLUMNS = [
  ["#", (layer, i) => i, "number"],
  ["operator", (layer) => layer.name, "name"],
  ["type", (layer) => layer.type, ""],
  ["shape", (layer) => (layer.output_shape ?? []).reduce((a, b) => a * b, 1), "number"],
  ["MACs", (layer) => layer.macs ?? -1, "number"],
  ["share", (layer) => layer.macs ?? -1, ""],
  ["weights B", (layer) => layer.weights, "number"],
  ["output B", (layer) => layer.output_bytes, "number"],
  ["live B", (layer) => layer.live_bytes, "number"],
];

function layersSection() {
  const body = make("tbody"), count = make("span", { class: "soft", role: "status" });
  let rows = [], sorted = { column: 0, down: false };
  const heads = COLUMNS.map(([title, , style], column) => make("th", { scope: "col", class: style, "aria-sort": "none" },
    make("button", { type: "button", onclick: () => sort(column) }, title)));
  const search = make("input", { type: "search", placeholder: "Search name, type, shape", "aria-label": "Search operators", oninput: () => filter() });
  const write = () => {
    const { layers, macs } = model().profile;
    const most = Math.max(1, ...layers.map((layer) => layer.macs ?? 0));
    rows = layers.map((layer, i) => {
      const shape = layer.output_shape ? layer.output_shape.join("×") : "?";
      const cells = [
        make("td", { class: "number" }, make("button", { type: "button", title: "Show this step", onclick: () => goTo(i) }, String(i))),
        make("th", { scope: "row", class: "name", title: layer.name }, model().names[i]),
        make("td", {}, layer.type),
        make("td", { class: "number" }, shape),
        make("td", { class: "number" }, exact(layer.macs)),
        make("td", { title: percent(layer.macs ?? 0, macs) }, make("span", { class: "meter", "aria-label": percent(layer.macs ?? 0, macs) },
          make("i", { style: `width:${(100 * (layer.macs ?? 0)) / most}%` }))),
        ...[layer.weights, layer.output_bytes, layer.live_bytes].map((value) => make("td", { class: "number" }, exact(value))),
      ];
      const row = make("tr", { "data-operator": i }, ...cells);
      row.search = `#${i} ${layer.name} ${layer.type} ${layer.kind} ${shape}`.toLowerCase();
      return row;
    });
    sort(sorted.column, sorted.down);
    filter();
    mark();
  };
  const sort = (column, down) => {
    sorted = { column, down: down ?? (sorted.column === column ? !sorted.down : COLUMNS[column][2] === "number" && column > 0) };
    const { layers } = model().profile, key = COLUMNS[column][1];
    const order = layers.map((layer, i) => [key(layer, i), i]);
    order.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : 0) * (sorted.down ? -1 : 1) || i - j);
    body.replaceChildren(...order.map(([, i]) => rows[i]));
    heads.forEach((head, i) => head.setAttribute("aria-sort", i !== column ? "none" : sorted.down ? "descending" : "ascending"));
  };
  const filter = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      row.hidden = !wanted.every((word) => row.search.includes(word));
      found += !row.hidden;
    }
    count.textContent = wanted.length ? `${exact(found)} of ${exact(rows.length)} operators` : `${exact(rows.length)} operators`;
  };
  const mark = () => {
    const operator = timeline()?.order[chosen.step];
    for (const row of rows) row.classList.toggle("chosen", Number(row.dataset.operator) === operator);
  };
  write();
  listeners.push((changes) => ("model" in changes ? write() : mark()));
  return make("section", { "aria-labelledby": "layers" }, make("h2", { id: "layers" }, "Operators"),
    make("div", { class: "bar-of-buttons" }, search, count),
    make("div", { class: "scroll", tabindex: 0 }, make("table", { id: "operators" },
      make("caption", { class: "unseen" }, "Operators; the heads of the columns sort"), make("thead", {}, make("tr", {}, ...heads)), body)));
}

/** Choose the step at which an operator runs. */
const goTo = (operator) => choose({ step: timeline().order.indexOf(operator) });

const ROW = 26, LANE = 15;

/** The network from top to bottom, as it runs: each tensor is a lane while it is live. */
function networkSection() {
  const place = make("div", { class: "scroll network", tabindex: 0 });
  let rows = [], lanes = [];
  const draw = () => {
    const shown = model(), line = timeline(), steps = line.order.length;
    const laneOf = lanesOf(shown, line), wide = Math.max(...laneOf.values(), 0) + 1;
    const when = new Map(line.order.map((operator, step) => [operator, step]));
    const x = (lane) => 24 + lane * LANE, y = (step) => (step + 1.5) * ROW, text = x(wide) + 10;
    const thick = (tensor) => 1.5 + 6 * Math.sqrt(shown.sizes[tensor] / line.peak);
    const readers = readersOf(shown);
    const nodeAt = (operator) => x(laneOf.get(shown.outputs[operator].find((t) => laneOf.has(t)) ??
      shown.inputs[operator].find((t) => laneOf.has(t))) ?? 0);
    const label = (step) => {
      const layer = shown.profile.layers[line.order[step]];
      const shape = layer.output_shape ? layer.output_shape.join("×") : "?";
      return `${called(line.order[step])}  ${shape}  ${shown.names[line.order[step]]}`;
    };
    rows = line.order.map((operator, step) => make("rect", {
      class: "row", x: 0, y: y(step) - ROW / 2, width: "100%", height: ROW, onclick: () => choose({ step }),
    }, make("title", {}, shown.profile.layers[operator].name)));
    lanes = [];
    for (const [tensor, lane] of laneOf) {
      const begin = shown.given.includes(tensor) ? -1 : line.begin[tensor];
      const kept = shown.returned.includes(tensor);
      const ends = (readers.get(tensor) ?? []).map((operator) => when.get(operator));
      const last = kept ? steps : Math.max(begin, ...ends);
      let path = `M${x(lane)} ${y(begin)}V${y(last)}`;
      for (const step of ends) path += `M${x(lane)} ${y(step) - 9}Q${x(lane)} ${y(step)} ${x(lane) + (nodeAt(line.order[step]) > x(lane) ? 9 : -9)} ${y(step)}H${nodeAt(line.order[step])}`;
      const element = make("path", { class: "lane", d: path, stroke: colour(tensor), "stroke-width": thick(tensor) },
        make("title", {}, `${shown.tensors[tensor]}: ${exact(shown.sizes[tensor])} B, ${lifetime(shown, line, tensor)}`));
      element.tensor = tensor;
      lanes.push(element);
    }
    const nodes = line.order.map((operator, step) => make("circle", { cx: nodeAt(operator), cy: y(step), r: 5,
      fill: shown.outputs[operator].length ? colour(shown.outputs[operator][0]) : themed("--soft"), "pointer-events": "none" }));
    const words = line.order.map((_, step) => make("text", { x: text, y: y(step) + 4, "pointer-events": "none" }, label(step)));
    const inputs = shown.given.filter((t) => laneOf.has(t)).map((t) => shown.tensors[t]);
    words.push(make("text", { x: text, y: y(-1) + 4 }, `input${inputs.length === 1 ? "" : "s"}: ${short(inputs.join(", "), 70)}`));
    words.push(make("text", { x: text, y: y(steps) + 4 }, `output${shown.returned.length === 1 ? "" : "s"}: ${short(shown.returned.map((t) => shown.tensors[t]).join(", "), 70)}`));
    const svg = make("svg", { width: text + 640, height: (steps + 2.5) * ROW, role: "img",
      "aria-label": "The network in the order in which it runs; the table of operators lists the same" }, ...rows, ...lanes, ...nodes, ...words);
    place.replaceChildren(svg);
    mark(false);
  };
  const mark = (scroll) => {
    const line = timeline(), step = chosen.step;
    rows.forEach((row, i) => row.classList.toggle("chosen", i === step));
    place.classList.add("marked");
    for (const lane of lanes) lane.classList.toggle("live", line.begin[lane.tensor] <= step && step < line.end[lane.tensor]);
    const at = (step + 1.5) * ROW;
    if (scroll && (at < place.scrollTop + ROW || at > place.scrollTop + place.clientHeight - ROW)) place.scrollTop = at - place.clientHeight / 2;
  };
  draw();
  listeners.push((changes) => ("model" in changes || "order" in changes ? draw() : mark(true)));
  themeListeners.push(draw);
  return make("section", { "aria-labelledby": "network" }, make("h2", { id: "network" }, "The network"),
    make("p", { class: "soft" }, "From top to bottom as it runs. Each lane is a tensor while it is needed, the thicker the more bytes; bright ones are live at the chosen step."), place);
}

/** Tensor -> operators that read it. */
function readersOf(shown) {
  const readers = new Map();
  shown.inputs.forEach((read, operator) => {
    for (const tensor of read) readers.set(tensor, [...(readers.get(tensor) ?? []), operator]);
  });
  return readers;
}

/** Tensor -> the lowest lane that is free while it is live. */
function lanesOf(shown, line) {
  const free = [], taken = [], lanes = new Map(); // taken: [first step at which the lane is free again, lane]
  for (const tensor of stacked(shown, line)) {
    for (let i = taken.length - 1; i >= 0; i--) {
      if (taken[i][0] > line.begin[tensor]) continue;
      free.push(taken[i][1]);
      taken.splice(i, 1);
    }
    free.sort((a, b) => b - a);
    const lane = free.length ? free.pop() : taken.length;
    lanes.set(tensor, lane);
    taken.push([line.end[tensor], lane]);
  }
  return lanes;
}
