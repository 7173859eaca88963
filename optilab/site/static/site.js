// The arrows of the map: from every lesson that prepares for another one, drawn anew where the page changes its width.
const SVG = "http://www.w3.org/2000/svg";

function drawn(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// From side to side where the other card is further right, else along the gap between the columns.
function route(from, to) {
  const middle = (box) => box.top + box.height / 2;
  if (to.left > from.right) {
    const bend = (to.left - from.right) / 2;
    return `M ${from.right} ${middle(from)} C ${from.right + bend} ${middle(from)} ${to.left - bend} ${middle(to)} ${to.left - 4} ${middle(to)}`;
  }
  const aside = from.left - 26;
  return `M ${from.left} ${middle(from)} C ${aside} ${middle(from)} ${aside} ${middle(to)} ${to.left - 4} ${middle(to)}`;
}

function arrows(map) {
  map.querySelector(".map-arrows")?.remove();
  const picture = drawn("svg", { class: "map-arrows", "aria-hidden": "true" });
  const tip = drawn("marker", { id: "tip", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" });
  tip.append(drawn("path", { d: "M 0 0 L 8 4 L 0 8 z" }));
  picture.append(tip);
  const origin = map.getBoundingClientRect();
  const place = (card) => {
    const box = card.getBoundingClientRect();
    return { left: box.left - origin.left, right: box.right - origin.left, top: box.top - origin.top, height: box.height };
  };
  for (const card of map.querySelectorAll(".map-card"))
    for (const slug of card.dataset.after.split(" ").filter(Boolean)) {
      const before = map.querySelector(`[data-slug="${slug}"]`);
      const path = drawn("path", { d: route(place(before), place(card)), "marker-end": "url(#tip)" });
      path.dataset.ends = `${slug} ${card.dataset.slug}`;
      picture.append(path);
    }
  map.prepend(picture);
}

for (const map of document.querySelectorAll(".map")) {
  new ResizeObserver(() => arrows(map)).observe(map);
  const light = (on) => (event) => {
    const slug = event.target.closest?.(".map-card")?.dataset.slug;
    for (const path of map.querySelectorAll("[data-ends]"))
      path.classList.toggle("lit", on && path.dataset.ends.split(" ").includes(slug));
  };
  map.addEventListener("pointerover", light(true));
  map.addEventListener("focusin", light(true));
  map.addEventListener("pointerleave", light(false));
}
