/* One individual: its facts, its architecture, its parent beside it, and where it stands in the family. */
"use strict";
{
  const dialog = EV.find("individual");
  const waiting = new Map();

  /* From the page itself, or from the server that shows a run live. */
  EV.fetchPictures = (number) => {
    if (EV.pictures[number]) return Promise.resolve(EV.pictures[number]);
    if (!EV.info.live) {
      return Promise.resolve({ reason: "This file has drawings of the best, the Pareto front, the best's lineage and "
        + "the living; evonas serve draws any individual, and so does: evonas draw "
        + `${EV.info.folder} --id ${number} -o ${number}.svg` });
    }
    if (!waiting.has(number)) {
      waiting.set(number, fetch(`individual/${number}`).then((answer) => {
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        return answer.json();
      }).then((found) => {
        if (found.curve) EV.curves[number] = found.curve;
        if (EV.rows[number]) EV.rows[number].genome = found.genome ?? EV.rows[number].genome;
        EV.pictures[number] = found;
        return found;
      }).catch((error) => ({ reason: `The drawing could not be fetched: ${error.message}` }))
        .finally(() => waiting.delete(number)));
    }
    return waiting.get(number);
  };

  const family = (row) => {
    const children = EV.children().get(row.id) || [];
    const shown = children.slice(0, 30);
    return EV.el("p", {}, `Generation ${EV.depths()[row.id]}. `,
      children.length ? `${EV.count(children.length, "child").replace("childs", "children")}: ` : "No children.",
      ...shown.flatMap((id, place) => [place ? " " : "", EV.link(id)]),
      children.length > shown.length ? ` and ${children.length - shown.length} more` : "");
  };

  EV.open = (number) => {
    const row = EV.rows[number];
    if (!row) return;
    EV.selected = number;
    EV.find("individual-title").textContent = `Candidate ${number}`;
    const drawings = EV.el("div", { id: "individual-drawings", "aria-live": "polite" },
      EV.el("p", { class: "faint" }, "Drawing …"));
    const code = EV.el("code", { class: "code" }, row.genome || "");
    EV.fill("individual-body", drawings, EV.factsOf(row), family(row),
      row.steps && row.steps.length ? EV.el("div", {}, EV.el("h3", {}, "What changed"),
        EV.el("ol", {}, ...row.steps.map((step) => EV.el("li", {}, step)))) : null,
      EV.el("details", {}, EV.el("summary", {}, "Genotype as text"), code));
    EV.fetchPictures(number).then((found) => {
      if (EV.selected !== number) return;
      drawings.replaceChildren(EV.drawings(number, { ...found, prefer: "change" }));
      code.textContent = row.genome || "";
      if (found.curve) EV.drawCharts("curves");
    });
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    history.replaceState(null, "", `#candidate-${number}`);
    EV.drawCharts();
  };

  const step = (by) => {
    for (let id = EV.selected + by; id >= 0 && id < EV.rows.length; id += by) {
      if (EV.rows[id]) { EV.open(id); return; }
    }
  };
  EV.find("individual-before").addEventListener("click", () => step(-1));
  EV.find("individual-after").addEventListener("click", () => step(1));
  EV.find("individual-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.target.closest("[role=tablist], .picture, input")) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  EV.openFromAddress = () => {
    const found = /^#candidate-(\d+)$/.exec(location.hash);
    if (found) EV.open(Number(found[1]));
  };
  addEventListener("hashchange", EV.openFromAddress);
}
