// What all parts of a page use: making elements, writing numbers, colours, the tip, what is chosen.

const data = JSON.parse(document.getElementById("data").textContent);

/** An element with attributes and children; texts become text, never markup. */
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "path", "circle", "text", "line", "title"].includes(tag);
  const element = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const separated = new Intl.NumberFormat("en-US");
const exact = (value) => (value === null || value === undefined ? "?" : separated.format(value));
const kib = (value) =>
  value >= 1 << 20 ? `${(value / (1 << 20)).toFixed(2)} MiB` : `${(value / 1024).toFixed(1)} KiB`;
const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)}%` : "");

/** The end of a long name tells most. */
const short = (name, length = 40) => (name.length <= length ? name : `…${name.slice(1 - length)}`);

/** Colours that differ from those of their neighbours, and carry black text, in both themes. */
const PALETTE = ["#5b8ff9", "#f6bd16", "#5ad8a6", "#e8684a", "#9270ca", "#6dc8ec", "#ff9d4d", "#2ba3a3", "#f08bb4", "#a3b86c", "#8f9bb3", "#d6878f"];
const colour = (number) => PALETTE[number % PALETTE.length];
const themed = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function dark() {
  const forced = document.documentElement.dataset.theme;
  return forced ? forced === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// What is chosen on the page, and who wants to know that it has changed.
const chosen = { model: 0, order: 0, step: 0 };
const listeners = [];
function choose(changes) {
  Object.assign(chosen, changes);
  for (const listener of listeners) listener(changes);
}
const model = () => data.models[chosen.model];
const timeline = () => model().timelines[chosen.order];
/** Operator number -> how it is called on the page. */
const called = (number) => `#${number} ${model().profile.layers[number].type}`;

const tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
document.body.append(tip);
function showTip(event, title, ...lines) {
  tip.replaceChildren(make("b", {}, title), ...lines.map((line) => make("div", {}, line)));
  tip.hidden = false;
  const right = event.clientX + 16 + tip.offsetWidth > innerWidth;
  tip.style.left = `${right ? Math.max(4, event.clientX - 16 - tip.offsetWidth) : event.clientX + 16}px`;
  tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 6)}px`;
}
const hideTip = () => { tip.hidden = true; };

/** A canvas as wide as its place, sharp on any screen; `draw(context, width, height)` fills it. */
function canvasOf(height, label, draw) {
  const canvas = make("canvas", { role: "img", "aria-label": label, style: `height:${height}px` });
  canvas.redraw = () => {
    const width = canvas.clientWidth, ratio = devicePixelRatio || 1;
    if (!width) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    draw(context, width, height);
  };
  new ResizeObserver(() => canvas.redraw()).observe(canvas);
  themeListeners.push(canvas.redraw);
  return canvas;
}

const themeListeners = [];
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);
function themeChanged() { for (const redraw of themeListeners) redraw(); }
function themeButton() {
  const said = () => (dark() ? "Light" : "Dark");
  const button = make("button", { type: "button", id: "theme", onclick: () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    button.textContent = said();
    themeChanged();
  } }, said());
  return button;
}

/** Lines across at round numbers of bytes, with their labels. */
function byteAxis(context, most, left, right, y) {
  const rough = most / 5, power = 2 ** Math.floor(Math.log2(Math.max(rough, 1)));
  context.fillStyle = themed("--soft");
  context.strokeStyle = themed("--line");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let bytes = 0; bytes <= most; bytes += power * (rough / power > 1.5 ? 2 : 1)) {
    const at = Math.round(y(bytes)) + 0.5;
    context.beginPath();
    context.moveTo(left, at);
    context.lineTo(right, at);
    context.stroke();
    context.fillText(bytes >= 1024 ? `${+(bytes / 1024).toFixed(1)} KiB` : `${bytes} B`, left - 6, at);
  }
}
/** Room on the left for the labels of the axis. */
const EDGE = 66;

/** Buttons of which one is pressed. */
function switcher(label, names, pressed, press) {
  const buttons = names.map((name, i) => make("button", {
    type: "button", "aria-pressed": String(i === pressed()), onclick: () => press(i),
  }, name));
  listeners.push(() => buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(i === pressed()))));
  return make("div", { class: "bar-of-buttons", role: "group", "aria-label": label }, ...buttons);
}
