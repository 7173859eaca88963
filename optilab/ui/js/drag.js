// Clicks and drags that set controls.

// One point at a time: while the kernel hasn't answered, only the last place of the pointer is kept.
class Turn {
  waiting = false;
  next = null;

  take(send) {
    if (this.waiting) {
      this.next = () => this.take(send);
      return;
    }
    this.waiting = true;
    send();
  }

  answered() {
    this.waiting = false;
    const following = this.next;
    this.next = null;
    following?.();
  }
}

// Calls `point(x, y, final)` where the reader presses, drags and lets go.
function draggable(plot, turn, point) {
  let dragging = false;
  let last = null; // where the pointer was seen
  const send = (event, final) =>
    turn.take(() => {
      const area = plot.querySelector(".nsewdrag").getBoundingClientRect();
      const { xaxis, yaxis } = plot._fullLayout;
      point(xaxis.p2d(event.clientX - area.left), yaxis.p2d(event.clientY - area.top), final);
    });
  plot.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0 || !event.target.classList?.contains("nsewdrag")) return;
      event.preventDefault(); // no selection of text, no native drag
      plot.setPointerCapture(event.pointerId); // the drag goes on outside the picture
      dragging = true;
      turn.waiting = false;
      last = event;
    },
    true,
  );
  plot.addEventListener("pointermove", (event) => dragging && send((last = event), false), true);
  for (const end of ["pointerup", "pointercancel"])
    plot.addEventListener(
      end,
      (event) => {
        if (dragging) send(end === "pointerup" ? event : last, true); // what is cancelled is nowhere
        dragging = false;
      },
      true,
    );
}
