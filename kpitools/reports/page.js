// Bundled with Vega, Vega-Lite and vega-embed by vl-convert, which puts `vegaEmbed` in scope.
// ast: expressions are interpreted, not compiled, so that the page's policy needs no 'unsafe-eval'.
const refuse = async (uri) => { throw new Error("a report loads nothing: " + uri); };
const options = {mode: "vega-lite", renderer: "svg", actions: false, ast: true, loader: {load: refuse, sanitize: refuse, http: refuse, file: refuse}};
await Promise.all([...document.querySelectorAll("figure.chart")].map(async (figure) => {
  const box = figure.querySelector(".vega > div");
  const words = box.innerHTML;
  try {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    figure.vegaView = (await vegaEmbed(box, spec, options)).view;
    // the rectangles of a brush carry no name: decoration, as far as a reader goes
    for (const mark of box.querySelectorAll('g[role="graphics-symbol"]:not([aria-label])')) mark.setAttribute("aria-hidden", "true");
  } catch (error) {
    box.innerHTML = words;
    figure.dataset.failed = error.message;
  }
}));
document.documentElement.dataset.charts = "done";
