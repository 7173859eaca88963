// Explorers without a kernel: their frames come from files and are drawn by the page that draws a kernel's.
const home = document.currentScript.src;
const NEAR = "600px"; // from the window, where an explorer is fetched

const brought = {}; // scripts, by path

// Loads a script that lies beside this one, once: a page that is opened from a folder may load nothing else.
function bring(path) {
  return (brought[path] ??= new Promise((resolve, reject) => {
    const script = element("script");
    script.src = new URL(path, home);
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error(`${path} can't be loaded`)));
    document.head.append(script);
  }));
}

async function unzipped(text) {
  const letters = atob(text);
  const packed = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index++) packed[index] = letters.charCodeAt(index);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The table of a film, each of its arrays with its bytes: what `film` in player.py has packed.
function unrolled(bytes) {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const table = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  for (const size of [8, 4, 1]) {
    const arrays = table.arrays.filter(({ dtype }) => TYPES[dtype].BYTES_PER_ELEMENT === size);
    for (const entry of arrays) entry.length = size * entry.shape.reduce((product, side) => product * side, 1);
    const all = new Uint8Array(arrays.reduce((sum, entry) => sum + entry.length, 0));
    for (let plane = 0; plane < size; plane++) for (let index = plane; index < all.length; index += size) all[index] = bytes[at++];
    let from = 0;
    for (const entry of arrays) {
      entry.buffer = all.subarray(from, (from += entry.length));
      const before = table.arrays[entry.like]?.buffer;
      if (before) for (let index = 0; index < entry.length; index++) entry.buffer[index] ^= before[index];
    }
  }
  return table;
}

// What a widget's model is to the page of an explorer.
class Model {
  number = 0;
  redraws = new Set();

  constructor(spec, version, asked) {
    Object.assign(this, { values: { spec: JSON.stringify(spec), version }, send: asked });
  }

  get(name) {
    return this.values[name];
  }

  on(event, call) {
    if (event === "change:frame") this.redraws.add(call);
  }

  off(event, call) {
    this.redraws.delete(call);
  }

  show(frame) {
    this.number += 1;
    this.values.frame = { ...frame, number: this.number, drawn: true, stale: false };
    this.redraw();
  }

  redraw() {
    for (const call of this.redraws) call();
  }
}

class Player {
  timer = null; // while a film plays

  constructor(box) {
    const find = (selector, inside = box) => inside.querySelector(selector);
    this.box = box;
    this.said = find(".optilab-beyond > span");
    this.quiet = this.said.textContent;
    this.rows = [...box.querySelectorAll("[data-control]")].map((row) => ({
      field: find("input, select", row),
      shown: find("output", row),
      play: find(".optilab-play", row),
      label: find(".widget-label", row).textContent,
      fixed: row.hasAttribute("data-fixed"),
      buttons: [...row.querySelectorAll("[data-named]")],
    }));
  }

  // Fetches the film and puts the first frame on the stage.
  async open() {
    const { film: name, digest } = this.box.dataset;
    const [film] = await Promise.all([
      bring(`frames/${name}.js?${digest}`).then(() => unzipped(globalThis.optilabFilms[name])).then(unrolled),
      bring("plotly.js"),
    ]);
    delete globalThis.optilabFilms[name];
    const place = shelf(film.version);
    place.plotly ??= globalThis.Plotly;
    place.arrived(place.plotly);
    this.film = film;
    this.frames = new Map(film.frames.map((frame) => [String(frame.at), frame]));
    this.start = film.frames[0].at;
    const { panels } = film.spec;
    const clicked = panels.map((panel) => panel.click);
    panels.forEach((panel) => {
      // a drag sets what only a kernel can follow; on a touch screen it scrolls the page
      if (panel.click || matchMedia("(pointer: coarse)").matches) panel.layout.dragmode = false;
      panel.click = null;
    });
    this.model = new Model(film.spec, film.version, ({ type }) => {
      if (type === "reset") this.go(this.start);
      if (type === "run") this.say("To run it with other values takes a kernel.");
    });
    this.rows.forEach((row, index) => this.bind(row, index));
    this.go(this.start);
    const stage = this.box.querySelector(".optilab-stage");
    stage.replaceChildren();
    this.paint(stage);
    page.render({ model: this.model, el: stage });
    stage.querySelectorAll(".optilab-plot").forEach((plot, index) => {
      if (clicked[index]) plot.addEventListener("click", () => this.say("To set it in the picture takes a kernel."), true);
    });
    const themes = new MutationObserver(() => this.paint(stage));
    for (const node of [document.documentElement, document.body]) themes.observe(node, { attributeFilter: ["data-theme", "class"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint(stage));
  }

  // The page's own ground under the controls, and its ink in the pictures.
  paint(stage) {
    this.box.style.setProperty("--jp-layout-color0", `rgb(${paper(stage)})`);
    this.box.toggleAttribute("data-dark", inks(stage).stamp.slice(0, 3).reduce((sum, channel) => sum + channel) > 384);
    this.model.redraw();
  }

  say(sentence) {
    this.said.textContent = sentence || this.quiet;
    this.said.parentElement.classList.toggle("optilab-asked", Boolean(sentence));
  }

  bind(row, index) {
    const { field, play } = row;
    const moved = () => {
      this.pause();
      this.move(index, field.type === "checkbox" ? Number(field.checked) : Number(field.value));
    };
    if (field.type !== "text") field.addEventListener(field.type === "range" ? "input" : "change", moved);
    play?.addEventListener("click", () => (this.timer ? this.pause() : this.play(row, index)));
    for (const button of row.buttons) {
      const place = this.film.named[button.dataset.named];
      button.addEventListener("click", () => (place ? this.go(place) : this.say("To get there takes a kernel.")));
    }
  }

  // Moves one control; the others stay where they are if that was computed, and else go back to their starts.
  move(index, stop) {
    const wanted = this.at.map((now, other) => (other === index ? stop : now));
    if (this.frames.has(String(wanted))) return this.go(wanted);
    const back = this.rows.filter((_, other) => other !== index && this.at[other] !== this.start[other]).map(({ label }) => label);
    this.go(this.start.map((first, other) => (other === index ? stop : first)));
    this.say(`Without a kernel one control moves at a time: ${back.join(", ")} went back to the start.`);
  }

  // Shows a frame that was computed.
  go(place) {
    const first = this.film.frames[0];
    const frame = this.frames.get(String(place));
    const arrays = { ...first.arrays, ...frame.arrays };
    for (const name in frame.values) if (!(name in frame.arrays)) delete arrays[name];
    for (const name in arrays) arrays[name] = this.film.arrays[arrays[name]];
    this.at = place;
    this.model.show({ ...frame, arrays, values: { ...first.values, ...frame.values } });
    this.rows.forEach((row, index) => this.set(row, index, frame.off.includes(this.film.controls[index].name)));
    this.say("");
  }

  set({ field, shown, play, fixed, buttons }, index, off) {
    const text = this.film.controls[index].shown[this.at[index]];
    if (field.type === "checkbox") field.checked = this.at[index] > 0;
    else field.value = field.type === "text" ? text : this.at[index];
    if (shown) shown.value = text;
    if (field.type === "range") field.setAttribute("aria-valuetext", text);
    field.disabled = off || (fixed && field.type !== "text");
    for (const button of [...buttons, play]) if (button) button.disabled = off;
  }

  play(row, index) {
    const { interval, shown } = this.film.controls[index];
    const last = shown.length - 1;
    this.playing = row.play;
    this.playing.textContent = "⏸";
    if (this.at[index] === last) this.move(index, 0);
    this.timer = setInterval(() => {
      if (this.at[index] < last) this.move(index, this.at[index] + 1);
      else this.pause();
    }, interval);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.playing) this.playing.textContent = "▶";
  }
}

// A question: the reply to what the reader chose, once it is sent.
function ask(form) {
  const [fieldset, replies] = form.children;
  const button = form.querySelector("button");
  const choices = [...form.querySelectorAll("input")];
  form.addEventListener("change", () => (button.disabled = false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    replies.children[choices.findIndex(({ checked }) => checked)].hidden = false;
    fieldset.disabled = true;
  });
}

function begin() {
  document.querySelectorAll(".optilab-predict").forEach(ask);
  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        sight.unobserve(target);
        const player = new Player(target);
        player.open().catch((error) => player.say(`The pictures can't be drawn: ${error.message}.`));
      }
    },
    { rootMargin: NEAR },
  );
  document.querySelectorAll(".optilab-player").forEach((box) => sight.observe(box));
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
