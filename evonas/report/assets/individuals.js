/* The table of all individuals: searched, sorted, a page at a time; what charts show, for readers without them. */
"use strict";
{
  const PAGE = 25;
  const COLUMNS = [
    ["id", "id", (row) => row.id, true], ["fitness", "fitness", (row) => row.fitness, true],
    ["parameters", "parameters", (row) => row.parameters, true], ["flops", "FLOPs", (row) => row.flops, true],
    ["inherited", "inherited", (row) => (row.parents.length ? row.inherited : null), true],
    ["operator", "made by", (row) => EV.operator(row), false],
    ["parents", "parents", (row) => row.parents[0] ?? null, false],
    ["status", "state", (row) => row.status, false],
  ];
  const TEXT = { fitness: EV.fitness, parameters: EV.amount, flops: EV.amount, inherited: EV.share };
  const state = { by: "fitness", down: true, page: 0, words: "" };

  const found = () => {
    const words = state.words.trim().toLowerCase();
    const rows = EV.all().filter((row) => !words || String(row.id) === words
      || `${row.operator} ${row.status} ${row.reason} ${row.genome}`.toLowerCase().includes(words));
    const value = COLUMNS.find(([key]) => key === state.by)[2];
    const sign = state.down ? -1 : 1;
    return [...rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null) || a.id - b.id;
      return (x < y ? -sign : x > y ? sign : 0) || a.id - b.id;
    });
  };

  const headCell = ([key, name, , number]) => EV.el("th", {
    scope: "col", class: number ? "number" : null,
    "aria-sort": state.by === key ? (state.down ? "descending" : "ascending") : "none",
  }, EV.el("button", { type: "button", class: "sort", "data-key": key, onclick: () => {
    state.down = state.by === key ? !state.down : number;
    state.by = key;
    state.page = 0;
    EV.showTable();
    document.querySelector(`#individuals-head [data-key="${key}"]`).focus();
  } }, name, EV.el("span", { "aria-hidden": "true" }, state.by === key ? (state.down ? " ▾" : " ▴") : "")));

  EV.showTable = () => {
    const rows = found();
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    EV.fill("individuals-head", ...COLUMNS.map(headCell));
    EV.fill("individuals-rows", ...rows.slice(state.page * PAGE, (state.page + 1) * PAGE).map((row) =>
      EV.el("tr", { class: row.status === "failed" ? "failed" : null }, ...COLUMNS.map(([key, , value, number]) => {
        if (key === "id") return EV.el("td", { class: "number" }, EV.link(row.id));
        const shown = key === "parents" ? row.parents.join(" ") || "–"
          : TEXT[key] ? TEXT[key](value(row)) : String(value(row));
        return EV.el("td", number ? { class: "number" } : {}, shown);
      }))));
    EV.find("individuals-count").textContent =
      `${EV.count(rows.length, "individual")}, page ${state.page + 1} of ${pages}`;
    EV.find("individuals-back").disabled = state.page === 0;
    EV.find("individuals-on").disabled = state.page >= pages - 1;
  };
  EV.find("individuals-search").addEventListener("input", (event) => {
    state.words = event.target.value;
    state.page = 0;
    EV.showTable();
  });
  EV.find("individuals-back").addEventListener("click", () => { state.page -= 1; EV.showTable(); });
  EV.find("individuals-on").addEventListener("click", () => { state.page += 1; EV.showTable(); });
}
