const OPENED = "rgb(1,2,3)";

// The theme's colours in the place of ink: `ink(alpha)` gives the colour at an opacity.
function themed(value, ink) {
  if (typeof value === "string") {
    if (value === OPENED) return ink(1);
    return value.startsWith("rgba(1,2,3,") ? ink(parseFloat(value.slice(11))) : value;
  }
  if (Array.isArray(value)) return value.map((entry) => themed(entry, ink));
  if (value && typeof value === "object" && value.constructor === Object) {
    const copy = {};
    for (const key in value) copy[key] = themed(value[key], ink);
    return copy;
  }
  return value;
}

const channels = (color) => color.match(/[\d.]+/g).map(Number);

function paper(node) {
  for (; node; node = node.parentElement) {
    const [r, g, b, a = 1] = channels(getComputedStyle(node).backgroundColor);
    if (a === 1) return [r, g, b];
  }
  return [255, 255, 255];
}

function put(target, path, value) {
  const keys = path.replace(/\[(\d+)\]/g, ".$1").split(".");
  const last = keys.pop();
  for (const key of keys) target = target[key] ??= {};
  target[last] = value;
}

const TYPES = {
  f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array, i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array,
};

function nested(flat, shape) {
  if (shape.length < 2) return flat;
  const width = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, row) => nested(flat.subarray(row * width, (row + 1) * width), shape.slice(1)));
}

function array({ dtype, shape, buffer }) {
  const start = buffer.byteOffset ?? 0;
  const bytes = (buffer.buffer ?? buffer).slice(start, start + buffer.byteLength); // aligned for the type
  return nested(new TYPES[dtype](bytes), shape);
}

function decoded(value) {
  // plotly's own packing of the arrays that stay, unpacked once
  if (value?.bdata && TYPES[value.dtype]) {
    const buffer = Uint8Array.from(atob(value.bdata), (letter) => letter.charCodeAt(0)).buffer;
    return array({ dtype: value.dtype, shape: String(value.shape ?? "").split(",").map(Number), buffer });
  }
  if (value && typeof value === "object") for (const key in value) value[key] = decoded(value[key]);
  return value;
}

function element(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
}

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

const spatial = (panel) => panel.data.some(({ type }) => type?.endsWith("3d") || type === "surface");

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

function quoted(value) {
  const text = String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function csv(titles, drawings) {
  const columns = [];
  drawings.forEach(({ traces }, index) =>
    traces.forEach((trace, number) => {
      const name = trace.name ?? `curve ${number + 1}`;
      for (const axis of ["x", "y", "z"]) {
        const values = trace[axis];
        if (values && values.length !== undefined)
          columns.push([`${titles[index]}: ${name}: ${axis}`, Array.from(values, (v) => (v?.length ? Array.from(v).join(" ") : v))]);
      }
    }),
  );
  const length = Math.max(0, ...columns.map(([, values]) => values.length));
  const lines = [columns.map(([name]) => quoted(name)).join(",")];
  for (let row = 0; row < length; row++) lines.push(columns.map(([, values]) => quoted(values[row])).join(","));
  return lines.join("\n") + "\n";
}

function render({ model, el }) {
  const spec = JSON.parse(model.get("spec"));
  for (const panel of spec.panels) decoded(panel.data);
  const root = element("div", "optilab");
  const top = element("div", "optilab-top");
  const run = element("button", "optilab-run", spec.run ?? "");
  const progress = element("progress", "optilab-progress");
  const error = element("div", "optilab-error");
  const panels = element("div", "optilab-panels");
  const note = element("div", "optilab-note");
  const foot = element("div", "optilab-foot");
  const code = element("pre", "optilab-code");
  error.setAttribute("role", "alert");
  note.setAttribute("aria-live", "polite");
  progress.max = 1;
  progress.hidden = true;
  code.hidden = true;
  if (spec.run) top.append(run, progress);
  top.append(error);
  const plots = spec.panels.map((panel) => {
    const box = element("div", "optilab-panel");
    const title = element("div", "optilab-title");
    const plot = element("div", panel.click ? "optilab-plot optilab-click" : "optilab-plot");
    plot.style.height = `${panel.height}px`;
    if (panel.wide) box.style.gridColumn = "1 / -1";
    const legend = element("div", "optilab-legend");
    box.append(title, legend, plot);
    panels.append(box);
    return { title, legend, plot };
  });
  const legend = element("div", "optilab-legend");
  const keys = legends(spec);
  const hidden = new Set();
  const reset = element("button", "", "Reset");
  const show = element("button", "", "Show the code for this picture");
  const save = element("button", "", "Data as CSV");
  show.setAttribute("aria-expanded", "false");
  foot.append(reset, show, save);
  root.append(top, legend, panels, note, foot, code);
  el.append(root);

  let plotly = null;
  let drawings = [];
  let scheduled = false;
  let late = false; // a frame came while one was being shown
  let missed = false; // a frame came while the pictures were in no page: they had neither colours nor a width
  let gone = false;
  let waiting = false; // for the frame that answers a click
  let next = null; // what is to be sent then: the pointer has moved on meanwhile
  let trouble = ""; // with plotly.js
  let turning = false; // the reader turns a scene: what would be drawn meanwhile would turn it back
  const names = () => plots.map(({ title }) => title.textContent);

  function arrange() {
    const least = (plots.length > 3 ? 300 : 265) + 14; // px of a panel and its gap
    const most = Math.max(1, Math.floor((panels.clientWidth + 14) / least));
    const abreast = Math.max(1, spec.panels.filter((panel) => !panel.wide).length);
    const rows = Math.ceil(abreast / most);
    panels.style.gridTemplateColumns = `repeat(${Math.ceil(abreast / rows)}, minmax(0, 1fr))`;
  }

  function draw() {
    const frame = model.get("frame");
    error.textContent = trouble || frame.error;
    root.classList.toggle("optilab-stale", frame.error !== "" || frame.stale === true);
    note.innerHTML = frame.note;
    code.textContent = frame.code;
    if (!plotly || turning || !frame.number) return; // nothing has come yet
    missed = !root.isConnected;
    if (missed) return;
    if (!frame.drawn) {
      root.dataset.drawn = frame.number; // an error, and no picture yet that it could be about
      return;
    }
    arrange();
    const seen = {};
    const value = (name) =>
      name in frame.arrays ? (seen[name] ??= array(frame.arrays[name])) : frame.values[name];
    const [r, g, b, a = 1] = channels(getComputedStyle(root).color);
    const back = paper(root);
    const clear = (alpha) => `rgba(${r},${g},${b},${alpha === 1 ? a : alpha})`;
    const mixed = (alpha) => `rgb(${[r, g, b].map((c, i) => Math.round(c * a * alpha + back[i] * (1 - a * alpha)))})`;
    drawings = spec.panels.map((panel) => {
      const paint = (thing) => themed(thing, spatial(panel) ? mixed : clear); // WebGL draws thin ink as thick
      const traces = panel.data.map((trace, index) => {
        const copy = paint(trace);
        for (const path in panel.bindings[index]) put(copy, path, paint(value(panel.bindings[index][path])));
        if (hidden.has(trace.legendgroup ?? trace.name)) copy.visible = false;
        return copy;
      });
      const layout = paint(panel.layout);
      for (const path in panel.moving) if (path !== "title") put(layout, path, paint(value(panel.moving[path])));
      return { traces, layout };
    });
    const done = drawings.map(({ traces, layout }, index) => {
      const { plot, title } = plots[index];
      const panel = spec.panels[index];
      title.innerHTML = `<span>${panel.moving.title ? value(panel.moving.title) : panel.title}</span>`;
      for (const mark of [...(layout.shapes ?? []), ...(layout.annotations ?? [])])
        if ([mark.x0, mark.x1, mark.y0, mark.y1, mark.x, mark.y].includes(null)) mark.visible = false; // no number, no mark
      const moved = [...panel.bindings, panel.moving].flatMap((names) => Object.values(names).map(value));
      const stamp = JSON.stringify([r, g, b, a, back, [...hidden], moved]);
      if (stamp === plots[index].stamp) return null; // what this panel shows has not moved
      plots[index].stamp = stamp;
      layout.uirevision = "kept";
      layout.autosize = true;
      layout.showlegend = false;
      if (panel.click) layout.dragmode = false;
      const scene = plot._fullLayout?.scene?._scene;
      if (scene) put(layout, "scene.camera", scene.getCamera()); // as the reader has turned it
      return plotly.react(plot, traces, layout, { displaylogo: false, responsive: false, scrollZoom: false });
    });
    Promise.all(done).then(explain).then(() =>
      requestAnimationFrame(() => {
        waiting = false;
        const following = next;
        next = null;
        following?.();
        root.dataset.drawn = frame.number;
      }),
    );
  }
  function explain() {
    if (gone) return;
    for (const key of keys) {
      const trace = plots[key.index].plot._fullData[key.number];
      key.button ??= button(key);
      const picture = trace.visible === true ? swatch(trace) : ""; // what is hidden has no colour
      if (picture && picture !== key.picture) key.button.firstChild.innerHTML = key.picture = picture;
      key.button.setAttribute("aria-pressed", String(!hidden.has(key.name)));
    }
  }
  function button({ name, label, index, common }) {
    const made = element("button", "optilab-key");
    made.innerHTML = `<span></span><span>${label}</span>`;
    made.title = "Hide or show";
    made.addEventListener("click", () => {
      if (!hidden.delete(name)) hidden.add(name);
      redraw();
    });
    (common ? legend : plots[index].legend).append(made);
    return made;
  }
  function redraw() {
    late = scheduled; // at most one drawing per animation frame, the first at once
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      if (late) redraw();
    });
    draw();
  }

  spec.panels.forEach((panel, index) => {
    if (!panel.click) return;
    const { plot } = plots[index];
    let dragging = false;
    let last = null; // where the pointer was seen
    const send = (event, final) => {
      const area = plot.querySelector(".nsewdrag")?.getBoundingClientRect();
      if (!area) return;
      if (waiting) {
        next = () => send(event, final);
        return;
      }
      const { xaxis, yaxis } = plot._fullLayout;
      waiting = true;
      model.send({
        type: "point",
        panel: index,
        x: xaxis.p2d(event.clientX - area.left),
        y: yaxis.p2d(event.clientY - area.top),
        final,
      });
    };
    plot.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0 || !event.target.classList?.contains("nsewdrag")) return;
        event.preventDefault(); // no selection of text, no native drag
        plot.setPointerCapture(event.pointerId); // the drag goes on outside the picture
        dragging = true;
        waiting = false;
        last = event;
      },
      true,
    );
    plot.addEventListener("pointermove", (event) => dragging && send((last = event), false), true);
    for (const end of ["pointerup", "pointercancel"])
      plot.addEventListener(
        end,
        (event) => {
          if (dragging) send(end === "pointerup" ? event : last, true); // what is cancelled is nowhere
          dragging = false;
        },
        true,
      );
  });

  const turned = () => {
    if (turning) setTimeout(() => ((turning = false), redraw())); // once plotly knows where the camera is
  };
  for (const [index, panel] of spec.panels.entries())
    if (spatial(panel)) plots[index].plot.addEventListener("pointerdown", () => (turning = true), true);
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, turned, true);

  run.addEventListener("click", () => model.send({ type: "run" }));
  reset.addEventListener("click", () => model.send({ type: "reset" }));
  show.addEventListener("click", () => {
    code.hidden = !code.hidden;
    show.setAttribute("aria-expanded", String(!code.hidden));
    show.textContent = code.hidden ? "Show the code for this picture" : "Hide the code";
  });
  save.addEventListener("click", () => {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([csv(names(), drawings)], { type: "text/csv" }));
    link.download = `${spec.name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  const version = model.get("version");
  const place = shelf(version);
  const again = element("button", "", "Try again");
  const timers = [];
  function ask() {
    place.asked = Date.now();
    model.send({ type: "plotly" });
  }
  function missing(problem) {
    if (place.plotly) return;
    trouble = `The pictures can't be drawn: ${problem}`;
    error.textContent = trouble;
    top.append(again);
  }
  function wait() {
    timers.push(setTimeout(() => missing("plotly.js has not arrived from the kernel. Is the kernel running?"), 20000));
  }
  again.addEventListener("click", () => {
    trouble = error.textContent = "";
    again.remove();
    ask();
    wait();
  });
  function heard(message, buffers) {
    if (message.type === "plotly")
      unpack(version, buffers[0]).catch((problem) => missing(`what arrived is not plotly.js (${problem.message}).`));
    if (message.type === "progress") {
      progress.hidden = false;
      progress.value = message.done;
      run.disabled = message.done < 1;
      if (message.done >= 1) setTimeout(() => (progress.hidden = true), 400);
    }
    if (message.type === "busy") root.classList.toggle("optilab-busy", message.busy);
  }
  model.on("msg:custom", heard);
  model.on("change:frame", redraw);
  redraw();
  wait();
  // the page before this one has had what the kernel sent: ask for it again, one explorer for all
  timers.push(setTimeout(() => place.plotly || Date.now() - (place.asked ?? 0) < 10000 || ask(), place.problem ? 0 : 1500));
  place.arrival.then((library) => {
    timers.forEach(clearTimeout);
    again.remove();
    trouble =
      spec.panels.some(spatial) && !document.createElement("canvas").getContext("webgl")
        ? "A picture in space needs WebGL, which this browser has switched off or doesn't know."
        : "";
    plotly = library;
    redraw();
  });

  const resize = new ResizeObserver(() => {
    arrange();
    if (missed) redraw();
    if (plotly) plots.forEach(({ plot }) => plot.offsetWidth && plot._fullLayout && plotly.Plots.resize(plot));
  });
  resize.observe(panels);
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
    timers.forEach(clearTimeout);
    resize.disconnect();
    theme.disconnect();
    window.removeEventListener("keydown", keyed, true);
    for (const end of ["pointerup", "pointercancel"]) window.removeEventListener(end, turned, true);
    model.off("msg:custom", heard);
    model.off("change:frame", redraw);
    if (plotly) plots.forEach(({ plot }) => plotly.purge(plot));
  };
}

// anywidget lets a module load for two seconds. A page that is slower, as any can be while it starts, drops all messages
// to the widget from then on. So they go past anywidget, and a frame that was dropped is sent again.
async function initialize({ model }) {
  const { id } = JSON.parse(model.get("spec"));
  const whole = await model.widget_manager.get_model(id);
  const waiting = Object.getPrototypeOf(whole); // anywidget's class, whose messages wait for the module
  if (whole.comm && Object.hasOwn(waiting, "_handle_comm_msg"))
    whole.comm.on_msg(Object.getPrototypeOf(waiting)._handle_comm_msg.bind(whole));
  model.send({ type: "frame", number: model.get("frame").number });
}

export default { initialize, render };
