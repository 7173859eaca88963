// The numbers behind the pictures, for a spreadsheet.
function quoted(value) {
  const text = String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function csv(titles, drawings) {
  const columns = [];
  drawings.forEach(({ traces }, index) =>
    traces.forEach((trace, number) => {
      const name = trace.name ?? `curve ${number + 1}`;
      for (const axis of ["x", "y", "z"]) {
        const values = trace[axis];
        if (values && values.length !== undefined)
          columns.push([`${titles[index]}: ${name}: ${axis}`, Array.from(values, (v) => (v?.length ? Array.from(v).join(" ") : v))]);
      }
    }),
  );
  const length = Math.max(0, ...columns.map(([, values]) => values.length));
  const lines = [columns.map(([name]) => quoted(name)).join(",")];
  for (let row = 0; row < length; row++) lines.push(columns.map(([, values]) => quoted(values[row])).join(","));
  return lines.join("\n") + "\n";
}
