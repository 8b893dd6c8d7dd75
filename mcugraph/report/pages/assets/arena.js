// The arena: which tensor lies where at which time, by several plans on one scale.

const PLANS = {
  tflm: ["TFLM's plan", "Its greedy planner, on the order of the file."],
  planned: ["Our plan", "The best order that packs, placed by exact search."],
  overlap: ["Ours with overlaps", "Outputs begin inside inputs that die, as far as the kernels allow (hatched)."],
};

function arenaMap(map, most) {
  const height = 300, below = 20, shown = model();
  const sides = (width) => {
    const left = EDGE, right = width - 4;
    return {
      x: (step) => left + (step * (right - left)) / map.steps,
      y: (bytes) => height - below - (bytes * (height - below - 6)) / most,
    };
  };
  const shadeOf = (block) => (block[5] ? themed("--soft") : shade(typeof block[0] === "number" ? block[0] : null));
  const titleOf = (block) => (typeof block[0] === "number" ? shown.tensors[block[0]] : block[0]);
  const [title, what] = PLANS[map.name];
  const label = `${title}: ${map.blocks.length} buffers in an arena of ${exact(map.arena)} bytes`;
  const canvas = canvasOf(height, label, (context, width) => {
    const { x, y } = sides(width);
    byteAxis(context, most, EDGE, width - 4, y);
    for (const block of map.blocks) {
      const [, size, begin, end, offset] = block;
      const wide = x(end) - x(begin), high = y(offset) - y(offset + size);
      context.fillStyle = shadeOf(block);
      context.fillRect(x(begin), y(offset + size), wide, high);
      if (wide > 4 && high > 4) {
        context.strokeStyle = themed("--panel");
        context.lineWidth = 1;
        context.strokeRect(x(begin) + 0.5, y(offset + size) + 0.5, wide - 1, high - 1);
      }
    }
    if (x(1) - x(0) > 3) for (const [from, to, low, high] of clashes(map)) hatch(context, x(from), y(high), x(to) - x(from), y(low) - y(high));
    for (const block of map.blocks) {
      const [, size, begin, end, offset] = block;
      const wide = x(end) - x(begin), high = y(offset) - y(offset + size);
      if (wide < 34 || high < 15) continue;
      context.fillStyle = "#10141a";
      context.textAlign = "center";
      context.textBaseline = "middle";
      const text = short(typeof block[0] === "number" ? shown.labels[block[0]] : block[0], Math.max(4, Math.floor(wide / 7)));
      context.fillText(text, (x(begin) + x(end)) / 2, y(offset + size / 2), wide - 6);
    }
    context.strokeStyle = themed("--mark");
    context.lineWidth = 1.6;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(EDGE, y(map.arena));
    context.lineTo(width - 4, y(map.arena));
    context.stroke();
    context.setLineDash([]);
    const step = map.by_operator ? map.order.indexOf(timeline().order[chosen.step]) : -1;
    if (step >= 0) {
      context.strokeStyle = themed("--accent");
      context.lineWidth = 2;
      context.strokeRect(x(step), 6, Math.max(2, x(1) - x(0)), height - below - 6);
    }
    context.fillStyle = themed("--soft");
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.fillText(map.by_operator ? "first operator" : "time, by TFLM's clock", EDGE, height - 1);
    context.textAlign = "right";
    context.fillText(map.by_operator ? "last" : "", width - 4, height - 1);
  });
  canvas.className = "arena";
  const under = (event) => {
    const box = canvas.getBoundingClientRect(), { x, y } = sides(box.width);
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    return map.blocks.filter(([, size, begin, end, offset]) =>
      x(begin) <= left && left < x(end) && y(offset + size) <= top && top < y(offset));
  };
  canvas.addEventListener("pointermove", (event) => {
    const found = under(event);
    if (!found.length) return hideTip();
    const lines = found.map((b) => `${titleOf(b)}: ${exact(b[1])} B at ${exact(b[4])} to ${exact(b[4] + b[1])}`);
    showTip(event, found.length > 1 ? "Both lie here" : titleOf(found[0]), ...(found.length > 1 ? lines : [lines[0].slice(titleOf(found[0]).length + 2)]));
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const step = Math.floor(((event.clientX - box.left - EDGE) * map.steps) / (box.width - EDGE - 4));
    if (map.by_operator && map.order[step] !== undefined) choose({ step: timeline().order.indexOf(map.order[step]) });
  });
  const order = map.by_operator && map.order.some((operator, step) => operator !== shown.timelines[0].order[step]);
  return make("figure", { class: "panel", "data-plan": map.name },
    make("figcaption", {}, make("h3", {}, title, ": ", make("span", { class: "mark" }, `${exact(map.arena)} B`)),
      make("p", { class: "soft" }, `${what}${order ? " Operators are reordered." : ""}`)), canvas);
}

/** Where two buffers lie over each other at one time: [from, to, low, high]. */
function clashes(map) {
  if (map.clashes) return map.clashes;
  const sorted = [...map.blocks].sort((a, b) => a[2] - b[2]), found = [];
  let live = [];
  for (const block of sorted) {
    live = live.filter((other) => other[3] > block[2]);
    for (const other of live) {
      const low = Math.max(block[4], other[4]), high = Math.min(block[4] + block[1], other[4] + other[1]);
      if (low < high) found.push([block[2], Math.min(block[3], other[3]), low, high]);
    }
    live.push(block);
  }
  return (map.clashes = found);
}

function hatch(context, left, top, width, height) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = "#10141acc";
  context.lineWidth = 1.3;
  for (let at = left - height; at < left + width; at += 6) {
    context.beginPath();
    context.moveTo(at, top + height);
    context.lineTo(at + height, top);
    context.stroke();
  }
  context.restore();
}

function arenaSection() {
  const place = make("div", { class: "maps" });
  let canvases = [];
  const fill = () => {
    const maps = model().arenas;
    const most = Math.max(1, ...data.models.flatMap((m) => m.arenas.map((map) => map.arena))) * 1.04;
    place.replaceChildren(...maps.map((map) => arenaMap(map, most)));
    canvases = [...place.querySelectorAll("canvas")];
    if (!maps.length) place.append(make("p", { class: "soft" }, "What TFLM takes for this model is not known, so there is no arena to draw."));
  };
  fill();
  listeners.push((changes) => { if ("model" in changes) fill(); else for (const canvas of canvases) canvas.redraw(); });
  return make("section", { "aria-labelledby": "arena" }, make("h2", { id: "arena" }, "The arena"),
    make("p", { class: "soft" }, "Time goes across, addresses go up; all maps have one scale. This is the head of the arena: activations and what kernels need while they run."), place);
}
