// A chart that tells the kernel what was picked in it: once a gesture, when the pointer is up again.
const scripts = (globalThis.kpitoolsScripts ??= new Map());

// All charts of a page share one script, which a model of its own holds.
const drawing = async (model, host) => {
  const code = (await host.getModel(model.get("library"))).get("script");
  if (!scripts.has(code)) scripts.set(code, import(URL.createObjectURL(new Blob([code], {type: "text/javascript"}))));
  return scripts.get(code);
};

const add = (parent, kind, facts) => parent.appendChild(Object.assign(document.createElement(kind), facts));

// What the widget shows may be put on the page anew with each answer: the chart that had the keys takes them again.
export default () => { let keyboard = false; return {async render({model, el, host, signal}) {
  const box = add(el, "div", {className: "kpitools-chart", tabIndex: 0}), below = add(el, "div", {}), button = add(below, "button", {type: "button", className: "jupyter-button"});
  const said = add(below, "span", {role: "status"});
  box.dataset.lmSuppressShortcuts = true;  // the notebook leaves the keys to the chart
  button.style.cssText = "margin-right: 1em; padding: 0 1em; width: auto";
  let chart = null, answers = false, told = "[]", held = false, turn = 0, keyed = null;

  // A chart of no data has no selection.
  const picked = () => (answers && chart.view.signal(model.get("parameter"))[model.get("field")]) || [];
  const tell = () => {
    const now = JSON.stringify(picked());
    if (held || now === told || signal.aborted) return;
    told = now;
    model.send({picked: JSON.parse(now)});
  };
  const soon = () => setTimeout(tell, 30);
  const words = () => {
    said.textContent = model.get("said");
    button.textContent = model.get("everything");
    button.style.display = button.textContent ? "" : "none";
  };
  const show = async () => {
    const mine = ++turn, {draw, reachable} = await drawing(model, host), frame = document.createElement("div");
    try {
      const drawn = await draw(frame, model.get("spec"));
      if (mine !== turn || signal.aborted) return drawn.finalize();
      keyed?.abort();
      chart?.finalize();
      [chart, keyed] = [drawn, new AbortController()];
      answers = (model.get("spec").params ?? []).some(({name}) => name === model.get("parameter"));
      box.replaceChildren(frame);
      // the rectangles of a brush carry no name: decoration, as far as a reader goes
      for (const mark of box.querySelectorAll('g[role="graphics-symbol"]:not([aria-label])')) mark.setAttribute("aria-hidden", "true");
      box.setAttribute("aria-label", model.get("spec").description);
      reachable(box, frame, chart.view, chart.vgSpec, keyed.signal);
      if (answers) chart.view.addSignalListener(model.get("parameter"), soon);
      told = JSON.stringify(picked());
    } catch (error) {
      said.textContent = "The chart cannot be drawn: " + error.message;
    }
  };

  box.addEventListener("focus", () => { keyboard = true; });
  box.addEventListener("blur", () => setTimeout(() => { if (box.isConnected) keyboard = false; }));
  box.addEventListener("pointerdown", () => { held = true; });
  for (const up of ["pointerup", "pointercancel"]) addEventListener(up, () => { held = false; soon(); }, {signal, capture: true});
  box.addEventListener("dblclick", () => { if (button.textContent && !picked().length) model.send({picked: []}); });
  button.addEventListener("click", () => model.send({picked: []}));
  model.on("change:spec", show);
  model.on("msg:custom", show);
  for (const name of ["said", "everything"]) model.on("change:" + name, words);
  words();
  await show();
  if (keyboard && document.activeElement?.contains(box)) box.focus({preventScroll: true});
  return () => { keyed?.abort(); chart?.finalize(); };
}}; };
