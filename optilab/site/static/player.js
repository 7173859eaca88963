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

// Puts numbers of four bytes in the place of their differences, whose sign is in the lowest bit.
function summed(entry, before) {
  const whole = ({ buffer }) => new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
  const numbers = whole(entry);
  const base = before && whole(before);
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) {
    const difference = (numbers[index] >>> 1) ^ -(numbers[index] & 1);
    sum = entry.along ? (sum + difference) | 0 : difference;
    numbers[index] = base ? base[index] + sum : sum;
  }
}

// The table of a film, each of its arrays with its bytes: what film.py has packed.
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
      if (size === 4) summed(entry, table.arrays[entry.like]);
    }
  }
  return table;
}

// What a widget's model is to the page of an explorer.
class Model {
  number = 0;
  redraws = new Set();

  constructor(spec, version, send) {
    Object.assign(this, { values: { spec: JSON.stringify(spec), version }, send });
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

// The thing of which a measure is smallest.
function least(things, measure) {
  const sizes = things.map(measure);
  return things[sizes.indexOf(Math.min(...sizes))];
}

class Player {
  timer = null; // while a film plays

  constructor(box) {
    this.box = box;
    this.said = box.querySelector(".optilab-beyond > span");
    this.quiet = this.said.textContent;
    this.rows = [...box.querySelectorAll("[data-control]")].map((row) => ({
      field: row.querySelector("input, select"),
      shown: row.querySelector("output"),
      play: row.querySelector(".optilab-play"),
      label: row.querySelector(".widget-label").textContent,
      buttons: [...row.querySelectorAll("[data-named]")],
    }));
  }

  // Fetches the film and puts its first frame on the stage.
  async open() {
    const { film: name, version } = this.box.dataset;
    const film = bring(`frames/${name}.js?${version}`).then(() => unzipped(globalThis.optilabFilms[name]));
    await Promise.all([film, bring("plotly.js")]);
    delete globalThis.optilabFilms[name];
    this.film = unrolled(await film);
    this.frames = new Map(this.film.frames.map((frame) => [String(frame.at), frame]));
    this.start = this.film.frames[0].at;
    const place = shelf(this.film.version);
    place.plotly ??= globalThis.Plotly;
    place.arrived(place.plotly);
    const { panels } = this.film.spec;
    const clicked = panels.map((panel) => panel.click);
    for (const panel of panels) {
      if (panel.click || matchMedia("(pointer: coarse)").matches) panel.layout.dragmode = false; // a finger scrolls the page
      panel.click = null;
    }
    this.model = new Model(this.film.spec, this.film.version, ({ type }) => {
      if (type === "reset") {
        this.pause();
        this.go(this.start);
      }
      if (type === "run") this.say("What is shown is its run with these values; to run it with others takes a kernel.");
    });
    this.rows.forEach((row, index) => this.bind(row, index));
    this.go(this.start);
    const stage = this.box.querySelector(".optilab-stage");
    stage.replaceChildren();
    this.paint(stage);
    page.render({ model: this.model, el: stage });
    stage.querySelectorAll(".optilab-plot").forEach((plot, index) => {
      if (clicked[index]) plot.addEventListener("click", () => this.say("To set values in the picture takes a kernel."), true);
    });
    const themes = new MutationObserver(() => this.paint(stage));
    for (const node of [document.documentElement, document.body]) themes.observe(node, { attributeFilter: ["data-theme", "class"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint(stage));
  }

  // The page's own ground under the controls, and its ink in the pictures.
  paint(stage) {
    const [red, green, blue] = inks(stage).stamp;
    this.box.style.setProperty("--jp-layout-color0", `rgb(${paper(stage)})`);
    this.box.toggleAttribute("data-dark", red + green + blue > 384);
    this.model.redraw();
  }

  say(sentence) {
    const words = sentence || this.quiet;
    if (this.said.textContent !== words) this.said.textContent = words; // what is set anew is read aloud anew
    this.said.parentElement.classList.toggle("optilab-asked", Boolean(sentence));
  }

  bind({ field, play, buttons }, index) {
    const moved = () => {
      this.pause();
      this.move(index, field.type === "checkbox" ? Number(field.checked) : Number(field.value));
    };
    if (field.type !== "text") field.addEventListener(field.type === "range" ? "input" : "change", moved);
    play?.addEventListener("click", () => (this.timer ? this.pause() : this.play(play, index)));
    for (const button of buttons)
      button.addEventListener("click", () => {
        this.pause();
        this.name(index, this.film.named[button.dataset.named]);
      });
  }

  // Moves one control to a stop; where that isn't computed, on to what is nearest to it, though others move a little.
  move(index, stop) {
    const from = this.at;
    const wanted = from.map((now, other) => (other === index ? stop : now));
    if (this.frames.has(String(wanted))) return this.go(wanted);
    const ahead = Math.sign(stop - from[index]);
    const fits = this.rows[index].shown ? (place) => (place[index] - from[index]) * ahead > 0 : (place) => place[index] === stop;
    const far = (there, other) => (there === wanted[other] ? 0 : (other !== index) / 10 + Math.abs(there - wanted[other]) / this.film.controls[other].shown.length);
    const places = this.film.frames.map(({ at }) => at).filter(fits);
    const place = least(places, (there) => there.reduce((sum, at, other) => sum + far(at, other), 0));
    this.go(place);
    this.tell((other) => other !== index && place[other] !== from[other]);
  }

  // Goes to a value of a control that has a name. It is computed from the start: other controls may go back to it.
  name(index, place) {
    const from = this.at;
    this.go(place);
    this.tell((other) => other !== index && place[other] !== from[other] && place[other] === this.start[other]);
  }

  // Says where controls are that have moved though nobody asked for it.
  tell(moved) {
    const all = this.rows.map(({ label }, other) => `${label} ${this.film.controls[other].shown[this.at[other]]}`);
    const others = all.filter((_, other) => moved(other));
    if (others.length) this.say(`Not every combination is computed here; this one has ${others.join(", ")}.`);
  }

  // Shows a frame that is computed.
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

  // What a control looks like at the place.
  set({ field, shown, play, buttons }, index, off) {
    const texts = this.film.controls[index].shown;
    const text = texts[this.at[index]];
    if (field.type === "checkbox") field.checked = this.at[index] > 0;
    else field.value = field.type === "text" ? text : this.at[index];
    if (field.type === "range") field.setAttribute("aria-valuetext", text);
    if (shown) shown.value = text;
    field.disabled = off || (texts.length < 2 && field.type !== "text");
    for (const button of [...buttons, play]) if (button) button.disabled = off;
  }

  play(button, index) {
    const { interval, shown } = this.film.controls[index];
    const last = shown.length - 1;
    if (this.at[index] === last) this.move(index, 0);
    let now = this.at[index]; // as time goes, whether all its frames are computed or not
    this.playing = button;
    this.look(true);
    this.timer = setInterval(() => {
      if ((now += 1) > last) this.pause();
      else if (now > this.at[index]) this.move(index, now);
    }, interval);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.look(false);
  }

  // What the button of the film that plays looks like.
  look(playing) {
    if (!this.playing) return;
    this.playing.textContent = playing ? "⏸" : "▶";
    this.playing.setAttribute("aria-pressed", String(playing));
  }
}

// A question: the reply to what the reader chose, once it is sent.
function ask(form) {
  const [fieldset, replies] = form.children;
  const choices = [...form.querySelectorAll("input")];
  form.addEventListener("change", () => (form.querySelector("button").disabled = false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    replies.children[choices.findIndex(({ checked }) => checked)].hidden = false;
    fieldset.disabled = true;
  });
}

// Pictures that arrive late push the page down: what the address names stays in sight until the reader moves.
function aim() {
  let aimed = true;
  for (const act of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(act, () => (aimed = false), { passive: true });
  addEventListener("hashchange", () => (aimed = true));
  const target = () => document.getElementById(decodeURIComponent(location.hash.slice(1)));
  new ResizeObserver(() => aimed && target()?.scrollIntoView()).observe(document.querySelector("article") ?? document.body);
}

function begin() {
  aim();
  document.querySelectorAll(".optilab-predict").forEach(ask);
  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
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
