const search = document.getElementById("search");
const rows = [...document.querySelectorAll("tbody.members tr")];
const none = document.getElementById("none");
const narrow = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    left += !row.hidden;
  }
  none.hidden = left > 0;
};
search.addEventListener("input", narrow);
document.querySelector(".search").hidden = false;
narrow();
