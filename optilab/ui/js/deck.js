// The controls above the pictures: what ipywidgets leaves out for ears, keys and eyes.

// Labels of one width, and each slider by its name and the value that is shown.
function deck(root) {
  const box = root.closest(".widget-vbox");
  if (!box) return;
  const rows = [...box.querySelectorAll(".optilab-controls .widget-slider")];
  const labels = rows.map((row) => row.querySelector(".widget-label")).filter(Boolean);
  const widest = Math.max(0, ...labels.map((label) => label.scrollWidth));
  for (const label of labels) label.style.minWidth = `${Math.min(widest, 170)}px`;
  for (const row of rows) {
    const handle = row.querySelector(".noUi-handle");
    if (!handle) continue;
    handle.setAttribute("aria-label", row.querySelector(".widget-label")?.textContent ?? "");
    handle.setAttribute("aria-valuetext", row.querySelector(".widget-readout")?.textContent ?? "");
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
