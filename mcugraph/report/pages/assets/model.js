// The page of a model: its figures, then its parts.

const CALLED = { file: "model file", weights: "weights", biases: "biases", quantization: "scales and zero points", other: "structure, names, shapes", constants: "constants, built", code: "code, built" };

/** [section, label, value of a profile, what it means] of each figure. */
const FIGURES = [
  ["SRAM", "arena to reserve", (p) => p.memory.tflm_total, "the least arena_size that TFLM loads it with"],
  ["SRAM", "head", (p) => p.memory.tflm_arena, "activations and scratch, by TFLM's own plan"],
  ["SRAM", "tail", (p) => p.memory.tflm_persistent, "what TFLM keeps besides, on a 32-bit device"],
  ["SRAM", "head with our plan", (p) => unlessGenerated(p, p.memory.planned_arena), "of the best order"],
  ["SRAM", "head with overlaps", (p) => unlessGenerated(p, p.memory.overlap_arena), (p) => `outputs over inputs that die (${p.kernels} kernels)`],
  ["SRAM", "arena", (p) => (generated(p) ? p.memory.overlap_arena : null), "of the generated code"],
  ["SRAM", "peak, file order", (p) => p.memory.file_order_peak, "live tensors alone"],
  ["SRAM", "peak, best order", (p) => p.memory.peak, (p) => (p.memory.peak_is_optimal ? "proven: no order needs less" : `best found; none needs less than ${exact(p.memory.peak_lower_bound)} B`)],
  ["SRAM", "state", (p) => p.memory.state || null, "variable tensors, live for ever"],
  ...Object.entries(CALLED).map(([field, title]) => ["Flash", title, (p) => p.flash[field], ""]),
];
const MAIN = ["arena to reserve", "arena", "model file"];

/** Whether what runs is the C code that `mcugraph deploy` writes. */
const generated = (profile) => profile.kernels === "generated";
const unlessGenerated = (profile, value) => (generated(profile) ? null : value);

function figuresSection() {
  const several = data.models.length > 1, parts = [];
  for (const section of ["SRAM", "Flash"]) {
    const rows = FIGURES.filter(([of]) => of === section)
      .map(([, title, value, meaning]) => [title, data.models.map((m) => value(m.profile)), meaning])
      .filter(([, values]) => values.some((value) => value !== null && value !== undefined));
    const limit = data.board?.[section.toLowerCase()] ?? null;
    const most = limit ?? Math.max(1, ...rows.flatMap(([, values]) => values.filter((v) => v !== null)));
    const bar = (value, title) => make("span", { class: "meter", role: "img", "aria-label": `${percent(value, most)} of ${limit ? data.board.name : "the largest"}` },
      make("i", { class: limit && value > limit ? "over" : MAIN.includes(title) ? "main" : "", style: `width:${Math.min(100, (100 * value) / most)}%` }));
    const head = ["", ...data.models.map((m) => (several ? m.label : "bytes")), ...(several ? ["change"] : ["", limit ? `of ${data.board.name}'s ${kib(limit)}` : "", ""])];
    const lines = rows.map(([title, values, meaning]) => make("tr", { class: MAIN.includes(title) ? "main" : "" },
      make("th", { scope: "row", title: several ? meaningOf(meaning) : null }, title),
      ...values.map((value) => make("td", { class: "number" }, exact(value))),
      ...(several ? [change(values)] : [
        make("td", { class: "number soft" }, values[0] === null ? "" : kib(values[0])),
        make("td", { class: "wide" }, values[0] === null ? "" : bar(values[0], title)),
        make("td", { class: "soft" }, meaningOf(meaning)),
      ])));
    parts.push(make("h3", {}, section), sideways({ class: several ? "figures two" : "figures" }, columns(several),
      make("thead", {}, make("tr", {}, ...head.map((text, i) => make("th", { scope: "col", class: several || i === 1 ? "number" : "" }, text)))), make("tbody", {}, ...lines)));
    if (section === "SRAM") parts.push(...remedies());
  }
  const work = data.models.map((m) => m.profile);
  parts.push(make("h3", {}, "Work"), sideways({ class: several ? "figures two" : "figures" }, columns(several),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, make("span", { class: "unseen" }, "what")), ...data.models.map((m) => make("th", { scope: "col", class: "number" }, several ? m.label : "an inference")), several ? make("th", { scope: "col", class: "number" }, "change") : null)),
    make("tbody", {}, ...[["MACs", (p) => p.macs, "multiply-accumulates"], ["elementwise", (p) => p.elementwise, "other operations"]].map(([title, value, meaning]) => make("tr", {},
      make("th", { scope: "row" }, title), ...work.map((p) => make("td", { class: "number" }, exact(value(p)))), several ? change(work.map(value)) : make("td", { class: "soft", colspan: 3 }, meaning))))));
  return make("section", { "aria-labelledby": "figures", class: "panel", style: "margin-top:1.5rem" },
    make("h2", { id: "figures", style: "margin-top:0" }, "What it needs"), ...parts);
}

/** A table that scrolls where the screen is narrower than it is. */
const sideways = (attributes, ...parts) => make("div", { class: "sideways" }, make("table", attributes, ...parts));

/** Columns of the same widths in all tables of figures. */
const columns = (several) => make("colgroup", {}, ...["title", "bytes", "bytes", ...(several ? ["bytes"] : ["wide"])].map((name) => make("col", { class: name })));

/** What commands would make of the arena to reserve. */
function remedies() {
  return data.models.filter((m) => m.remedies.length).map((m) => make("div", { class: "note good-note" },
    make("b", {}, data.models.length > 1 ? `${m.label} can take less` : "It can take less"),
    make("ul", {}, ...m.remedies.map(({ command, total }) => make("li", {}, make("code", {}, command),
      `: ${exact(total)} B to reserve, ${percent(m.profile.memory.tflm_total - total, m.profile.memory.tflm_total)} less`)))));
}

const meaningOf = (meaning) => (typeof meaning === "function" ? meaning(data.models[0].profile) : meaning);

function change([before, after]) {
  if (before === null || after === null || before === undefined || after === undefined) return make("td", { class: "number" });
  const by = after - before;
  return make("td", { class: `number ${by < 0 ? "good" : by > 0 ? "bad" : "soft"}` },
    by ? `${by > 0 ? "+" : "−"}${exact(Math.abs(by))} (${by > 0 ? "+" : "−"}${percent(Math.abs(by), before)})` : "same");
}

function groupsSection() {
  const place = make("div");
  const fill = () => {
    const { groups } = model();
    place.hidden = !groups.length;
    if (place.hidden) return;
    const layersOf = (group, use) => [...new Set(group.members.filter((m) => m.use === use).map((m) => m.layer))].join(", ");
    place.replaceChildren(make("h2", { id: "groups" }, "Width groups"),
      make("p", { class: "soft" }, "Channels that can only be removed together; one width a group."),
      make("div", { class: "scroll", tabindex: 0 }, make("table", {}, make("thead", {}, make("tr", {},
        ...["group", "width", "made by", "read by"].map((text, i) => make("th", { scope: "col", class: i === 1 ? "number" : "" }, text)))),
      make("tbody", {}, ...groups.map((group) => make("tr", {}, make("th", { scope: "row", class: "name" }, group.name),
        make("td", { class: "number" }, exact(group.width)), make("td", { class: "name" }, layersOf(group, "makes")), make("td", { class: "name" }, layersOf(group, "reads"))))))));
  };
  fill();
  listeners.push((changes) => { if ("model" in changes) fill(); });
  return place;
}

function heading() {
  const { profile } = model(), facts = profile.model;
  const formats = { tflite: "TFLite", onnx: "ONNX", torch: "PyTorch" };
  const counted = `${profile.accounting}${profile.precision ? `, as ${profile.precision}` : ""}, ${profile.kernels} kernels`;
  return `${formats[facts.format] ?? facts.format}, ${exact(facts.operators)} operators, ${exact(facts.parameters)} parameters, ${exact(profile.macs)} MACs (${counted})`;
}

/** What was assumed, and what speaks against the model, before any figure. */
function caveats() {
  const notes = [];
  for (const { label, profile } of data.models) {
    // A sentence begins with a capital, the name of a file as it is.
    const of = (text) => (data.models.length > 1 ? `${label}: ${text}` : `${text[0].toUpperCase()}${text.slice(1)}`);
    const refusals = [...profile.tflm_refusals, ...profile.deploy_refusals];
    if (refusals.length) notes.push([of("it does not run"), refusals]);
    if (!profile.complete) notes.push([of("what could not be counted is missing: figures are lower bounds"), profile.unknown_operators]);
    if (profile.assumptions.length) notes.push([of("assumed"), profile.assumptions]);
  }
  return notes.map(([title, texts]) => make("div", { class: "note", role: "note" }, make("b", {}, title),
    make("ul", {}, ...texts.map((text) => make("li", { class: "name" }, text)))));
}

function verdictLine() {
  const { verdict } = data;
  if (!verdict) return null;
  const good = verdict.code === 0;
  return make("p", { class: `verdict ${good ? "good" : "bad"}` }, `${good ? "✓" : "✗"} ${data.board.name}: ${verdict.word}`);
}

function start() {
  const facts = make("p", { class: "soft" }, heading());
  listeners.push(() => { facts.textContent = heading(); });
  const titles = data.models.map((m) => m.label);
  const main = document.querySelector("main");
  main.append(make("header", { class: "top" }, make("div", {}, make("h1", {}, titles.join(" and ")), facts, verdictLine()), themeButton()),
    ...caveats(), figuresSection());
  if (titles.length > 1) {
    main.append(make("h2", {}, "Pictures of"), switcher("Model", titles, () => chosen.model, (number) => choose({
      model: number, order: 0, step: data.models[number].timelines[0]?.bottleneck ?? 0 })));
  }
  if (data.models.every((m) => m.timelines.length)) {
    chosen.step = timeline().bottleneck;
    main.append(timelineSection(), arenaSection(), layersSection(), networkSection());
  }
  main.append(groupsSection());
}
start();
