"use strict";
(() => {
  const PAGE = 100;
  const OUTCOMES = ["failed", "flaky", "passed"];
  const [BINARY, NAME, OUTCOME, TIME, MESSAGE] = [0, 1, 2, 3, 4];
  const byId = (id) => document.getElementById(id);

  const element = (tag, className, text) => {
    const it = document.createElement(tag);
    if (className) it.className = className;
    if (text !== undefined) it.textContent = text;
    return it;
  };

  // As `duration.rs` writes it.
  const duration = (ms) => {
    if (ms < 995) return `0.${String(Math.floor((ms + 5) / 10)).padStart(2, "0")} s`;
    if (ms < 59950) return `${(Math.floor((ms + 50) / 100) / 10).toFixed(1)} s`;
    const s = Math.floor((ms + 500) / 1000);
    if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
    const min = Math.floor((s + 30) / 60);
    return `${Math.floor(min / 60)} h ${String(min % 60).padStart(2, "0")} min`;
  };

  for (const command of navigator.clipboard ? document.querySelectorAll(".command") : []) {
    const button = element("button", "", "Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    command.append(button);
  }

  const table = byId("table");
  if (!table) return;
  const { binaries, tests } = JSON.parse(byId("data").textContent);
  const searchable = tests.map((test) => `${binaries[test[BINARY]]} ${test[NAME]}`.toLowerCase());
  const order = {
    outcome: (a, b) => tests[a][OUTCOME] - tests[b][OUTCOME] || tests[b][TIME] - tests[a][TIME],
    name: (a, b) => (searchable[a] < searchable[b] ? -1 : searchable[a] > searchable[b] ? 1 : 0),
    time: (a, b) => tests[b][TIME] - tests[a][TIME],
  };
  const sorted = {};
  let wanted = null;
  let sort = "outcome";
  let reversed = false;
  let page = 0;
  let found = [];

  const select = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    sorted[sort] ??= tests.map((_, i) => i).sort(order[sort]);
    found = sorted[sort].filter((i) =>
      (wanted === null || tests[i][OUTCOME] === wanted) && words.every((word) => searchable[i].includes(word)));
    if (reversed) found.reverse();
    page = 0;
    draw();
  };

  const row = (i) => {
    const test = tests[i];
    const outcome = OUTCOMES[test[OUTCOME]];
    const tr = element("tr", outcome);
    const name = element("td");
    const id = element("div", "id");
    id.append(element("span", "binary", binaries[test[BINARY]]), ` ${test[NAME]}`);
    name.append(id);
    if (test[MESSAGE]) name.append(element("div", "message", test[MESSAGE]));
    tr.append(element("td", "", outcome), name, element("td", "time", duration(test[TIME])));
    return tr;
  };

  const draw = () => {
    const first = page * PAGE;
    const last = Math.min(first + PAGE, found.length);
    byId("rows").replaceChildren(...found.slice(first, last).map(row));
    byId("previous").disabled = page === 0;
    byId("next").disabled = last >= found.length;
    byId("shown").textContent = found.length === 0
      ? "No test matches"
      : `${(first + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${found.length.toLocaleString("en")}`;
    for (const th of table.querySelectorAll("th")) {
      if (th.dataset.sort !== sort) th.removeAttribute("aria-sort");
      else th.setAttribute("aria-sort", (sort === "time") !== reversed ? "descending" : "ascending");
    }
  };

  const outcomes = [["All", null, tests.length]];
  OUTCOMES.forEach((name, i) => outcomes.push([name, i, tests.filter((test) => test[OUTCOME] === i).length]));
  for (const [name, value, count] of outcomes.filter(([, , count]) => count > 0)) {
    const button = element("button", "", `${name} ${count.toLocaleString("en")}`);
    button.setAttribute("aria-pressed", value === wanted);
    button.addEventListener("click", () => {
      wanted = value;
      for (const other of byId("outcomes").children) other.setAttribute("aria-pressed", other === button);
      select();
    });
    byId("outcomes").append(button);
  }
  for (const th of table.querySelectorAll("th")) {
    th.firstChild.addEventListener("click", () => {
      reversed = th.dataset.sort === sort && !reversed;
      sort = th.dataset.sort;
      select();
    });
  }
  const turn = (by) => {
    page += by;
    draw();
    byId("tests").scrollIntoView();
  };
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  byId("search").addEventListener("input", select);
  select();
  table.hidden = false;
})();
