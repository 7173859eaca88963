// Which curve is which; a click hides it everywhere.
// A curve that runs through several panels is explained once, above them all, if only one of them shows it in its
// legend; every other key stands above each panel that shows it.
function legends(spec) {
  const keys = new Map();
  spec.panels.forEach((panel, index) =>
    panel.data.forEach((trace, number) => {
      const name = trace.legendgroup ?? trace.name;
      if (!name) return;
      const key = keys.get(name) ?? { name, label: trace.name ?? name, panels: new Set(), shown: [] };
      key.panels.add(index);
      if (trace.showlegend !== false && !key.shown.some((place) => place.index === index)) key.shown.push({ index, number });
      keys.set(name, key);
    }),
  );
  return [...keys.values()].flatMap((key) =>
    key.shown.map((place) => ({ ...key, ...place, common: key.panels.size > 1 && key.shown.length === 1 })),
  );
}

function swatch({ type, color, mode = "lines", line = {}, marker = {} }) {
  const first = (value) => (Array.isArray(value) || ArrayBuffer.isView(value) ? value[0] : value);
  if (type === "mesh3d" || type === "bar")
    return `<svg width="26" height="12" aria-hidden="true"><rect x="5" width="16" height="12" fill="${color ?? first(marker.color)}"/></svg>`;
  const dash = { dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" }[line.dash] ?? "";
  const parts = [];
  if (mode.includes("lines"))
    parts.push(
      `<line x1="1" x2="25" y1="6" y2="6" stroke="${line.color}" stroke-width="${Math.max(line.width ?? 2, 1.5)}" stroke-dasharray="${dash}"/>`,
    );
  if (mode.includes("markers")) {
    const symbol = String(first(marker.symbol));
    const shape = { star: "13,0 14.5,4 19,4 15.5,7 17,11 13,8.5 9,11 10.5,7 7,4 11.5,4", diamond: "13,1 18,6 13,11 8,6", square: "9,2 17,2 17,10 9,10", x: "13,4 16,1 18,3 15,6 18,9 16,11 13,8 10,11 8,9 11,6 8,3 10,1" }[
      symbol.replace("-open", "")
    ];
    const color = first(marker.color) ?? line.color;
    const look = symbol.endsWith("-open") ? `fill="none" stroke="${color}" stroke-width="1.5"` : `fill="${color}"`;
    parts.push(shape ? `<polygon points="${shape}" ${look}/>` : `<circle cx="13" cy="6" r="4" ${look}/>`);
  }
  return `<svg width="26" height="12" aria-hidden="true">${parts.join("")}</svg>`;
}

class Legend {
  constructor(spec, common, places, changed) {
    Object.assign(this, { keys: legends(spec), hidden: new Set(), common, places, changed });
  }

  hides(trace) {
    return this.hidden.has(trace.legendgroup ?? trace.name);
  }

  button({ name, label, index, common }) {
    const made = element("button", "optilab-key");
    made.innerHTML = `<span></span><span>${label}</span>`;
    made.title = "Hide or show";
    made.addEventListener("click", () => {
      if (!this.hidden.delete(name)) this.hidden.add(name);
      this.changed();
    });
    (common ? this.common : this.places[index]).append(made);
    return made;
  }

  // After a drawing: swatches look as plotly has drawn the traces.
  explain(plots) {
    for (const key of this.keys) {
      const trace = plots[key.index]._fullData[key.number];
      key.button ??= this.button(key);
      const picture = trace.visible === true ? swatch(trace) : ""; // what is hidden has no colour
      if (picture && picture !== key.picture) key.button.firstChild.innerHTML = key.picture = picture;
      key.button.setAttribute("aria-pressed", String(!this.hidden.has(key.name)));
    }
  }
}
