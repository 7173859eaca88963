// Small things of every page.
function element(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
}

// At most one call of `action` per animation frame, the first at once.
function paced(action) {
  let scheduled = false;
  let late = false; // it was asked for once more meanwhile
  return function ask() {
    late = scheduled;
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      if (late) ask();
    });
    action();
  };
}
