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

const said = made("p", {className: "said"}), ring = made("div", {className: "ring", hidden: true});
const keys = made("p", {className: "note", id: "keys", hidden: true}), reachable = byKeys({said, ring, keys, t});
said.setAttribute("role", "status");
document.body.append(said, keys);

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
    reachable(box.parentElement, box, view, chart);
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
