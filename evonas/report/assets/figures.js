/* What follows from the candidates: who is best, who descends from whom, which operators pay. */
"use strict";
{
  let known = {};
  EV.forget = () => { known = {}; };
  const once = (name, make) => () => (name in known ? known[name] : (known[name] = make()));

  EV.all = once("all", () => EV.rows.filter((row) => row));
  EV.told = once("told", () => EV.all().filter((row) => row.status !== "pending"));
  EV.done = once("done", () => EV.told().filter((row) => row.fitness !== null));
  EV.failed = once("failed", () => EV.told().filter((row) => row.status === "failed"));

  EV.ranked = once("ranked", () => [...EV.done()].sort((a, b) => b.fitness - a.fitness || a.id - b.id));
  EV.best = () => EV.ranked()[0] || null;

  /* Those that were the best when they came. */
  EV.records = once("records", () => {
    let best = -Infinity;
    return EV.done().filter((row) => row.fitness > best && ((best = row.fitness), true));
  });

  /* Those than which none is both cheaper and better. */
  EV.front = (cost) => once(`front ${cost}`, () => {
    const order = EV.done().filter((row) => row[cost] !== null)
      .sort((a, b) => a[cost] - b[cost] || b.fitness - a.fitness || a.id - b.id);
    let best = -Infinity;
    return order.filter((row) => row.fitness > best && ((best = row.fitness), true));
  })();

  /* Generations from an individual without parents, and children, as DEAP's History counts them. */
  EV.depths = once("depths", () => {
    const depth = [];
    for (const row of EV.all()) {
      let above = -1;
      for (const parent of row.parents) above = Math.max(above, depth[parent] ?? 0);
      depth[row.id] = above + 1;
    }
    return depth;
  });
  EV.children = once("children", () => {
    const children = new Map();
    for (const row of EV.all()) {
      for (const parent of new Set(row.parents)) {
        if (!children.has(parent)) children.set(parent, []);
        children.get(parent).push(row.id);
      }
    }
    return children;
  });

  /* All from whom an individual descends, itself included. */
  EV.ancestors = (number) => {
    const found = new Set([number]);
    const open = [number];
    while (open.length) {
      for (const parent of EV.rows[open.pop()]?.parents || []) {
        if (!found.has(parent)) { found.add(parent); open.push(parent); }
      }
    }
    return found;
  };

  /* Along the first parents, from whom weights come; the oldest first. */
  EV.lineage = (number) => {
    const line = [];
    for (let row = EV.rows[number]; row; row = EV.rows[row.parents[0]]) line.push(row);
    return line.reverse();
  };

  EV.operators = once("operators", () => {
    const uses = new Map();
    const unused = (name) => ({ name, children: 0, compared: 0, better: 0, sum: 0, unchanged: 0, failed: 0 });
    for (const row of EV.told()) {
      const parent = EV.rows[row.parents[0]];
      const change = row.fitness !== null && parent && parent.fitness !== null
        ? row.fitness - parent.fitness : null;
      const same = row.status === "done" && row.parents.some((number) => EV.rows[number]?.genome === row.genome);
      for (const name of row.operator.split("+")) {
        if (!uses.has(name)) uses.set(name, unused(name));
        const use = uses.get(name);
        use.children += 1;
        use.failed += row.status === "failed" ? 1 : 0;
        use.unchanged += same && name !== "trained-on" ? 1 : 0;
        if (change !== null) {
          use.compared += 1;
          use.better += change > 0 ? 1 : 0;
          use.sum += change;
        }
      }
    }
    /* Those that were never applied too, but no installed one of a kind that the search does not use. */
    const drawn = Object.entries(EV.info.operators || {});
    const kinds = new Set(drawn.filter(([name]) => uses.has(name)).map(([, kind]) => kind));
    for (const [name, kind] of uses.size ? drawn : []) {
      if (!uses.has(name) && (!kind || kinds.has(kind))) uses.set(name, unused(name));
    }
    return [...uses.values()].sort((a, b) => b.children - a.children);
  });

  EV.reasons = once("reasons", () => {
    const found = new Map();
    for (const row of EV.failed()) {
      if (!found.has(row.reason)) found.set(row.reason, []);
      found.get(row.reason).push(row.id);
    }
    return [...found].sort((a, b) => b[1].length - a[1].length);
  });

  EV.seconds = once("seconds", () => {
    const sums = [];
    let sum = 0;
    for (const row of EV.told()) sums[row.id] = sum += row.seconds;
    return { sums, all: sum };
  });
}
