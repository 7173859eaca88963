// From a frame to pictures.
class Drawing {
  plotly = null;
  pictures = []; // traces and layout of each panel, as they were drawn last
  missed = false; // a frame came while the page had none of the pictures: they had neither colours nor a width
  turning = false; // the reader turns a scene: what would be drawn meanwhile would turn it back

  constructor(spec, root, panels, legend) {
    Object.assign(this, { spec, root, panels, legend });
    for (const panel of spec.panels) decoded(panel.data);
  }

  arrange(width) {
    const least = (this.panels.length > 3 ? 300 : 265) + 14; // px of a panel and its gap
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

  // The traces and the layout of a panel.
  composed(panel, value, paint) {
    const traces = panel.data.map((trace, index) => {
      const copy = paint(trace);
      for (const path in panel.bindings[index]) put(copy, path, paint(value(panel.bindings[index][path])));
      if (this.legend.hides(trace)) copy.visible = false;
      return copy;
    });
    const layout = paint(panel.layout);
    for (const path in panel.moving) if (path !== "title") put(layout, path, paint(value(panel.moving[path])));
    for (const mark of [...(layout.shapes ?? []), ...(layout.annotations ?? [])])
      if ([mark.x0, mark.x1, mark.y0, mark.y1, mark.x, mark.y].includes(null)) mark.visible = false; // no number, no mark
    Object.assign(layout, { uirevision: "kept", autosize: true, showlegend: false });
    if (panel.click) layout.dragmode = false;
    return { traces, layout };
  }

  // Resolves once all is drawn; a panel that shows what it did before is left alone.
  async show(frame) {
    const value = values(frame);
    const { stamp, painter } = inks(this.root);
    this.pictures = this.spec.panels.map((panel) => this.composed(panel, value, painter(panel)));
    await Promise.all(
      this.pictures.map(({ traces, layout }, index) => {
        const panel = this.spec.panels[index];
        const place = this.panels[index];
        place.title.innerHTML = `<span>${panel.moving.title ? value(panel.moving.title) : panel.title}</span>`;
        const moved = [...panel.bindings, panel.moving].flatMap((names) => Object.values(names).map(value));
        const now = JSON.stringify([...stamp, [...this.legend.hidden], moved]);
        if (now === place.stamp) return null;
        place.stamp = now;
        const scene = place.plot._fullLayout?.scene?._scene;
        if (scene) put(layout, "scene.camera", scene.getCamera()); // as the reader has turned it
        return this.plotly.react(place.plot, traces, layout, { displaylogo: false, responsive: false, scrollZoom: false });
      }),
    );
  }

  resize() {
    if (!this.plotly) return;
    for (const { plot } of this.panels) if (plot.offsetWidth && plot._fullLayout) this.plotly.Plots.resize(plot);
  }

  purge() {
    if (this.plotly) for (const { plot } of this.panels) this.plotly.purge(plot);
  }
}
