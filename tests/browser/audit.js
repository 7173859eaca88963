// What of an explorer's pictures a reader would stumble over.
globalThis.audit = () => {
  const found = [];
  const finite = (values) => Array.from(values ?? []).some((value) => typeof value === "string" || Number.isFinite(value));
  const shows = (trace) => trace.visible === true && (trace.z ? true : finite(trace.x) && finite(trace.y));
  const seen = (node) => node.textContent.trim() && box(node).width > 0 && getComputedStyle(node).opacity !== "0";
  const box = (node) => node.getBoundingClientRect();
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  document.querySelectorAll(".optilab-panel").forEach((panel, number) => {
    const say = (what) => found.push(`panel ${number} (${panel.querySelector(".optilab-title").textContent.slice(0, 40)}): ${what}`);
    const plot = panel.querySelector(".optilab-plot");
    const { _fullData: traces, _fullLayout: layout } = plot;
    if (layout.scene) return;
    if (!traces.some(shows) && !(layout.annotations ?? []).some(({ visible }) => visible)) say("nothing is drawn, and no reason is given");
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
      const { range, type, visible, title } = layout[name];
      if (!visible || !["linear", "log"].includes(type)) continue;
      const [low, high] = [Math.min(...range), Math.max(...range)];
      if (!(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high)))) say(`${name} shows one number, ${low}`);
      if (!title?.text && !layout[name].tickvals) say(`${name} has no title`);
    }
    for (const trace of traces) {
      if (trace.type !== "scatter" || trace.visible !== true || trace.mode.includes("lines") || trace.mode === "text") continue;
      const [x, y] = [layout[`xaxis${trace.xaxis.slice(1)}`], layout[`yaxis${trace.yaxis.slice(1)}`]];
      const outside = Array.from(trace.x ?? []).filter((value, index) => {
        const [left, top] = [x.d2p(value), y.d2p(trace.y[index])];
        return Number.isFinite(left) && Number.isFinite(top) && (left < -8 || left > x._length + 8 || top < -8 || top > y._length + 8);
      });
      if (outside.length) say(`${outside.length} of ${trace.x.length} dots of ${trace.name ?? "a trace"} are outside of the frame`);
    }
    for (const ticks of [".xtick text", ".ytick text"]) {
      const boxes = [...plot.querySelectorAll(ticks)].filter(seen).map(box);
      if (boxes.some((one, index) => boxes.slice(0, index).some((other) => meet(one, other)))) say(`labels of ${ticks.slice(1, 6)} overlap`);
    }
    const frame = box(plot);
    for (const node of plot.querySelectorAll(".xtitle, .ytitle, .xtick text, .ytick text"))
      if (box(node).left < frame.left - 2 || box(node).right > frame.right + 2 || box(node).bottom > frame.bottom + 2)
        say(`cut off: ${node.textContent.slice(0, 40)}`);
  });
  return [...new Set(found)];
};
