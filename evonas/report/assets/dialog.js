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
      const current = () => waiting.get(number) === asked; // no result has come since
      const asked = fetch(`individual/${number}`).then((answer) => {
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        return answer.json();
      }).then((found) => {
        if (found.curve) EV.curves[number] = found.curve;
        if (current()) EV.pictures[number] = found;
        return found;
      }).catch((error) => ({ reason: `The drawing could not be fetched: ${error.message}` }))
        .finally(() => { if (current()) waiting.delete(number); });
      waiting.set(number, asked);
    }
    return waiting.get(number);
  };
  EV.dropPictures = (number) => { delete EV.pictures[number]; waiting.delete(number); };

  const family = (row) => {
    const children = EV.children().get(row.id) || [];
    const shown = children.slice(0, 30);
    return EV.el("p", {}, `Generation ${EV.depths()[row.id]}. `,
      children.length ? `${EV.count(children.length, "child").replace("childs", "children")}: ` : "No children.",
      ...shown.flatMap((id, place) => [place ? " " : "", EV.link(id)]),
      children.length > shown.length ? ` and ${children.length - shown.length} more` : "");
  };

  let opened = null; // the row of the individual that was last opened
  let kin = 0; // how many children it was shown with
  const showFacts = () => {
    kin = (EV.children().get(opened.id) || []).length;
    EV.fill("individual-facts", EV.factsOf(opened), family(opened));
  };
  const showDrawings = () => {
    const row = opened;
    EV.fetchPictures(row.id).then((found) => {
      if (found.curve) EV.drawCharts("curves");
      const drawings = EV.find("individual-drawings");
      if (opened !== row || drawings.querySelector("svg")) return; // a drawing stays, and with it the tab
      drawings.replaceChildren(EV.drawings(row.id, { ...found, prefer: "change" }));
    });
  };

  EV.open = (number) => {
    const row = EV.rows[number];
    if (!row) return;
    EV.selected = number;
    opened = row;
    EV.find("individual-title").textContent = `Candidate ${number}`;
    EV.fill("individual-body", EV.el("div", { id: "individual-drawings", "aria-live": "polite" },
      EV.el("p", { class: "faint" }, "Drawing …")),
      EV.el("div", { id: "individual-facts" }),
      row.steps && row.steps.length ? EV.el("div", {}, EV.el("h3", {}, "What changed"),
        EV.el("ol", {}, ...row.steps.map((step) => EV.el("li", {}, step)))) : null,
      EV.el("details", {}, EV.el("summary", {}, "Genotype as text"), EV.el("code", { class: "code" }, row.genome || "")));
    showFacts();
    showDrawings();
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    history.replaceState(null, "", `#candidate-${number}`);
    EV.drawCharts();
  };

  /* With news of a run that goes on: its result, children that it has had since. */
  EV.refreshIndividual = () => {
    if (!opened) return;
    const row = EV.rows[opened.id];
    const children = (EV.children().get(row.id) || []).length;
    if (row === opened && children === kin) return;
    const told = row !== opened;
    opened = row;
    showFacts();
    if (told) showDrawings();
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
