// The model: onnxruntime-web on one thread, and what follows from the numbers that it gives. `ort`
// is the constant that the runtime's own script has left.

const about = JSON.parse(document.getElementById("about").textContent);

async function unpacked(id) {
  const text = atob(document.getElementById(id).textContent);
  const packed = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) packed[place] = text.charCodeAt(place);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function loadModel() {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await unpacked("binary");
  ort.env.logLevel = "error";
  const [model, features] = [await unpacked("model"), await unpacked("features")];
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return { session, compared: new Int8Array(features.buffer) };
}

// What the model makes of a picture of its size: probabilities, calibrated by the temperature; the
// energy by which it is unlike the training data; the training images that are most alike.
async function asked({ session, compared }, { width, height, channels, pixels }) {
  const images = Float32Array.from(pixels, (value) => value / 255);
  const given = new ort.Tensor("float32", images, [1, height, width, channels]);
  const { logits, features } = await session.run({ images: given }, ["logits", "features"]);
  return {
    probabilities: calibrated(logits.data, about.temperature),
    energy: energyOf(logits.data),
    nearest: mostAlike(features.data, compared),
  };
}

function calibrated(logits, temperature) {
  const scaled = Array.from(logits, (value) => value / temperature);
  const largest = Math.max(...scaled);
  const exponentials = scaled.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((one, other) => one + other);
  return exponentials.map((value) => value / sum);
}

function energyOf(logits) {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return -(largest + Math.log(sum));
}

const ALIKE = 8;

// By the cosine of the angle between the features.
function mostAlike(features, compared) {
  const length = Math.hypot(...features);
  const found = about.labels.map((label, image) => {
    const others = compared.subarray(image * features.length, (image + 1) * features.length);
    let [product, squares] = [0, 0];
    others.forEach((value, place) => {
      product += value * features[place];
      squares += value * value;
    });
    return { image, label, cosine: product / (length * Math.sqrt(squares) || 1) };
  });
  return found.sort((one, other) => other.cosine - one.cosine).slice(0, ALIKE);
}

// Whether this browser computes what was computed when the model was exported.
function isSame(probabilities) {
  return probabilities.every((value, place) => Math.abs(value - about.check[place]) <= 1e-3);
}
