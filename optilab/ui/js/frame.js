// The frame of a picture: how far its axes reach, and what is written at its edge.

// Ranges for axes that fit themselves, where new points lie outside of what they show: they only grow while something moves.
function wider(plot, panel, traces, data) {
  const reached = {}; // by axis, its lowest and highest point
  data.forEach((moved, index) => {
    const trace = plot._fullData[traces[index]];
    if (trace.visible !== true) return;
    for (const letter of "xy") {
      const name = `${letter}axis${trace[`${letter}axis`].slice(1)}`;
      const { type } = plot._fullLayout[name];
      if (panel.layout[name]?.range || `${name}.range` in panel.moving || !["linear", "log"].includes(type)) continue;
      const ends = (reached[name] ??= [Infinity, -Infinity]);
      for (const number of moved[letter] ?? []) {
        const at = type === "log" ? Math.log10(number) : number;
        if (Number.isFinite(at)) [ends[0], ends[1]] = [Math.min(ends[0], at), Math.max(ends[1], at)];
      }
    }
  });
  const grown = {};
  for (const [name, [least, most]] of Object.entries(reached)) {
    const [from, to] = plot._fullLayout[name].range;
    const [low, high] = from < to ? [from, to] : [to, from];
    const room = 0.05 * (high - low);
    if (least >= low && most <= high) continue;
    const wide = [least < low ? least - room : low, most > high ? most + room : high];
    grown[`${name}.range`] = from < to ? wide : wide.reverse();
  }
  return grown;
}

// Where a curve leaves the frame, in px: the first place above and the first one below; its middle if it is never inside.
function exits(trace, xaxis, yaxis) {
  const found = {};
  let before = null; // the point before this one
  for (let index = 0; index < trace.x.length; index++) {
    const x = xaxis.d2p(trace.x[index]);
    const y = yaxis.d2p(trace.y[index]);
    const within = x >= 0 && x <= xaxis._length && Number.isFinite(y); // a gap is nowhere
    const side = y < -1 ? "above" : y > yaxis._length + 1 ? "below" : "inside";
    const now = within ? { x, y, side } : null;
    if (now && before && side !== before.side) {
      const outer = side === "inside" ? before.side : side;
      const edge = outer === "above" ? 0 : yaxis._length;
      found[outer] ??= before.x + ((edge - before.y) / (y - before.y)) * (x - before.x);
    }
    before = now;
  }
  return found;
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function worded(number) {
  if (number >= 1e-3 && number < 1e5) return String(Number(number.toPrecision(3)));
  const [digits, power] = number.toExponential().split("e");
  return `${Number(Number(digits).toPrecision(3))}×10${[...String(Number(power))].map((letter) => RAISED[letter]).join("")}`;
}

// Where a logarithmic axis that doesn't reach over several decades has its labels: 1, 2, 5, or evenly where it reaches less.
function steps(low, high) {
  const [least, most] = [10 ** low, 10 ** high];
  if (high - low > 0.5) {
    const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, index) => Math.floor(low) + index);
    return powers.flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)).filter((at) => at >= least && at <= most);
  }
  const rough = (most - least) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((digit) => digit * unit >= rough) * unit;
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, index) => (first + index) * step);
}

// Decades alone on logarithmic axes that reach over several, few of many; whole numbers on others.
function decades(traces, layout) {
  for (const letter of "xy") {
    const axis = layout[`${letter}axis`];
    if (axis?.type !== "log" || axis.tickvals || axis.dtick) continue;
    let [low, high] = axis.range ?? [Infinity, -Infinity];
    const marks = (layout.shapes ?? []).filter((shape) => shape.visible !== false && shape[`${letter}ref`] !== "paper");
    const drawn = [...traces.filter(({ visible }) => visible !== false), ...marks.map((mark) => ({ [letter]: [mark[`${letter}0`], mark[`${letter}1`]] }))];
    if (!axis.range)
      for (const number of drawn.flatMap((thing) => Array.from(thing[letter] ?? [])))
        if (number > 0 && Number.isFinite(number)) {
          low = Math.min(low, Math.log10(number));
          high = Math.max(high, Math.log10(number));
        }
    if (axis.range && low > high) [low, high] = [high, low];
    const reach = high - low;
    if (reach > 1.6 && Number.isFinite(reach)) axis.dtick = Math.ceil(reach / 7);
    else if (reach > 1e-9) {
      axis.tickvals = steps(low - 0.06 * reach, high + 0.06 * reach);
      axis.ticktext = axis.tickvals.map(worded);
    }
  }
}

// Writes what belongs to a place of the curves: a small arrow where one leaves the frame, a name at its end.
function annotate(plot) {
  const { _fullLayout: layout, _fullData: data } = plot;
  plot.querySelector(".optilab-edge")?.remove();
  if (!layout?.xaxis?._length || !layout.yaxis?._length) return;
  const edge = element("div", "optilab-edge");
  for (const trace of data) {
    if (trace.type !== "scatter" || trace.visible !== true || !trace.x || !trace.y) continue;
    const [xaxis, yaxis] = ["x", "y"].map((letter) => layout[`${letter}axis${trace[`${letter}axis`].slice(1)}`]);
    const write = (text, x, y, color, kind) => {
      const mark = element("span", `optilab-${kind}`, text);
      Object.assign(mark.style, { left: `${xaxis._offset + x}px`, top: `${yaxis._offset + y}px`, color });
      edge.append(mark);
    };
    if (trace.mode.includes("lines") && !trace.fill?.startsWith("to")) {
      const { above, below } = exits(trace, xaxis, yaxis);
      if (above !== undefined) write("▲", above, 0, trace.line.color, "above");
      if (below !== undefined) write("▼", below, yaxis._length, trace.line.color, "below");
    }
    if (trace.meta?.end) {
      const places = Array.from(trace.x, (x, index) => [xaxis.d2p(x), yaxis.d2p(trace.y[index])]);
      const inside = ([x, y]) => x >= 0 && x <= xaxis._length && y >= 0 && y <= yaxis._length;
      const last = places.filter(inside).at(-1);
      if (last) write(trace.meta.end, ...last, trace.line.color, "end");
    }
  }
  if (edge.childElementCount) plot.append(edge);
}
