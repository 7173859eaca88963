// The controls above the pictures: what ipywidgets leaves out for ears, keys and eyes.

const widths = new WeakMap(); // of labels, as their words need it

const say = (node, name, text) => node.getAttribute(name) === text || node.setAttribute(name, text);

// Labels of one width, and each slider by its name and the value that is shown.
function deck(root) {
  const box = root.closest(".widget-vbox");
  if (!box) return;
  const rows = [...box.querySelectorAll(".optilab-controls .widget-slider")];
  const labels = rows.map((row) => row.querySelector(".widget-label")).filter(Boolean);
  for (const label of labels) if (!widths.get(label)) widths.set(label, label.scrollWidth); // 0 while it is out of sight
  const width = `${Math.min(Math.max(0, ...labels.map((label) => widths.get(label))), 170)}px`;
  for (const label of labels) if (label.style.minWidth !== width) label.style.minWidth = width;
  for (const row of rows) {
    const handle = row.querySelector(".noUi-handle");
    if (!handle) continue;
    say(handle, "aria-label", row.querySelector(".widget-label")?.textContent ?? "");
    say(handle, "aria-valuetext", row.querySelector(".widget-readout")?.textContent ?? "");
  }
}

const WORDS = /(#.*$)|("""[^]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\b(\d[\d_]*\.?\d*(?:e[-+]?\d+)?)\b|\b(and|as|def|else|for|from|if|import|in|is|lambda|not|or|return|while|with|True|False|None)\b/gm;
const KINDS = ["comment", "string", "number", "keyword"];

// Python in the colours of the reader's editor.
function highlighted(text) {
  const node = document.createDocumentFragment();
  let last = 0;
  for (const found of text.matchAll(WORDS)) {
    node.append(text.slice(last, found.index));
    const kind = KINDS[found.slice(1).findIndex((part) => part !== undefined)];
    node.append(element("span", `optilab-${kind}`, found[0]));
    last = found.index + found[0].length;
  }
  node.append(text.slice(last));
  return node;
}
