const [search, template, status] = ["search", "template", "status"].map((id) => document.getElementById(id));
const rows = [...document.querySelectorAll("tbody.members tr")];
const none = document.getElementById("none");
const narrow = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const column = Number(template.value);
  for (const row of document.querySelectorAll("table.reports tr")) {
    [...row.cells].forEach((cell, at) => { cell.hidden = column > 0 && at > 0 && at !== column; });
  }
  let left = 0;
  for (const row of rows) {
    const cells = [...row.cells].filter((cell) => !cell.hidden);
    const text = cells.map((cell) => cell.textContent).join(" ").toLowerCase();
    const found = !status.value || cells.some((cell) => cell.dataset.status === status.value);
    row.hidden = !found || !words.every((word) => text.includes(word));
    left += !row.hidden;
  }
  none.hidden = left > 0;
};
for (const control of [search, template, status]) control.addEventListener("input", narrow);
document.querySelector(".search").hidden = false;
narrow();

// A heading sorts: the good end first, then the other way round; who has no figure stands last, the whole first.
const heads = [...document.querySelectorAll(".compared thead th")];
const figure = (row, at) => (row.cells[at].dataset.value === "" ? null : Number(row.cells[at].dataset.value));
for (const button of document.querySelectorAll(".compared thead button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), at = head.cellIndex, body = head.closest("table").tBodies[0];
    const first = button.dataset.better === "lower" ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    const sign = order === "ascending" ? 1 : -1;
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    const members = [...body.rows].filter((row) => !row.classList.contains("whole"));
    const [known, unknown] = [members.filter((row) => figure(row, at) !== null), members.filter((row) => figure(row, at) === null)];
    known.sort((one, two) => sign * (figure(one, at) - figure(two, at)));
    body.append(...known, ...unknown);
  });
}
