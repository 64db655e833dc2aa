/* The parts of the page that are words and tables. */
"use strict";
{
  const cell = (content, number) => EV.el("td", number ? { class: "number" } : {}, content);
  const table = (caption, heads, rows) => EV.el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    EV.el("table", {}, EV.el("caption", {}, caption),
      EV.el("thead", {}, EV.el("tr", {}, ...heads.map(([head, number]) =>
        EV.el("th", { scope: "col", class: number ? "number" : null }, head)))),
      EV.el("tbody", {}, ...rows)));

  EV.facts = (pairs) => EV.el("dl", { class: "facts" }, ...pairs.filter((pair) => pair).map(([name, value]) =>
    EV.el("div", {}, EV.el("dt", {}, name), EV.el("dd", {}, value))));

  EV.picture = (svg, words) => {
    const frame = EV.el("div", { class: "picture", tabindex: "0", role: "region", "aria-label": words });
    const read = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    if (read.nodeName !== "svg") return EV.el("p", { class: "faint" }, "the drawing cannot be shown");
    read.setAttribute("role", "img");
    read.setAttribute("aria-label", words);
    frame.append(document.importNode(read, true));
    const size = EV.el("button", { type: "button", class: "size", "aria-pressed": "false", onclick: () => {
      size.setAttribute("aria-pressed", String(frame.classList.toggle("large")));
    } }, "Full size");
    return EV.el("div", {}, frame, size);
  };

  const overview = () => {
    const best = EV.best();
    const told = EV.told().length;
    const cards = [
      ["evaluated", `${told.toLocaleString("en")} of ${EV.info.budget.toLocaleString("en")}`],
      ["best fitness", best ? EV.fitness(best.fitness) : "–"],
      ["failed", EV.failed().length.toLocaleString("en")],
      ["time of evaluation", EV.duration(EV.seconds().all)],
    ];
    EV.fill("cards", ...cards.map(([name, value]) =>
      EV.el("div", { class: "card" }, EV.el("dt", {}, name), EV.el("dd", {}, value))));
  };

  const NAMES = {
    genotype: "Genotype", change: "Beside its parent", network: "Network", networks: "Networks compared",
  };
  const tabs = (number, found) => {
    const kinds = Object.keys(NAMES).filter((kind) => found[kind]);
    if (!kinds.length) return EV.el("p", { class: "faint" }, found.reason || "No drawing was made.");
    const prefix = `tab-${number}-${Math.random().toString(36).slice(2, 8)}`;
    const panel = EV.el("div", { role: "tabpanel", id: prefix });
    const buttons = kinds.map((kind) => EV.el("button", {
      type: "button", role: "tab", "aria-controls": prefix, id: `${prefix}-${kind}`, onclick: () => choose(kind),
    }, NAMES[kind]));
    const choose = (kind) => {
      kinds.forEach((other, place) => {
        buttons[place].setAttribute("aria-selected", String(other === kind));
        buttons[place].tabIndex = other === kind ? 0 : -1;
      });
      panel.setAttribute("aria-labelledby", `${prefix}-${kind}`);
      panel.replaceChildren(EV.picture(found[kind], `${NAMES[kind]} of candidate ${number}`));
    };
    const row = EV.el("div", { role: "tablist", class: "tabs", "aria-label": "Drawings", onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const at = buttons.indexOf(document.activeElement);
      const next = (at + step + kinds.length) % kinds.length;
      choose(kinds[next]);
      buttons[next].focus();
      event.stopPropagation();
    } }, ...buttons);
    choose(kinds.includes("change") && found.prefer === "change" ? "change" : kinds[0]);
    return EV.el("div", {}, row, panel);
  };
  EV.drawings = tabs;

  EV.factsOf = (row) => EV.facts([
    ["fitness", EV.fitness(row.fitness)],
    row.status === "failed" ? ["failed", row.reason] : null,
    row.status === "pending" ? ["state", "not evaluated yet"] : null,
    ["made by", EV.operator(row)],
    ["parents", row.parents.length
      ? EV.el("span", {}, ...row.parents.flatMap((p, i) => [i ? " " : "", EV.link(p)])) : "none"],
    ["parameters", row.parameters === null ? "–" : row.parameters.toLocaleString("en")],
    ["FLOPs for one image", EV.amount(row.flops)],
    row.parents.length ? ["parameters inherited", EV.share(row.inherited)] : null,
    row.before === null ? null : ["accuracy before training", EV.fitness(row.before)],
    ["epochs of training, ancestors' too", String(+row.epochs.toFixed(2))],
    ["evaluation", EV.duration(row.seconds)],
  ]);

  let shownBest = null;
  const best = () => {
    const row = EV.best();
    EV.find("best-title").textContent = row ? `The best: candidate ${row.id}` : "The best";
    if (!row) { EV.fill("best-body", EV.el("p", { class: "faint" }, "No candidate has been evaluated with success yet.")); return; }
    const key = `${row.id} ${Boolean(EV.pictures[row.id])}`;
    if (key === shownBest) return;
    shownBest = key;
    const line = EV.lineage(row.id);
    const rows = line.map((one, place) => EV.el("tr", {},
      cell(EV.link(one.id), true), cell(EV.operator(one)), cell(EV.fitness(one.fitness), true),
      cell(place && one.fitness !== null && line[place - 1].fitness !== null
        ? EV.signed(one.fitness - line[place - 1].fitness) : "–", true),
      cell(EV.share(one.parents.length ? one.inherited : null), true), cell(String(+one.epochs.toFixed(2)), true)));
    const drawings = EV.el("div", { id: "best-drawings" });
    EV.fill("best-body", drawings, EV.factsOf(row),
      table("Its lineage, the oldest first", [["id", 1], ["made by"], ["fitness", 1], ["change", 1], ["inherited", 1], ["epochs", 1]], rows));
    EV.fetchPictures(row.id).then((found) => drawings.replaceChildren(tabs(row.id, found)));
  };
  EV.signed = (value) => (value >= 0 ? "+" : "−") + Math.abs(value).toFixed(4);

  const operators = () => {
    const uses = EV.operators();
    const children = uses.reduce((sum, use) => sum + use.children, 0);
    const composed = EV.told().some((row) => row.operator.includes("+")); // one candidate, several operators
    const idle = uses.some((use) => !use.children) ? EV.el("p", { class: "faint" },
      "0: never applied, as it was not drawn or found no place") : null;
    EV.fill("operators-body", ...(uses.length ? [table(
      "How often each operator was used, and how its children fared beside their parent",
      [["operator"], [composed ? "applied" : "children", 1], ["share", 1], ["better than their parent", 1], [""],
        ["mean change", 1], ["unchanged", 1], ["failed", 1]],
      uses.map((use) => EV.el("tr", {}, cell(EV.operator({ operator: use.name })), cell(String(use.children), true),
        cell(EV.share(use.children / children), true),
        cell(use.compared ? `${use.better} of ${use.compared} (${EV.share(use.better / use.compared)})` : "–", true),
        EV.el("td", { class: "bar" }, use.compared
          ? EV.el("meter", { min: 0, max: 1, value: use.better / use.compared,
            "aria-label": `share of ${EV.operator({ operator: use.name })}'s children that were better` }) : ""),
        cell(use.compared ? EV.signed(use.sum / use.compared) : "–", true), cell(String(use.unchanged), true),
        cell(String(use.failed), true))),
    ), idle] : [EV.el("p", { class: "faint" }, "Nothing has been evaluated yet.")]));
  };

  const failures = () => {
    EV.fill("failures-body", EV.reasons().length ? table("Why evaluations failed",
      [["times", 1], ["reason"], ["candidates"]],
      EV.reasons().map(([reason, ids]) => EV.el("tr", {}, cell(String(ids.length), true),
        EV.el("td", { class: "reason" }, reason),
        EV.el("td", {}, ...ids.slice(0, 8).flatMap((id, place) => [place ? " " : "", EV.link(id)]),
          ids.length > 8 ? ` and ${ids.length - 8} more` : ""))),
    ) : EV.el("p", {}, "None failed."));
  };

  const cost = () => {
    const told = EV.told();
    const done = EV.done();
    const epochs = done.reduce((sum, row) => sum + row.epochs - (EV.rows[row.parents[0]]?.epochs && row.inherited ? EV.rows[row.parents[0]].epochs : 0), 0);
    EV.fill("cost-body", EV.facts([
      ["time of evaluation, added up", EV.duration(EV.seconds().all)],
      told.length ? ["a candidate, on average", EV.duration(EV.seconds().all / told.length)] : null,
      epochs > 0 ? ["epochs trained, added up", Math.round(epochs).toLocaleString("en")] : null,
      ["lost to failures", EV.duration(EV.failed().reduce((sum, row) => sum + row.seconds, 0))],
      ...(EV.info.cost || []),
    ]));
  };

  EV.showSections = () => { overview(); best(); operators(); failures(); cost(); EV.showTable(); };
}
