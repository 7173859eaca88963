// From a frame to pictures. While something moves, curves alone are drawn anew and axes hold still; once it rests, all is.
const REST = 250; // ms without a new frame
const HELD = { frame: { duration: 0, redraw: false }, transition: { duration: 0 }, mode: "immediate" };
const CURVE = /^[xy]$/; // what of a curve moves without the rest of its picture
const FRAME = /^([xy]axis\d*\.range|(shapes|annotations)\[\d+\]\.([xy][01]?|text)|title)$/; // and what of a layout
const CONFIG = { displaylogo: false, displayModeBar: false, responsive: false, scrollZoom: false };

const raw = (frame, name) => frame.arrays[name] ?? frame.values[name];

function same(one, other) {
  if (!one?.buffer || !other?.buffer) return JSON.stringify(one) === JSON.stringify(other);
  if (one.dtype !== other.dtype || String(one.shape) !== String(other.shape)) return false;
  const [a, b] = [one, other].map(({ buffer }) => new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength));
  return a.every((byte, index) => byte === b[index]);
}

// While curves move, plotly takes the layers of all other kinds of traces for empty and removes them: they stay.
function keeping(plot) {
  for (const { parentNode: layers } of plot.querySelectorAll("g.mlayer")) {
    if (Object.hasOwn(layers, "removeChild")) continue;
    layers.removeChild = (node) =>
      plot.moving && node.classList.contains("mlayer") ? node : Node.prototype.removeChild.call(layers, node);
  }
}

class Drawing {
  plotly = null;
  work = Promise.resolve();
  frame = null; // that is shown
  missed = false; // a frame came while the page had none of the pictures: they had neither colours nor a width
  turning = false; // the reader turns a scene: what would be drawn meanwhile would turn it back

  constructor(spec, root, panels, legend) {
    Object.assign(this, { spec, root, panels, legend });
    for (const panel of spec.panels) decoded(panel.data);
  }

  // How many panels stand abreast.
  arrange(width) {
    const least = 300 + 14; // px of a panel and its gap
    const most = Math.max(1, Math.floor((width + 14) / least));
    const abreast = Math.max(1, this.spec.panels.filter((panel) => !panel.wide).length);
    return Math.ceil(abreast / Math.ceil(abreast / most));
  }

  // Whether pictures can be drawn now.
  ready() {
    if (!this.plotly || this.turning) return false;
    this.missed = !this.root.isConnected;
    return !this.missed;
  }

  // One thing after the other: plotly mustn't be asked for the next before it is done with the last.
  next(step) {
    const calm = () => Promise.all(this.panels.map(({ done }) => done)).then(step);
    this.work = this.work.then(calm, calm);
    return this.work;
  }

  // Resolves once a frame is drawn, to false if a later one has come meanwhile.
  show(frame) {
    clearTimeout(this.rest);
    this.frame = frame;
    return this.next(async () => {
      if (this.frame !== frame) return false;
      this.value = values(frame);
      this.inks = inks(this.root);
      const look = JSON.stringify([this.inks.stamp, [...this.legend.hidden]]);
      await Promise.all(this.spec.panels.map((panel, index) => this.picture(panel, this.panels[index], look)));
      this.mark();
      clearTimeout(this.rest);
      if (this.behind.length) this.rest = setTimeout(() => this.settle(), REST);
      return true;
    });
  }

  get behind() {
    return this.spec.panels.flatMap((panel, index) => (this.panels[index].behind ? [[panel, this.panels[index]]] : []));
  }

  mark() {
    this.root.toggleAttribute("data-moving", this.behind.length > 0);
  }

  async picture(panel, place, look) {
    const names = [...new Set([...panel.bindings, panel.moving].flatMap(Object.values))];
    const moved = new Set(names.filter((name) => !same(place.shown?.[name], raw(this.frame, name))));
    const kept = place.look === look;
    place.look = look;
    place.shown = Object.fromEntries(names.map((name) => [name, raw(this.frame, name)]));
    place.title.innerHTML = `<span>${panel.moving.title ? this.value(panel.moving.title) : panel.title}</span>`;
    if (kept && !moved.size) return;
    place.behind = kept && this.light(panel, moved);
    await (place.behind ? this.move(panel, place, moved) : this.whole(panel, place));
    annotate(place.plot);
  }

  // Whether nothing has moved but points of curves, rules and ranges.
  light(panel, moved) {
    const fits = (bound, path) => Object.keys(bound).every((key) => path.test(key) || !moved.has(bound[key]));
    return panel.bindings.every((bound, index) => fits(bound, panel.data[index].type === "scatter" ? CURVE : /^$/)) && fits(panel.moving, FRAME);
  }

  // Draws the curves that have moved. Plotly has drawn them when it gives its promise, and would keep it a frame later.
  async move(panel, place, moved) {
    const { plot } = place;
    const layout = {};
    for (const [path, name] of Object.entries(panel.moving)) {
      if (path === "title" || !moved.has(name)) continue;
      const value = this.value(name);
      if (path.includes("[")) layout[`${path.split(".")[0]}.visible`] = value !== null; // no number, no mark
      if (value !== null) layout[path] = value;
    }
    const traces = [];
    const data = [];
    panel.bindings.forEach((bound, index) => {
      const changed = Object.entries(bound).filter(([, name]) => moved.has(name));
      if (!changed.length) return;
      traces.push(index);
      data.push(Object.fromEntries(changed.map(([path, name]) => [path, this.value(name)])));
    });
    const grown = wider(plot, panel, traces, data);
    plot.grown = { ...plot.grown, ...grown };
    Object.assign(layout, grown);
    if (Object.keys(layout).length) await this.plotly.relayout(plot, layout);
    if (!traces.length) return;
    keeping(plot);
    plot.moving = true;
    place.done = this.plotly.animate(plot, { data, traces }, HELD).then(() => (plot.moving = false));
  }

  // Draws everything of a panel.
  async whole(panel, { plot }) {
    const { traces, layout } = this.composed(panel);
    Object.assign(layout, { width: plot.offsetWidth || undefined, height: panel.height }); // else plotly measures the page at every move
    const scene = plot._fullLayout?.scene?._scene;
    if (scene) put(layout, "scene.camera", scene.getCamera()); // as the reader has turned it
    await this.plotly.react(plot, traces, layout, CONFIG);
    const fitted = Object.keys(plot.grown ?? {}).map((range) => [range.replace("range", "autorange"), true]);
    plot.grown = {};
    if (!fitted.length) return;
    await this.plotly.relayout(plot, Object.fromEntries(fitted));
    await this.whole(panel, { plot }); // titles stand beside the labels of the range that was
  }

  // Once nothing moves any more: what was only moved is drawn whole, with axes that fit.
  settle() {
    return this.next(async () => {
      for (const [panel, place] of this.behind) {
        place.behind = false;
        await this.whole(panel, place);
        annotate(place.plot);
      }
      this.mark();
    });
  }

  // The traces and the layout of a panel.
  composed(panel) {
    const paint = this.inks.painter(panel);
    const value = (name) => paint(this.value(name));
    const traces = panel.data.map((trace, index) => {
      const copy = paint(trace);
      for (const path in panel.bindings[index]) put(copy, path, value(panel.bindings[index][path]));
      if (this.legend.hides(trace)) copy.visible = false;
      return copy;
    });
    const layout = paint(panel.layout);
    for (const path in panel.moving) if (path !== "title") put(layout, path, value(panel.moving[path]));
    for (const mark of [...(layout.shapes ?? []), ...(layout.annotations ?? [])])
      if ([mark.x0, mark.x1, mark.y0, mark.y1, mark.x, mark.y].includes(null)) mark.visible = false; // no number, no mark
    Object.assign(layout, { uirevision: "kept", autosize: false, showlegend: false });
    put(layout, "font.family", getComputedStyle(this.root).fontFamily);
    if (panel.click) layout.dragmode = false;
    decades(traces, layout);
    return { traces, layout };
  }

  // What the pictures show, for whoever wants the numbers.
  get pictures() {
    return this.frame ? this.spec.panels.map((panel) => this.composed(panel)) : [];
  }

  resize() {
    if (!this.plotly) return;
    for (const { plot } of this.panels) {
      const width = plot.offsetWidth;
      if (!width || !plot._fullLayout || plot._fullLayout.width === width) continue;
      this.plotly.relayout(plot, { width }).then(() => annotate(plot));
    }
  }

  purge() {
    clearTimeout(this.rest);
    if (this.plotly) for (const { plot } of this.panels) this.plotly.purge(plot);
  }
}
