// What the tests measure in the page.
globalThis.measures = (() => {
  const channels = (color) => (color.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a));

  function luminance(rgb) {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  // The colour behind a node: its backgrounds down to the first opaque one.
  function behind(node) {
    const layers = [];
    for (; node; node = node.parentElement) {
      layers.unshift(channels(getComputedStyle(node).backgroundColor));
      if ((layers[0][3] ?? 1) === 1) break;
    }
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  }

  // The colour of a text, with its opacity.
  function written(node) {
    const { color, fill, fillOpacity } = getComputedStyle(node);
    return node instanceof SVGElement ? [...channels(fill).slice(0, 3), Number(fillOpacity)] : channels(color);
  }

  function contrast(node) {
    const background = behind(node.closest(".optilab"));
    const levels = [luminance(over(written(node), background)), luminance(background)];
    return (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
  }

  const PLOTTED = [".xtick text", ".ytick text", ".xtitle", ".ytitle"];
  const shown = (node) => node.getClientRects().length > 0 && node.textContent.trim() !== "";
  const texts = (root, ...selectors) => [...root.querySelectorAll(selectors.join())].filter(shown);
  const beginning = (node) => node.textContent.trim().slice(0, 60);

  // Whether the pictures wear the colour of the theme.
  function themed(root) {
    const ink = String(channels(getComputedStyle(root).color).slice(0, 3));
    return texts(root, ".xtick text", ".ytick text").every((node) => String(written(node).slice(0, 3)) === ink);
  }

  // The texts whose contrast is too low, with it.
  function illegible(box, least) {
    return texts(box, ".optilab-title", ".optilab-note", ".optilab-foot button", ".optilab-key", ...PLOTTED)
      .map((node) => [beginning(node), contrast(node)])
      .filter(([, ratio]) => !(ratio >= least));
  }

  const apart = (one, other) =>
    one.right < other.left + 1 || one.left > other.right - 1 || one.bottom < other.top + 1 || one.top > other.bottom - 1;
  const inside = (one, other) =>
    one.left > other.left - 2 && one.right < other.right + 2 && one.top > other.top - 2 && one.bottom < other.bottom + 2;

  // What of an explorer is cut off or covered.
  function misfits(box) {
    const found = [];
    if (box.scrollWidth > box.clientWidth + 1) found.push(`the explorer is ${box.scrollWidth - box.clientWidth} px too wide`);
    if (box.getBoundingClientRect().right > box.closest(".jp-OutputArea-output").getBoundingClientRect().right + 1)
      found.push("the explorer leaves its output");
    const labels = [".widget-label", ".widget-readout", ".widget-button", ".optilab-title", ".optilab-note", ".optilab button"];
    for (const node of texts(box, ...labels))
      if (node.scrollWidth > node.clientWidth + 1) found.push(`cut off: ${beginning(node)}`);
    for (const plot of box.querySelectorAll(".optilab-plot")) {
      const frame = plot.getBoundingClientRect();
      for (const node of texts(plot, ...PLOTTED, ".annotation-text"))
        if (!inside(node.getBoundingClientRect(), frame)) found.push(`cut off at the edge of its picture: ${beginning(node)}`);
      for (const legend of box.querySelectorAll(".optilab-legend, .legend"))
        for (const area of plot.querySelectorAll(".nsewdrag"))
          if (!apart(legend.getBoundingClientRect(), area.getBoundingClientRect()))
            found.push(`a legend covers curves: ${beginning(legend)}`);
    }
    return found;
  }

  // What a scene shows: WebGL forgets what it has drawn, so it is drawn once more.
  const space = (plot) => plot._fullLayout?.scene?._scene?.toImage("png") ?? "";

  // The titles of the pictures in which nothing is drawn.
  const DRAWN = [".trace", ".contour", ".contourlevel", ".hm image", ".im image", ".point", ".shapelayer path", ".annotation"];
  const EMPTY = 4000; // letters at most that the picture of a scene takes in which there is but one colour
  function blank(root) {
    const empty = (plot) =>
      plot._fullLayout?.scene ? space(plot).length < EMPTY : !plot.querySelector(DRAWN.join()) || plot.clientHeight < 50;
    return [...root.querySelectorAll(".optilab-panel")]
      .filter((panel) => empty(panel.querySelector(".optilab-plot")))
      .map((panel) => beginning(panel));
  }

  // What is drawn of a picture, without what the mouse brings up; plotly keeps grid lines in no order.
  function marks(svg) {
    const drawn = [...svg.querySelectorAll("*")].filter((node) => !node.childElementCount && !node.closest(".hoverlayer"));
    return drawn.map((node) => `${node.parentNode.getAttribute("transform")} ${node.outerHTML}`).sort();
  }

  // A number for what each panel shows, and one for the note.
  function fingerprint(root) {
    const panels = [...root.querySelectorAll(".optilab-panel")].map((panel) =>
      [
        panel.querySelector(".optilab-title").innerHTML,
        ...[...panel.querySelectorAll(".main-svg")].flatMap(marks),
        ...[...panel.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()),
        space(panel.querySelector(".optilab-plot")),
      ].join(),
    );
    return [...panels, root.querySelector(".optilab-note").innerHTML].map((text) => {
      let hash = 0;
      for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
      return hash;
    });
  }

  // Whether every picture of an explorer is as wide as its place and has stayed what it is for three frames.
  const seen = new WeakMap();
  function settled(root) {
    const wide = [...root.querySelectorAll(".optilab-plot")].every(
      (plot) => Math.abs(plot.querySelector(".main-svg").getBoundingClientRect().width - plot.clientWidth) < 2,
    );
    const now = String(fingerprint(root));
    const { last, frames } = seen.get(root) ?? {};
    const rests = !root.hasAttribute("data-moving");
    seen.set(root, { last: now, frames: wide && rests && now === last ? frames + 1 : 0 });
    return seen.get(root).frames >= 3;
  }

  return { themed, illegible, misfits, blank, fingerprint, settled, space };
})();
