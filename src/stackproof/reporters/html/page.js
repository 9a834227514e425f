"use strict";
// Filters are an extra: without a script the page shows everything.
(() => {
  const bar = document.getElementById("filter");
  const find = document.getElementById("find");
  const outcome = document.getElementById("outcome");
  const area = document.getElementById("area");
  const matches = document.getElementById("matches");
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const bodies = document.querySelectorAll("tbody.area-rows");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const apply = () => {
    const wanted = find.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = !outcome.value || row.dataset.row.trim().split(/\s+/).includes(outcome.value);
      const there = !area.value || row.dataset.area === area.value;
      row.hidden = !(fits && there && texts.get(row).includes(wanted));
      if (!row.hidden) shown += 1;
    }
    // a heading without a row below it says nothing
    for (const body of bodies) body.hidden = ![...body.querySelectorAll("[data-row]")].some((row) => !row.hidden);
    matches.textContent = wanted || outcome.value || area.value ? `${shown} of ${rows.length} shown` : "";
  };
  bar.hidden = false;
  find.addEventListener("input", apply);
  outcome.addEventListener("change", apply);
  area.addEventListener("change", apply);
  const details = document.querySelectorAll("details");
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...details].filter((each) => !each.open);
    closed.forEach((each) => { each.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((each) => { each.open = false; }));
})();
