// Bundled by vl-convert, which carries the modules named here; only what is used of them comes along.
// Expressions are interpreted, not compiled, so that the page's policy needs no 'unsafe-eval'.
import {parse, View} from "/npm/vega@6.2.0/+esm";
import {expressionInterpreter} from "/npm/vega-interpreter@2.0.0/+esm";
import {Handler} from "/npm/vega-tooltip@1.0.0/+esm";

const refuse = async (uri) => { throw new Error("a report loads nothing: " + uri); };
const loader = {load: refuse, sanitize: refuse, http: refuse, file: refuse};

const unpacked = async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};

// What the page's language calls the few words said here; without a list of them they are English.
const own = JSON.parse(document.getElementById("words")?.textContent ?? "null"), t = (text) => own?.[text] ?? text;

const rows = ({columns, rows, ...data}) => columns
  ? {...data, values: rows.map((row) => Object.fromEntries(columns.map((name, place) => [name, row[place]])))} : data;

// A chart made for any width takes that of its frame, on a phone too; words beside its marks keep their room.
const fitted = async (view, box) => {
  const wide = view.width(), {right, ...edges} = view.padding();
  const fit = async () => {
    await view.width(Math.min(wide, box.clientWidth || wide)).padding({...edges, right}).runAsync();
    const edge = box.querySelector("svg").getBoundingClientRect().right;
    const over = Math.max(0, ...[...box.querySelectorAll(".mark-text text")].map((text) => text.getBoundingClientRect().right - edge));
    if (over) await view.padding({...edges, right: right + Math.ceil(over)}).runAsync();
  };
  addEventListener("resize", fit);
  return fit();
};

// A chart by keyboard: arrows lead from mark to mark as the pointer would, Enter clicks, Escape lets everything go.
const made = (kind, facts) => Object.assign(document.createElement(kind), facts);
const said = made("p", {className: "said"}), ring = made("div", {className: "ring", hidden: true});
const keys = made("p", {className: "note", id: "keys", hidden: true});
said.setAttribute("role", "status");
document.body.append(said, keys);

const named = (mark) => mark.getAttribute("aria-label") ?? `${mark.textContent}, ${t("legend")}`;
const inked = ({fill, stroke}) => fill && fill !== "transparent" ? fill : stroke;

// Marks by facet and series or row, then the names of a legend that answers to clicks: each with where it is.
const marksOf = (box) => {
  const scopes = [...box.querySelectorAll(".role-scope")], inks = [];
  const marks = [...box.querySelectorAll(".role-mark [aria-label]")].filter((one) => one.__data__?.mark?.role === "mark");
  const names = [...box.querySelectorAll(".role-legend-label text")].filter((one) => getComputedStyle(one).pointerEvents !== "none");
  return [...marks, ...names].map((mark) => {
    const {left, right, top, bottom} = mark.getBoundingClientRect(), item = mark.__data__, shape = item.mark.marktype;
    if (shape === "symbol" && !inks.includes(inked(item))) inks.push(inked(item));
    const series = shape === "symbol" ? [inks.indexOf(inked(item)), 0] : [Math.round(bottom), left];
    const order = names.includes(mark) ? [scopes.length, 0, 0] : [scopes.indexOf(mark.closest(".role-scope")), ...series];
    return {mark, left, right, legend: names.includes(mark), x: (left + right) / 2, y: (top + bottom) / 2, order};
  }).sort((one, other) => one.order.map((part, at) => part - other.order[at]).find(Boolean) ?? 0);
};

// The nearest mark straight above or below.
const beside = (all, here, way) => all
  .filter((one) => one.legend === here.legend && one.left < here.right && here.left < one.right && (one.y - here.y) * way > 1)
  .sort((one, other) => Math.abs(one.y - here.y) - Math.abs(other.y - here.y) || Math.abs(one.left - here.left) - Math.abs(other.left - here.left))[0];

const act = ({mark, x, y}, types, facts) => {
  for (const type of types) {
    const kind = {p: PointerEvent, w: WheelEvent}[type[0]] ?? MouseEvent;
    mark.dispatchEvent(new kind(type, {bubbles: true, cancelable: true, view: window, clientX: x, clientY: y, ...facts}));
  }
};
const HOVER = ["pointerover", "mouseover", "pointermove", "mousemove"], LEAVE = ["pointerout", "mouseout"];
const HOLD = ["pointerdown", "mousedown"], DRAG = ["pointermove", "mousemove"], RELEASE = ["pointerup", "mouseup"];
const WAYS = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}, UPRIGHT = ["ArrowDown", "ArrowUp"];

const reachable = (box, view, chart) => {
  const frame = box.parentElement;
  const stores = chart.data.map(({name}) => name).filter((name) => name.endsWith("_store") && name !== "hover_store");
  const inner = JSON.stringify([chart.signals, chart.marks]);
  const help = [t("Arrow keys: from mark to mark."), stores.length && t("Enter: select, with Shift one more."),
    inner.includes('_brush"') && t("Shift and arrow: select a range."), inner.includes('_zoom_delta"') && t("+ and −: zoom."), t("Escape: clear.")];
  let now = null, anchor = null;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-roledescription", t("chart"));
  frame.setAttribute("aria-describedby", "keys");

  const leave = () => {
    if (now) act(now, LEAVE);
    now = anchor = null;
    ring.hidden = true;
  };
  const enter = (one) => {
    one.mark.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"});
    const place = one.mark.getBoundingClientRect(), from = frame.getBoundingClientRect();
    if (now) act(now, LEAVE);
    now = {...one, x: place.x + place.width / 2, y: place.y + place.height / 2};
    act(now, HOVER);
    frame.append(ring);
    ring.hidden = false;
    ring.style.cssText = `left: ${place.x - from.x + frame.scrollLeft - 4}px; top: ${place.y - from.y + frame.scrollTop - 4}px; width: ${place.width + 8}px; height: ${place.height + 8}px`;
    said.textContent = named(one.mark);
  };
  const told = async (words) => {
    await view.runAsync();
    if (stores.length) said.textContent = `${words}${stores.some((name) => view.data(name).length) ? t("Selected.") : t("Nothing selected.")}`;
  };
  const towards = (all, key) => {
    const here = all.find(({mark}) => mark === now?.mark), way = WAYS[key];
    if (key === "End") return all.at(-1);
    if (!here || key === "Home") return all[0];
    return (UPRIGHT.includes(key) && beside(all, here, way)) || all[all.indexOf(here) + way] || here;
  };
  const press = (key, facts) => {
    if (key in WAYS || key === "Home" || key === "End") {
      const all = marksOf(box), next = towards(all, key);
      if (!next) return false;
      anchor = facts.shiftKey ? anchor ?? now : null;
      enter(next);
      if (anchor) {
        act(anchor, HOLD);
        act(now, [...DRAG, ...RELEASE]);
        told(`${named(next.mark)}. `);
      }
    } else if ((key === "Enter" || key === " ") && now) {
      act(now, [...HOLD, ...RELEASE, "click"], facts);
      told(`${named(now.mark)}. `);
    } else if ((key === "+" || key === "-") && now) {
      act(now, ["wheel"], {deltaY: key === "+" ? -120 : 120});
    } else if (key === "Escape") {
      act({mark: box.querySelector("svg"), x: 0, y: 0}, ["click", "dblclick"]);
      leave();
      said.textContent = "";
      told("");
    } else return false;
    return true;
  };
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (press(event.key, {shiftKey: event.shiftKey})) event.preventDefault();
  });
  frame.addEventListener("focus", () => {
    keys.textContent = help.filter(Boolean).join(" ");
    keys.hidden = !frame.matches(":focus-visible");
    frame.after(keys);
  });
  frame.addEventListener("blur", () => {
    leave();
    keys.hidden = true;
    said.textContent = "";
  });
};

const draw = async (figure, chart) => {
  const box = figure.querySelector(".vega > div");
  const before = box.innerHTML;
  try {
    const view = new View(parse({...chart, data: chart.data.map(rows)}, {}, {ast: true}),
      {expr: expressionInterpreter, renderer: "svg", loader, tooltip: new Handler().call, container: box});
    await (chart.autosize?.type === "fit-x" ? fitted(view, box) : view.runAsync());
    figure.vegaView = view;
    // the rectangles of a brush carry no name: decoration, as far as a reader goes
    for (const mark of box.querySelectorAll('g[role="graphics-symbol"]:not([aria-label])')) mark.setAttribute("aria-hidden", "true");
    // how the library itself describes axes and legends is English
    if (own) for (const guide of box.querySelectorAll('[aria-roledescription="axis"], [aria-roledescription="legend"]')) guide.setAttribute("lang", "en");
    reachable(box, view, chart);
  } catch (error) {
    box.innerHTML = before;
    figure.dataset.failed = error.message;
  }
};

const figures = [...document.querySelectorAll("figure.chart:not([data-failed])")];
const packed = document.getElementById("charts");
const charts = packed ? unpacked(packed.textContent) : figures.map((figure) => JSON.parse(figure.querySelector("script").textContent));
Promise.resolve(charts).then(
  (all) => Promise.all(figures.map((figure, place) => draw(figure, all[place]))),
).finally(() => { document.documentElement.dataset.charts = "done"; });
