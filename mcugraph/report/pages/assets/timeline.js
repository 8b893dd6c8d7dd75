// Memory over time: the live tensors of an order, stacked; and the live set of the chosen step.

/** The tensors that are live at a step, those that began first at the bottom: [tensor, from, bytes]. */
function liveSet(shown, line, step) {
  const found = [];
  let under = 0;
  for (const tensor of stacked(shown, line)) {
    if (line.begin[tensor] > step || step >= line.end[tensor]) continue;
    found.push([tensor, under, shown.sizes[tensor]]);
    under += shown.sizes[tensor];
  }
  const called = line.live[step] - under; // what a subgraph needs that is called there
  if (called > 0) found.push([null, under, called]);
  return found;
}

/** Tensors with bytes in the order in which they are stacked. */
function stacked(shown, line) {
  line.stacked ??= shown.sizes
    .map((_, tensor) => tensor)
    .filter((tensor) => shown.sizes[tensor] > 0)
    .sort((a, b) => line.begin[a] - line.begin[b] || a - b);
  return line.stacked;
}

/** Boxes of one colour that a stack is made of: as long as what lies under a tensor does not change. */
function boxes(shown, line) {
  if (line.boxes) return line.boxes;
  const steps = line.order.length;
  const starts = Array.from({ length: steps + 1 }, () => []);
  for (const tensor of stacked(shown, line)) starts[line.begin[tensor]].push(tensor);
  const found = [];
  let live = [];
  const open = new Map(); // tensor -> [from step, bytes under it]
  const close = (tensor, step) => {
    const [from, under] = open.get(tensor);
    open.delete(tensor);
    found.push([tensor, from, step, under, shown.sizes[tensor]]);
  };
  for (let step = 0; step < steps; step++) {
    for (const tensor of live) if (line.end[tensor] <= step) close(tensor, step);
    live = [...live.filter((tensor) => step < line.end[tensor]), ...starts[step]];
    let under = 0;
    for (const tensor of live) {
      const was = open.get(tensor);
      if (was && was[1] !== under) close(tensor, step);
      if (!open.has(tensor)) open.set(tensor, [step, under]);
      under += shown.sizes[tensor];
    }
    if (line.live[step] > under) found.push([null, step, step + 1, under, line.live[step] - under]);
  }
  for (const tensor of [...open.keys()]) close(tensor, steps);
  return (line.boxes = found);
}

const shade = (tensor) => (tensor === null ? themed("--soft") : colour(tensor));
const nameOf = (shown, tensor) => (tensor === null ? "what it calls" : shown.tensors[tensor]);

const labelOf = (shown, tensor) => (tensor === null ? "what it calls" : shown.labels[tensor]);

/** From what operator to what operator a tensor is live, in words. */
function lifetime(shown, line, tensor) {
  if (tensor === null) return "";
  const last = line.end[tensor] - 1;
  const first = shown.given.includes(tensor) ? "the start" : called(line.order[line.begin[tensor]]);
  const end = shown.returned.includes(tensor) ? "the end" : called(line.order[last]);
  return first === end ? `live during ${first}` : `live from ${first} to ${end}`;
}

function timelineChart() {
  const height = 320, below = 24;
  const most = () => Math.max(1, ...data.models.flatMap((m) => m.timelines.map((t) => t.peak))) * 1.08;
  const canvas = canvasOf(height, "", (context, width) => {
    const shown = model(), line = timeline(), steps = line.order.length;
    const x = (step) => EDGE + (step * (width - EDGE - 4)) / steps;
    const y = (bytes) => height - below - (bytes * (height - below - 8)) / most();
    byteAxis(context, most(), EDGE, width - 4, y);
    context.fillStyle = themed("--select");
    context.fillRect(x(chosen.step), 8, Math.max(2, x(1) - x(0)), height - below - 8);
    for (const [tensor, from, to, under, bytes] of boxes(shown, line)) {
      context.fillStyle = shade(tensor);
      const gap = x(1) - x(0) > 3 ? 0.5 : 0; // so that neighbours are told apart
      context.fillRect(x(from) + gap, y(under + bytes) + gap, x(to) - x(from) - 2 * gap, y(under) - y(under + bytes) - gap);
    }
    const fine = x(1) - x(0) < 4 ? 0.4 : 1; // lines of narrow steps would hide what they surround
    for (const other of shown.timelines) if (other !== line) outline(context, other, x, y, "--soft", [5, 4], 1.2 * fine);
    outline(context, line, x, y, "--text", [], 1.4 * fine);
    const peak = y(line.peak), at = x(line.bottleneck);
    context.strokeStyle = context.fillStyle = themed("--mark");
    context.lineWidth = 1.6;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(EDGE, peak);
    context.lineTo(width - 4, peak);
    context.stroke();
    context.setLineDash([]);
    const text = `peak ${exact(line.peak)} B at ${called(line.order[line.bottleneck])}`;
    context.textBaseline = "bottom";
    context.textAlign = at > width / 2 ? "right" : "left";
    context.font = "600 12px system-ui, sans-serif";
    context.fillText(text, at > width / 2 ? x(line.bottleneck + 1) : at, peak - 3);
    context.beginPath();
    context.moveTo((at + x(line.bottleneck + 1)) / 2, height - below + 1);
    context.lineTo((at + x(line.bottleneck + 1)) / 2 - 5, height - below + 9);
    context.lineTo((at + x(line.bottleneck + 1)) / 2 + 5, height - below + 9);
    context.fill();
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = themed("--soft");
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.fillText("first operator", EDGE, height - 2);
    context.textAlign = "right";
    context.fillText(`operator ${steps} of ${steps}`, width - 4, height - 2);
  });
  canvas.id = "timeline";
  canvas.tabIndex = 0;
  const stepAt = (event) => {
    const box = canvas.getBoundingClientRect(), steps = timeline().order.length;
    const step = Math.floor(((event.clientX - box.left - EDGE) * steps) / (box.width - EDGE - 4));
    return step < 0 || step >= steps ? null : step;
  };
  const tensorAt = (event, step) => {
    const box = canvas.getBoundingClientRect();
    const bytes = ((height - below - (event.clientY - box.top)) * most()) / (height - below - 8);
    return liveSet(model(), timeline(), step).find(([, under, size]) => under <= bytes && bytes < under + size);
  };
  canvas.addEventListener("pointermove", (event) => {
    const step = stepAt(event);
    if (step === null) return hideTip();
    const line = timeline(), under = tensorAt(event, step);
    const where = `step ${step + 1}, ${called(line.order[step])}: ${exact(line.live[step])} B live`;
    if (!under) return showTip(event, where);
    showTip(event, nameOf(model(), under[0]), `${exact(under[2])} B, ${lifetime(model(), line, under[0])}`, where);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => {
    const step = stepAt(event);
    if (step !== null) choose({ step });
  });
  canvas.addEventListener("keydown", (event) => {
    const last = timeline().order.length - 1;
    const to = { ArrowLeft: chosen.step - 1, ArrowRight: chosen.step + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose({ step: Math.min(Math.max(to, 0), last) });
  });
  const say = () => {
    const line = timeline();
    canvas.setAttribute("aria-label", `Bytes live at each of ${line.order.length} steps; the peak is ${exact(line.peak)} bytes ` +
      `at step ${line.bottleneck + 1}. Arrow keys choose a step; the table beside lists what is live there.`);
  };
  say();
  listeners.push(() => { say(); canvas.redraw(); });
  return canvas;
}

function outline(context, line, x, y, tone, dashes, width) {
  context.strokeStyle = themed(tone);
  context.lineWidth = width;
  context.setLineDash(dashes);
  context.beginPath();
  line.live.forEach((bytes, step) => {
    context.lineTo(x(step), y(bytes));
    context.lineTo(x(step + 1), y(bytes));
  });
  context.stroke();
  context.setLineDash([]);
}

/** The chart in a frame that scrolls once it is stretched. */
function timelineFigure() {
  const canvas = timelineChart(), frame = make("figure", { class: "panel stretched" }, canvas);
  const button = make("button", { type: "button", "aria-pressed": "false", onclick: () => stretch(button.getAttribute("aria-pressed") !== "true") }, "Stretch");
  const stretch = (on) => {
    const steps = timeline().order.length, widest = 16000 / (devicePixelRatio || 1); // what a canvas holds
    button.setAttribute("aria-pressed", String(on));
    canvas.style.width = on ? `${Math.min(widest, EDGE + 12 * steps)}px` : "";
    canvas.redraw();
    follow();
  };
  const follow = () => {
    const at = EDGE + ((canvas.clientWidth - EDGE) * (chosen.step + 0.5)) / timeline().order.length;
    if (at < frame.scrollLeft + 40 || at > frame.scrollLeft + frame.clientWidth - 40) frame.scrollLeft = at - frame.clientWidth / 2;
  };
  const offer = () => { button.hidden = timeline().order.length < 100; };
  offer();
  listeners.push((changes) => { if ("model" in changes) { offer(); stretch(false); } follow(); });
  return [frame, button];
}

/** What is live at the chosen step, as a table. */
function liveTable() {
  const heading = make("h3", { id: "live", "aria-live": "polite" });
  const body = make("tbody");
  const fill = () => {
    const shown = model(), line = timeline(), operator = line.order[chosen.step];
    heading.textContent = `Step ${chosen.step + 1}: ${called(operator)}, ${exact(line.live[chosen.step])} B live`;
    const rows = liveSet(shown, line, chosen.step).reverse().map(([tensor, , bytes]) => make("tr", {},
      make("th", { scope: "row", class: "name", title: nameOf(shown, tensor) },
        make("span", { class: "swatch", style: `background:${shade(tensor)}` }), labelOf(shown, tensor)),
      make("td", { class: "number" }, exact(bytes))));
    body.replaceChildren(...rows);
  };
  fill();
  listeners.push(fill);
  themeListeners.push(fill);
  return make("div", {}, heading, make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "tensor"), make("th", { scope: "col", class: "number" }, "bytes"))), body)));
}

function timelineSection() {
  const titles = { file: "File order", best: "Best order" };
  const words = () => model().timelines.map((line) => `${titles[line.name]}: ${exact(line.peak)} B`);
  const buttons = switcher("Order of the operators", words(), () => chosen.order, (order) => choose({ order, step: model().timelines[order].bottleneck }));
  listeners.push(() => words().forEach((text, i) => { buttons.children[i].textContent = text; }));
  buttons.append(make("button", { type: "button", onclick: () => choose({ step: timeline().bottleneck }) }, "Go to the peak"));
  const same = make("span", { class: "soft" });
  const tell = () => {
    const [file, best] = model().timelines;
    same.textContent = best.peak < file.peak ? `Reordering saves ${exact(file.peak - best.peak)} B.` : "No other order needs less.";
    if (best.peak === file.peak && !model().profile.memory.peak_is_optimal) same.textContent = "No better order was found.";
  };
  tell();
  listeners.push(tell);
  const [frame, stretch] = timelineFigure();
  buttons.append(stretch, same);
  return make("section", { "aria-labelledby": "time" }, make("h2", { id: "time" }, "Memory over time"),
    make("p", { class: "soft" }, "Tensors that are live while each operator runs, one on top of the other; dashed: the other order. Click a step, or use the arrow keys."),
    buttons, make("div", { class: "columns" }, frame, liveTable()));
}
