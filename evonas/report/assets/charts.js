/* Charts by Plotly: colours of the page, drawn when they come into view, walked with the keyboard. */
"use strict";
{
  const CELL = 7; // pixels within which points of a kind lie on each other
  const MANY = 1000; // with more points than that, those that would be hidden are left out
  const charts = new Map();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  EV.colours = () => Object.fromEntries(
    ["ink", "faint", "line", "card", "accent", "good", "bad", "dot", "warm"].map((name) => [name, colour(name)]),
  );

  const layout = (more) => {
    const c = EV.colours();
    const axis = { gridcolor: c.line, zerolinecolor: c.line, linecolor: c.line, tickcolor: c.line, automargin: true };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: c.ink, family: "system-ui, sans-serif", size: 13 },
      margin: { l: 56, r: 14, t: 8, b: 48 }, hovermode: "closest", dragmode: "zoom",
      showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      hoverlabel: { bgcolor: c.card, bordercolor: c.faint, font: { color: c.ink } },
      ...more,
      xaxis: { ...axis, ...(more.xaxis || {}) }, yaxis: { ...axis, ...(more.yaxis || {}) },
    };
  };

  /* Of points that would be drawn on each other, one; zooming draws anew with what is in sight. */
  EV.thinned = (rows, x, y, chart, range, log) => {
    if (rows.length <= MANY) return rows;
    const place = (value) => (log ? Math.log10(Math.max(value, 1e-12)) : value);
    let seen = rows.filter((row) => x(row) !== null && y(row) !== null);
    if (range) {
      seen = seen.filter((row) => place(x(row)) >= range.x[0] && place(x(row)) <= range.x[1]
        && y(row) >= range.y[0] && y(row) <= range.y[1]);
    }
    if (seen.length <= MANY) return seen;
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const row of seen) {
      left = Math.min(left, place(x(row))); right = Math.max(right, place(x(row)));
      low = Math.min(low, y(row)); high = Math.max(high, y(row));
    }
    const wide = Math.max(chart.clientWidth - 70, 200) / CELL, tall = Math.max(chart.clientHeight - 80, 100) / CELL;
    const cells = new Set();
    return seen.filter((row) => {
      const cell = Math.round(((place(x(row)) - left) / (right - left || 1)) * wide) * 10000
        + Math.round(((y(row) - low) / (high - low || 1)) * tall);
      return !cells.has(cell) && cells.add(cell);
    });
  };

  EV.hover = (row) => [
    `<b>candidate ${row.id}</b>`, `fitness ${EV.fitness(row.fitness)}`, EV.plain(EV.operator(row)),
    row.parents.length ? `child of ${row.parents.join(", ")}` : "no parent",
    row.parameters === null ? "" : `${EV.amount(row.parameters)} parameters`,
  ].filter(Boolean).join("<br>");

  EV.points = (rows, x, y, more) => ({
    type: "scatter", mode: "markers", x: rows.map(x), y: rows.map(y),
    customdata: rows.map((row) => row.id), text: rows.map(EV.hover), hovertemplate: "%{text}<extra></extra>", ...more,
  });

  /* id: of its element. make(element, range): {data, layout, words, walk}. */
  EV.chart = (id, make) => charts.set(id, { make, range: null, dirty: true, visible: false });

  const draw = (id) => {
    const chart = charts.get(id);
    const element = EV.find(id);
    if (!window.Plotly || !chart.visible) return;
    chart.dirty = false;
    const made = chart.make(element, chart.range);
    EV.find(`${id}-empty`).hidden = Boolean(made);
    element.hidden = !made;
    keepPlace(chart, made ? made.walk : []);
    if (!made) return;
    element.setAttribute("aria-label", made.words);
    const wanted = layout(made.layout);
    if (chart.range) {
      wanted.xaxis.range = chart.range.x; wanted.yaxis.range = chart.range.y;
      wanted.xaxis.autorange = wanted.yaxis.autorange = false;
    }
    const first = !element.classList.contains("js-plotly-plot");
    Plotly.react(element, made.data, wanted, { displayModeBar: false, responsive: true, doubleClick: false });
    if (first) listen(id, element, chart);
  };

  /* Who walks stays at the candidate, where it is still there, and else begins anew. */
  const keepPlace = (chart, walk) => {
    const at = chart.at === undefined ? -1 : walk.findIndex((row) => row.id === chart.walk[chart.at].id);
    chart.at = at < 0 ? undefined : at;
    chart.walk = walk;
  };

  const listen = (id, element, chart) => {
    element.on("plotly_click", (event) => {
      const number = event.points[0].customdata;
      if (typeof number === "number") EV.open(number);
    });
    element.on("plotly_relayout", (change) => {
      if (!("xaxis.range[0]" in change)) return;
      const axes = element._fullLayout;
      chart.range = { x: [...axes.xaxis.range], y: [...axes.yaxis.range] };
      EV.find(`${id}-reset`).hidden = false;
      draw(id);
    });
    const reset = () => { chart.range = null; EV.find(`${id}-reset`).hidden = true; draw(id); };
    element.on("plotly_doubleclick", reset);
    EV.find(`${id}-reset`).addEventListener("click", reset);
    element.addEventListener("keydown", (event) => walk(event, element, chart));
  };

  /* Arrow keys go from point to point, Enter opens the individual. */
  const walk = (event, element, chart) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" && chart.at !== undefined) {
      event.preventDefault(); // or the button that gets the focus is pressed, too
      EV.open(chart.walk[chart.at].id);
      return;
    }
    if (!(event.key in steps) || !chart.walk || !chart.walk.length) return;
    event.preventDefault();
    const next = (chart.at ?? -1) + steps[event.key]; // the first step to the right leads to the first
    chart.at = Math.min(Math.max(next, 0), chart.walk.length - 1);
    const row = chart.walk[chart.at];
    EV.announce(`Candidate ${row.id}, fitness ${EV.fitness(row.fitness)}, ${EV.operator(row)}. Enter opens it.`);
    element.data.forEach((trace, curve) => {
      const point = (trace.customdata || []).indexOf(row.id);
      if (point >= 0) Plotly.Fx.hover(element, [{ curveNumber: curve, pointNumber: point }]);
    });
  };

  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const chart = charts.get(entry.target.dataset.chart);
      chart.visible = chart.visible || entry.isIntersecting;
      if (entry.isIntersecting && chart.dirty) draw(entry.target.dataset.chart);
    }
  }, { rootMargin: "200px" });

  EV.watchCharts = () => {
    for (const id of charts.keys()) watch.observe(EV.find(`${id}-frame`));
  };
  /* One at a time, so that the first shows before the last is drawn. */
  const queue = [];
  const drawNext = () => {
    const id = queue[0];
    try {
      const box = EV.find(`${id}-frame`).getBoundingClientRect();
      if (box.top < innerHeight + 200 && box.bottom > -200) draw(id);
    } finally { // a chart that cannot be drawn does not keep the others
      queue.shift();
      if (queue.length) setTimeout(drawNext);
    }
  };
  EV.drawCharts = (...ids) => {
    for (const id of ids.length ? ids : charts.keys()) {
      charts.get(id).dirty = true;
      if (!queue.includes(id)) queue.push(id);
      if (queue.length === 1) setTimeout(drawNext);
    }
  };
  EV.drawAllCharts = () => {
    for (const [id, chart] of charts) { chart.visible = true; draw(id); }
  };
  EV.resetChart = (id) => { charts.get(id).range = null; EV.find(`${id}-reset`).hidden = true; };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => EV.drawCharts());
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "1";
    EV.drawAllCharts();
  });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.print; EV.drawAllCharts(); });
}
