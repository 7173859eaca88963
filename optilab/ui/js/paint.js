// The reader's theme: its text colour in the place of ink.
const OPENED = "rgb(1,2,3)";

const LIGHTER = { "#1d64af": "#589fe8" }; // on dark ground, where it would be the faintest of all

// The theme's colours in the place of ink: `ink(alpha)` gives the colour at an opacity.
function themed(value, ink) {
  if (typeof value === "string") {
    if (value === OPENED) return ink(1);
    if (ink.dark && value in LIGHTER) return LIGHTER[value];
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

const spatial = (panel) => panel.data.some(({ type }) => type?.endsWith("3d") || type === "surface");


// How ink is painted on this page now: its colours as a stamp, and a function for what a panel draws.
function inks(root) {
  const [r, g, b, a = 1] = channels(getComputedStyle(root).color);
  const back = paper(root);
  const clear = (alpha) => `rgba(${r},${g},${b},${alpha === 1 ? a : alpha})`;
  const mixed = (alpha) => `rgb(${[r, g, b].map((c, i) => Math.round(c * a * alpha + back[i] * (1 - a * alpha)))})`;
  clear.dark = mixed.dark = r + g + b > 384;
  return {
    stamp: [r, g, b, a, back],
    painter: (panel) => (thing) => themed(thing, spatial(panel) ? mixed : clear), // WebGL draws thin ink as thick
  };
}
