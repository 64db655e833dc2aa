/* What each chart shows. */
"use strict";
{
  const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;
  const byNumber = (row) => row.id;
  const fitness = (row) => row.fitness;
  const ring = (rows, x, y, name, colour) => EV.points(rows, x, y, {
    name, marker: { size: 11, color: colour, line: { width: 2 }, symbol: "circle-open" }, // open: lines in its colour
  });
  const marked = (x, y) => {
    const row = EV.rows[EV.selected];
    return row && x(row) !== null && y(row) !== null
      ? [ring([row], x, y, "selected", EV.colours().warm)] : [];
  };
  const stepped = (x) => {
    const records = EV.records();
    const last = EV.told().at(-1);
    return { x: [...records.map(x), x(last)], y: [...records.map(fitness), records.at(-1).fitness] };
  };

  EV.chart("progress", (element, range) => {
    if (!EV.done().length) return null;
    const c = EV.colours();
    const time = chosen("progress-axis") === "time";
    const { sums } = EV.seconds();
    const x = time ? (row) => sums[row.id] / EV.unit().size : byNumber;
    const shown = EV.thinned(EV.done(), x, fitness, element, range);
    const living = EV.done().filter((row) => EV.living.has(row.id));
    const data = [
      EV.points(shown, x, fitness, { name: "candidate", marker: { size: 6, color: c.dot, opacity: 0.75 } }),
      { type: "scatter", mode: "lines", ...stepped(x), name: "best so far", hoverinfo: "skip",
        line: { shape: "hv", color: c.accent, width: 2.5 } },
      EV.points(EV.records(), x, fitness, { name: "record", marker: { size: 8, color: c.accent }, showlegend: false }),
    ];
    if (living.length && living.length <= 300) data.push(ring(living, x, fitness, "alive", c.good));
    const best = EV.best();
    return {
      data: [...data, ...marked(x, fitness)], walk: EV.done(),
      words: `Fitness of ${EV.count(EV.done().length, "candidate")}. The best is candidate ${best.id} with `
        + `${EV.fitness(best.fitness)}. Arrow keys go from one to the next.`,
      layout: {
        xaxis: { title: { text: time ? `evaluation time, added up (${EV.unit().name})` : "candidate" } },
        yaxis: { title: { text: EV.info.fitness_name } },
      },
    };
  });

  EV.unit = () => {
    const all = EV.seconds().all;
    return all > 2 * 86400 ? { size: 86400, name: "days" } : all > 7200 ? { size: 3600, name: "hours" }
      : all > 120 ? { size: 60, name: "minutes" } : { size: 1, name: "seconds" };
  };

  EV.chart("cost", (element, range) => {
    const key = chosen("cost-axis");
    const rows = EV.done().filter((row) => row[key] !== null && row[key] > 0);
    if (!rows.length) return null;
    const c = EV.colours();
    const x = (row) => row[key];
    const front = EV.front(key).filter((row) => row[key] > 0);
    const name = key === "flops" ? "FLOPs for one image" : "parameters";
    const data = [
      EV.points(EV.thinned(rows, x, fitness, element, range, true), x, fitness,
        { name: "candidate", marker: { size: 6, color: c.dot, opacity: 0.75 } }),
      EV.points(front, x, fitness, { name: "Pareto front", mode: "lines+markers",
        line: { shape: "hv", color: c.accent, width: 2 }, marker: { size: 9, color: c.accent } }),
    ];
    return {
      data: [...data, ...marked(x, fitness)], walk: front,
      words: `Fitness against ${name}, ${EV.count(front.length, "candidate")} on the Pareto front. `
        + "Arrow keys go along the front.",
      layout: {
        xaxis: { type: "log", title: { text: name }, exponentformat: "SI" },
        yaxis: { title: { text: EV.info.fitness_name } },
      },
    };
  });

  const edges = (rows, depth) => {
    const x = [], y = [];
    for (const row of rows) {
      for (const parent of row.parents) {
        x.push(parent, row.id, null); y.push(depth[parent], depth[row.id], null);
      }
    }
    return { x, y };
  };

  EV.chart("genealogy", (element, range) => {
    const rows = EV.all();
    if (!rows.length || !EV.best()) return null;
    const c = EV.colours();
    const depth = EV.depths();
    const y = (row) => depth[row.id];
    const who = EV.rows[EV.selected] ? EV.selected : EV.best().id;
    const family = [...EV.ancestors(who)].map((id) => EV.rows[id]).filter(Boolean).sort((a, b) => a.id - b.id);
    const line = EV.lineage(who);
    const data = [];
    if (rows.length <= 2000) {
      data.push({ type: "scatter", mode: "lines", ...edges(rows, depth), name: "descent", hoverinfo: "skip",
        line: { color: c.line, width: 1 } });
    }
    data.push(
      EV.points(EV.thinned(rows, byNumber, y, element, range), byNumber, y, { name: "candidate",
        marker: { size: 6, color: c.dot, opacity: 0.6 } }),
      { type: "scatter", mode: "lines", ...edges(family, depth), name: `ancestors of ${who}`, hoverinfo: "skip",
        line: { color: c.warm, width: 1.5, dash: "dot" } },
      EV.points(line, byNumber, y, { name: "whose weights it has", mode: "lines+markers",
        line: { color: c.accent, width: 2.5 }, marker: { size: 9, color: c.accent } }),
    );
    return {
      data, walk: line,
      words: `Descent of candidate ${who}: ${EV.count(family.length - 1, "ancestor")}, `
        + `${EV.count(line.length - 1, "generation")} along its weights. Arrow keys go along its lineage.`,
      layout: {
        xaxis: { title: { text: "candidate" } },
        yaxis: { title: { text: "generations from a founder" }, rangemode: "tozero" },
      },
    };
  });

  EV.chart("curves", () => {
    const c = EV.colours();
    const palette = [c.accent, c.good, c.warm, c.bad, c.faint, c.dot];
    const numbers = EV.ranked().slice(0, 5).map(byNumber);
    if (EV.rows[EV.selected] && !numbers.includes(EV.selected)) numbers.unshift(EV.selected);
    const kind = chosen("curves-axis");
    const pointsOf = (id) => (EV.curves[id] || []).map((point, epoch) => [epoch + 1, point[kind === "loss" ? 0 : 1]])
      .filter((point) => point[1] !== null);
    const data = numbers.filter((id) => pointsOf(id).length).map((id, place) => {
      const points = pointsOf(id);
      return { type: "scatter", mode: "lines+markers", name: `candidate ${id}`, x: points.map((p) => p[0]),
        y: points.map((p) => p[1]), customdata: points.map(() => id), line: { color: palette[place % 6] },
        hovertemplate: `candidate ${id}, epoch %{x}: %{y:.4f}<extra></extra>` };
    });
    if (!data.length) return null;
    return {
      data, walk: numbers.map((id) => EV.rows[id]),
      words: `Learning curves of ${EV.count(data.length, "candidate")}.`,
      layout: {
        xaxis: { title: { text: "epoch" }, dtick: EV.curves[numbers[0]]?.length > 20 ? undefined : 1 },
        yaxis: { title: { text: kind === "loss" ? "training loss" : "validation accuracy" } },
      },
    };
  });

  EV.chart("inherited", (element, range) => {
    const rows = EV.done().filter((row) => row.parents.length);
    if (!rows.length || !rows.some((row) => row.inherited > 0)) return null;
    const c = EV.colours();
    const kind = chosen("inherited-axis");
    const y = kind === "share" ? (row) => row.inherited : (row) => row.before;
    const shown = rows.filter((row) => y(row) !== null);
    if (!shown.length) return null;
    const x = kind === "share" ? byNumber : fitness;
    return {
      data: [EV.points(EV.thinned(shown, x, y, element, range), x, y,
        { name: "child", marker: { size: 6, color: c.dot, opacity: 0.75 } }), ...marked(x, y)],
      walk: shown,
      words: kind === "share" ? "Share of the parameters that each child inherited."
        : "Accuracy before training against fitness.",
      layout: kind === "share"
        ? { xaxis: { title: { text: "candidate" } },
          yaxis: { title: { text: "share inherited" }, tickformat: ".0%", range: [-0.03, 1.03] } }
        : { xaxis: { title: { text: EV.info.fitness_name } },
          yaxis: { title: { text: "accuracy before training" } } },
    };
  });

  for (const name of ["progress", "cost", "curves", "inherited"]) {
    for (const input of document.querySelectorAll(`input[name="${name}-axis"]`)) {
      input.addEventListener("change", () => { EV.resetChart(name); EV.drawCharts(name); });
    }
  }
}
