// The page of an explorer: panels with the sentences and buttons around them.

function parts(spec) {
  const root = element("div", "optilab");
  const top = element("div", "optilab-top");
  const run = element("button", "optilab-run", spec.run ?? "");
  const progress = element("progress", "optilab-progress");
  const error = element("div", "optilab-error");
  const grid = element("div", "optilab-panels");
  const legend = element("div", "optilab-legend");
  const note = element("div", "optilab-note");
  const foot = element("div", "optilab-foot");
  const code = element("pre", "optilab-code");
  const reset = element("button", "", "Reset");
  const show = element("button", "", "Show the code for this picture");
  const save = element("button", "", "Data as CSV");
  error.setAttribute("role", "alert");
  note.setAttribute("aria-live", "polite");
  show.setAttribute("aria-expanded", "false");
  progress.max = 1;
  progress.hidden = code.hidden = true;
  const panels = spec.panels.map((panel) => {
    const box = element("div", "optilab-panel");
    const title = element("div", "optilab-title");
    const keys = element("div", "optilab-legend");
    const plot = element("div", panel.click ? "optilab-plot optilab-click" : "optilab-plot");
    plot.style.height = `${panel.height}px`;
    if (panel.wide) box.style.gridColumn = "1 / -1";
    box.append(title, keys, plot);
    grid.append(box);
    return { box, title, keys, plot };
  });
  if (spec.run) top.append(run, progress);
  top.append(error);
  foot.append(reset, show, save);
  root.append(top, legend, grid, note, foot, code);
  return { root, top, run, progress, error, grid, panels, legend, note, code, reset, show, save };
}

function render({ model, el }) {
  const spec = JSON.parse(model.get("spec"));
  const page = parts(spec);
  const { root, grid, panels } = page;
  el.append(root);

  let gone = false;
  let trouble = ""; // with plotly.js
  const turn = new Turn();
  const redraw = paced(draw);
  const legend = new Legend(spec, page.legend, panels.map(({ keys }) => keys), redraw);
  const drawing = new Drawing(spec, root, panels, legend);

  let arranged = false;
  function arrange() {
    arranged = grid.clientWidth > 0;
    const columns = drawing.arrange(grid.clientWidth);
    grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    const abreast = panels.filter((_, index) => !spec.panels[index].wide);
    const alone = columns > 1 && abreast.length % columns === 1; // in the last row
    if (abreast.length) abreast.at(-1).box.style.gridColumn = alone ? "1 / -1" : "";
  }

  async function draw() {
    const frame = model.get("frame");
    page.error.textContent = trouble || frame.error;
    root.classList.toggle("optilab-stale", frame.error !== "" || frame.stale === true);
    page.note.innerHTML = frame.note;
    if (page.code.textContent !== frame.code) page.code.replaceChildren(highlighted(frame.code));
    if (!frame.number || !drawing.ready()) return; // nothing has come yet, or it can't be drawn
    if (!frame.drawn) {
      root.dataset.drawn = frame.number; // an error, and no picture yet that it could be about
      return;
    }
    if (!arranged) arrange();
    const painted = await drawing.show(frame);
    if (gone || !painted) return;
    legend.explain(panels.map(({ plot }) => plot));
    requestAnimationFrame(() => {
      turn.answered();
      deck(root);
      root.dataset.drawn = frame.number;
    });
  }

  spec.panels.forEach((panel, index) => {
    const { plot } = panels[index];
    if (panel.click) draggable(plot, turn, (x, y, final) => model.send({ type: "point", panel: index, x, y, final }));
    if (spatial(panel)) plot.addEventListener("pointerdown", () => (drawing.turning = true), true);
  });
  const turned = () => {
    if (drawing.turning) setTimeout(() => ((drawing.turning = false), redraw())); // once plotly knows where the camera is
  };
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, turned, true);

  let running = false;
  page.run.addEventListener("click", () => model.send({ type: running ? "stop" : "run" }));
  page.reset.addEventListener("click", () => model.send({ type: "reset" }));
  page.show.addEventListener("click", () => {
    page.code.hidden = !page.code.hidden;
    page.show.setAttribute("aria-expanded", String(!page.code.hidden));
    page.show.textContent = page.code.hidden ? "Show the code for this picture" : "Hide the code";
  });
  page.save.addEventListener("click", () => {
    const link = element("a");
    const titles = panels.map(({ title }) => title.textContent);
    link.href = URL.createObjectURL(new Blob([csv(titles, drawing.pictures)], { type: "text/csv" }));
    link.download = `${spec.name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  const arrival = new Arrival(model, (problem, button) => {
    page.error.textContent = trouble = problem;
    if (button) page.top.append(button);
  });
  function heard(message, buffers) {
    arrival.heard(message, buffers);
    if (message.type === "progress") {
      running = message.done < 1;
      page.progress.hidden = false;
      page.progress.value = message.done;
      page.run.textContent = running ? "Stop" : spec.run;
      if (!running) setTimeout(() => (page.progress.hidden = !running), 400);
    }
    if (message.type === "busy") root.classList.toggle("optilab-busy", message.busy);
  }
  model.on("msg:custom", heard);
  model.on("change:frame", redraw);
  redraw();
  arrival.library().then((library) => {
    if (spec.panels.some(spatial) && !document.createElement("canvas").getContext("webgl"))
      trouble = "A picture in space needs WebGL, which this browser has switched off or doesn't know.";
    drawing.plotly = library;
    redraw();
  });

  const resize = new ResizeObserver(() => {
    arrange();
    if (drawing.missed) redraw();
    drawing.resize();
  });
  resize.observe(grid);
  // JupyterLab takes plain keys for its own commands wherever it can; over an explorer they are the reader's
  const keyed = (event) => {
    const box = root.closest(".widget-vbox") ?? root;
    const own = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey && event.key !== "Escape";
    if (box.contains(event.target)) event.target.toggleAttribute("data-lm-suppress-shortcuts", own);
  };
  window.addEventListener("keydown", keyed, true);
  const theme = new MutationObserver(redraw);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });

  return () => {
    gone = true;
    arrival.stop();
    resize.disconnect();
    theme.disconnect();
    window.removeEventListener("keydown", keyed, true);
    for (const end of ["pointerup", "pointercancel"]) window.removeEventListener(end, turned, true);
    model.off("msg:custom", heard);
    model.off("change:frame", redraw);
    drawing.purge();
  };
}

export default { initialize, render };
