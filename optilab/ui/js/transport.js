// How plotly.js and the frames get here.

// Waits for plotly.js, asks the kernel for it where the page has none, says what is wrong, offers to try again.
class Arrival {
  timers = [];

  constructor(model, say) {
    Object.assign(this, { model, say, version: model.get("version"), again: element("button", "", "Try again") });
    this.place = shelf(this.version);
    this.again.addEventListener("click", () => {
      this.say("");
      this.again.remove();
      this.ask();
      this.wait();
    });
  }

  // Resolves with plotly.js.
  async library() {
    this.wait();
    // the page before this one has had what the kernel sent: ask for it again, one explorer for all
    const asked = () => this.place.plotly || Date.now() - (this.place.asked ?? 0) < 10000 || this.ask();
    this.timers.push(setTimeout(asked, this.place.problem ? 0 : 1500));
    const library = await this.place.arrival;
    this.stop();
    this.again.remove();
    this.say("");
    return library;
  }

  ask() {
    this.place.asked = Date.now();
    this.model.send({ type: "plotly" });
  }

  wait() {
    const silent = "plotly.js has not arrived from the kernel. Is the kernel running?";
    this.timers.push(setTimeout(() => this.missing(silent), 20000));
  }

  missing(problem) {
    if (!this.place.plotly) this.say(`The pictures can't be drawn: ${problem}`, this.again);
  }

  heard(message, buffers) {
    if (message.type !== "plotly") return;
    unpack(this.version, buffers[0]).catch((error) => this.missing(`what arrived is not plotly.js (${error.message}).`));
  }

  stop() {
    this.timers.forEach(clearTimeout);
  }
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
