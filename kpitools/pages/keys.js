// A chart by keyboard: arrows lead from mark to mark as the pointer would, Enter clicks, Escape lets everything go.
const made = (kind, facts) => Object.assign(document.createElement(kind), facts);
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

// What several charts share: `said` is read aloud, `ring` goes around the mark reached, `keys` tells the keys, `t` is
// the page's word for one of ours. Given back is what lets one chart be reached, in a frame that takes the focus.
const byKeys = ({said, ring, keys, t}) => (frame, box, view, chart, signal) => {
  const named = (mark) => mark.getAttribute("aria-label") ?? `${mark.textContent}, ${t("legend")}`;
  const stores = chart.data.map(({name}) => name).filter((name) => name.endsWith("_store") && name !== "hover_store");
  const inner = JSON.stringify([chart.signals, chart.marks]);
  const help = [t("Arrow keys: from mark to mark."), stores.length && t("Enter: select, with Shift one more."),
    inner.includes('_brush"') && t("Shift and arrow: select a range."), inner.includes('_zoom_delta"') && t("+ and −: zoom."), t("Escape: clear.")];
  let now = null, anchor = null;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-roledescription", t("chart"));
  frame.setAttribute("aria-describedby", keys.id);

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
    const [left, top] = [place.x - from.x + frame.scrollLeft - 4, place.y - from.y + frame.scrollTop - 4];
    ring.style.cssText = `left: ${left}px; top: ${top}px; width: ${place.width + 8}px; height: ${place.height + 8}px`;
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
  }, {signal});
  frame.addEventListener("focus", () => {
    keys.textContent = help.filter(Boolean).join(" ");
    keys.hidden = !frame.matches(":focus-visible");
    frame.after(keys);
  }, {signal});
  frame.addEventListener("blur", () => {
    leave();
    keys.hidden = true;
    said.textContent = "";
  }, {signal});
  signal?.addEventListener("abort", leave);
};
