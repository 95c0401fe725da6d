"use strict";
const input = document.getElementById("search");
const count = document.getElementById("count");
const rows = [...document.querySelectorAll("#rules tbody tr")];

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const row of rows) {
    const fits = words.every((word) => row.dataset.words.includes(word));
    row.hidden = !fits;
    left += fits;
  }
  count.textContent = words.length ? `${left} of ${rows.length}` : "";
}

input.addEventListener("input", show);
for (const cell of document.querySelectorAll(".cell")) {
  cell.addEventListener("click", () => {
    input.value = cell.dataset.search;
    show();
    input.focus();
  });
}
show();
