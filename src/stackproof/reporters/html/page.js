"use strict";
// Filters are an extra: without a script the page shows everything.
(() => {
  const bar = document.getElementById("filter");
  const find = document.getElementById("find");
  const outcome = document.getElementById("outcome");
  const matches = document.getElementById("matches");
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const apply = () => {
    const wanted = find.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = !outcome.value || row.dataset.row.trim().split(/\s+/).includes(outcome.value);
      row.hidden = !(fits && texts.get(row).includes(wanted));
      if (!row.hidden) shown += 1;
    }
    matches.textContent = wanted || outcome.value ? `${shown} of ${rows.length} shown` : "";
  };
  bar.hidden = false;
  find.addEventListener("input", apply);
  outcome.addEventListener("change", apply);
  const details = document.querySelectorAll("details");
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...details].filter((each) => !each.open);
    closed.forEach((each) => { each.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((each) => { each.open = false; }));
})();
