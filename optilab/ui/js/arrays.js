// What the kernel sends: arrays as bytes, and the places where they belong.
function put(target, path, value) {
  const keys = path.replace(/\[(\d+)\]/g, ".$1").split(".");
  const last = keys.pop();
  for (const key of keys) target = target[key] ??= {};
  target[last] = value;
}

const TYPES = {
  f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array, i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array,
};

function nested(flat, shape) {
  if (shape.length < 2) return flat;
  const width = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, row) => nested(flat.subarray(row * width, (row + 1) * width), shape.slice(1)));
}

function array({ dtype, shape, buffer }) {
  const start = buffer.byteOffset ?? 0;
  const bytes = (buffer.buffer ?? buffer).slice(start, start + buffer.byteLength); // aligned for the type
  return nested(new TYPES[dtype](bytes), shape);
}

function decoded(value) {
  // plotly's own packing of the arrays that stay, unpacked once
  if (value?.bdata && TYPES[value.dtype]) {
    const buffer = Uint8Array.from(atob(value.bdata), (letter) => letter.charCodeAt(0)).buffer;
    return array({ dtype: value.dtype, shape: String(value.shape ?? "").split(",").map(Number), buffer });
  }
  if (value && typeof value === "object") for (const key in value) value[key] = decoded(value[key]);
  return value;
}


// The values of a frame by name; every array is unpacked once.
function values(frame) {
  const seen = {};
  return (name) => (name in frame.arrays ? (seen[name] ??= array(frame.arrays[name])) : frame.values[name]);
}
