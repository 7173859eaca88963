export default {
  async initialize({ model }) {
    const source = model.get("source");
    if (!source || !source.byteLength) return;
    try {
      await unpack(model.get("version"), source);
      model.send({ type: "received" });
    } catch (error) {
      shelf(model.get("version")).problem = String(error); // pictures will ask again, and show this if it recurs
    }
  },
};
