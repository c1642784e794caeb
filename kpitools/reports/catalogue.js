const search = document.getElementById("search");
const choices = [...document.querySelectorAll("select[data-filter]")];
const entries = [...document.querySelectorAll("article.kpi")];
const areas = [...document.querySelectorAll("section.area")];
const left = document.getElementById("left");
// In the words of the page 1 stands for those shown, 2 for all.
const told = (words, shown) => words.replace(/[12]/g, (place) => (place === "1" ? shown : entries.length));
// Names and meaning as the page says them, and as the package does.
const texts = new Map(entries.map((entry) => [entry, `${entry.dataset.text} ${entry.querySelector("h3").textContent} ${entry.querySelector("p").textContent}`.toLowerCase()]));
const fits = (entry, words) =>
  words.every((word) => texts.get(entry).includes(word)) &&
  choices.every((one) => !one.value || entry.dataset[one.dataset.filter].split(" ").includes(one.value));
const narrow = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of entries) entry.hidden = !fits(entry, words);
  for (const area of areas) area.hidden = !area.querySelector("article.kpi:not([hidden])");
  const shown = entries.filter((entry) => !entry.hidden).length;
  left.textContent = shown === entries.length ? told(left.dataset.all, shown) : told(left.dataset.some, shown);
};
const open = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!named || !named.matches("article.kpi")) return;
  search.value = "";
  for (const one of choices) one.value = "";
  narrow();
  named.querySelector("details").open = true;
  named.scrollIntoView();
};
for (const one of [search, ...choices]) one.addEventListener("input", narrow);
document.querySelector(".filters").hidden = false;
addEventListener("hashchange", open);
narrow();
open();
