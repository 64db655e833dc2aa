/* State, elements and numbers. Whatever comes from a run reaches the page as text, never as HTML. */
"use strict";
const EV = {
  rows: [], // by number: see FIELDS
  info: {}, // what does not change while a run goes on
  pictures: {}, // by number: {genotype, network, change}, SVG that was cleaned where it was made
  curves: {}, // by number: [[loss, accuracy or null], ...]
  living: new Set(),
  selected: null,
};

EV.FIELDS = ["id", "parents", "operator", "status", "fitness", "parameters", "flops", "inherited",
  "epochs", "seconds", "before", "reason", "genome", "steps"];

EV.row = (values) => Object.fromEntries(EV.FIELDS.map((name, place) => [name, values[place]]));

EV.el = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

EV.find = (id) => document.getElementById(id);

EV.fill = (id, ...children) => {
  EV.find(id).replaceChildren(...children.filter((child) => child !== null));
};

/* -- numbers -------------------------------------------------------------------------------------- */

EV.fitness = (value) => {
  if (value === null || value === undefined) return "–";
  return Math.abs(value) < 1000 ? value.toFixed(4) : value.toPrecision(6);
};

EV.amount = (value) => {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) < 1000) return String(value);
  for (const letter of ["k", "M", "G", "T"]) {
    value /= 1000;
    if (Math.abs(value) < 999.5 || letter === "T") return value.toPrecision(3) + letter;
  }
  return String(value);
};

EV.share = (part) => (part === null || part === undefined ? "–" : `${Math.round(100 * part)} %`);

EV.duration = (seconds) => {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const units = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];
  for (const [size, name, smaller, smallerName] of units) {
    const rounded = Math.round(seconds / smaller) * smaller;
    if (rounded >= size) {
      const rest = Math.floor((rounded % size) / smaller);
      return `${Math.floor(rounded / size)} ${name}` + (rest ? ` ${rest} ${smallerName}` : "");
    }
  }
  return `${Math.round(seconds)} s`;
};

EV.count = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;

/* What Plotly shows is read for tags: text must not be. */
EV.plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

EV.operator = (row) => {
  const prefix = `${EV.info.genome}-`;
  return row.operator.split("+").map((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name))
    .join(" + ");
};

EV.link = (number, words) => EV.el("button", {
  type: "button", class: "link", "data-candidate": number, onclick: () => EV.open(number),
}, words === undefined ? String(number) : words);

EV.announce = (words) => { EV.find("announcement").textContent = words; };

/* -- reading -------------------------------------------------------------------------------------- */

EV.unpacked = async (text) => {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};

EV.take = (data) => {
  for (const values of data.rows || []) {
    const row = EV.row(values);
    if (EV.rows[row.id]) EV.dropPictures(row.id); // its learning curve comes with them
    EV.rows[row.id] = row;
  }
  Object.assign(EV.info, data.info || {});
  Object.assign(EV.curves, data.curves || {});
  Object.assign(EV.pictures, data.pictures || {});
  if (data.living) EV.living = new Set(data.living);
  EV.forget();
};
