// What every widget knows about plotly.js: the page keeps one copy per version, whoever brought it.
function shelf(version) {
  const name = `optilab-plotly-${version}`;
  if (!globalThis[name]) {
    const place = { plotly: null };
    place.arrival = new Promise((resolve) => (place.arrived = resolve));
    globalThis[name] = place;
  }
  return globalThis[name];
}

async function unpack(version, packed) {
  const place = shelf(version);
  if (place.plotly) return;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = await new Response(stream).text();
  const module = { exports: {} };
  new Function("module", source)(module);
  if (typeof module.exports.react !== "function") throw new Error("what arrived is not plotly.js");
  place.plotly ??= module.exports;
  place.arrived(place.plotly);
}

