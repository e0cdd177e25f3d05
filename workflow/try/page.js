// The page: takes pictures from wherever they come, and shows what the model makes of them.

const SHOWN_CLASSES = 5;
const part = (id) => document.getElementById(id);

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function percent(share) {
  if (share > 0.9995) return share === 1 ? "100 %" : "> 99.9 %";
  return share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

// From a file to RGB with alpha, upright, its colours as they stand in the file.

async function decoded(file) {
  const header = headerOf(new Uint8Array(await file.slice(0, 1 << 20).arrayBuffer()));
  try {
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    const bitmap = await createImageBitmap(file, options);
    const { width, height } = bitmap;
    let rgba = pixelsOf(bitmap, "unorm8");
    if (!opaque(rgba)) rgba = pixelsOf(bitmap, "float16");
    bitmap.close();
    return { rgba, width, height, header };
  } catch {
    throw new Refused("this browser cannot read it as a picture"); // or it is too large for that
  }
}

// A canvas keeps colours multiplied by their alpha: in eight bits what comes back from one that is
// partly transparent has been rounded twice. Browsers that know no other canvas have this one.
function pixelsOf(bitmap, colorType) {
  const { width, height } = bitmap;
  const canvas = element("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true, colorType });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height).data;
}

// One picture after the other; of those that come meanwhile only the last counts.

let model = null;
let current = null; // the picture that is shown
let waiting = null;
let isBusy = false;

async function show(source, image = about.image) {
  waiting = { source, image };
  if (isBusy || model === null) return;
  isBusy = true;
  while (waiting) {
    const { source: next, image: wanted } = waiting;
    waiting = null;
    current = next;
    try {
      const seen = prepared(next.rgba, next.width, next.height, next.header, wanted);
      const said = await asked(model, seen);
      if (!waiting) showAnswer(next, seen, said, wanted);
    } catch (error) {
      if (error instanceof Refused) showRefusal(next, error.message);
      else say(`${next.name}: the model has failed: ${error.message}`);
    }
  }
  isBusy = false;
}

async function showFile(file, name) {
  say(`Reading ${name} …`);
  try {
    await show({ ...(await decoded(file)), name });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    current = null;
    showRefusal({ name }, error.message);
  }
}

function say(text) {
  part("state").textContent = text;
}

// What is said.

function showAnswer(source, seen, said, image) {
  part("refused").hidden = true;
  part("results").hidden = false;
  draw(part("seen"), seen);
  part("how").textContent = howSeen(source, image);
  const order = said.probabilities.map((_, place) => place);
  order.sort((one, other) => said.probabilities[other] - said.probabilities[one]);
  const [best] = order;
  const answer = `${about.classes[best]}, ${percent(said.probabilities[best])}`;
  part("answer").textContent = answer;
  part("bars").replaceChildren(
    ...order.slice(0, SHOWN_CLASSES).map((place) => bar(place, said.probabilities[place])),
  );
  part("bars").dataset.all = JSON.stringify(said.probabilities);
  showUnlike(said.energy);
  part("alike").replaceChildren(...said.nearest.map(thumbnail));
  say(`${source.name}: ${answer}.`);
  if (!source.isDrawing) bringIntoView();
}

// On a narrow screen the answer is below what was pressed.
function bringIntoView() {
  const { top } = part("out").getBoundingClientRect();
  if (top > 0.4 * innerHeight) part("out").scrollIntoView();
}

function bar(place, probability) {
  const line = element("li");
  line.dataset.class = place;
  line.dataset.value = probability;
  const track = element("span", "track");
  const filled = element("span", "filled");
  filled.style.width = `${100 * probability}%`;
  track.append(filled);
  line.append(element("span", "name", about.classes[place]), track);
  line.append(element("span", "share", percent(probability)));
  return line;
}

function showUnlike(energy) {
  const box = part("unlike");
  box.dataset.energy = energy;
  if (about.unlike === null) return;
  const isUnlike = energy > about.unlike;
  box.dataset.unlike = isUnlike;
  box.classList.toggle("notice", isUnlike);
  const [found, limit] = [energy, about.unlike].map((value) => value.toFixed(2).replace("-", "−"));
  part("unlike-title").textContent = isUnlike
    ? "Unlike the training data."
    : "Not unlike the training data.";
  part("unlike-why").textContent = isUnlike
    ? `No class answers as strongly as for most images that the model knows (energy ${found}, ` +
      `above the limit of ${limit}). Do not trust the answer.`
    : `Some class answers as strongly as for images that the model knows (energy ${found}, not ` +
      `above the limit of ${limit}). That is no proof that the answer is right.`;
}

function thumbnail({ image, label, cosine }) {
  const line = element("li");
  const picture = element("span", "thumb");
  const rows = Math.ceil(about.labels.length / about.columns);
  const share = (at, of) => (of > 1 ? (100 * at) / (of - 1) : 0);
  const [row, column] = [Math.floor(image / about.columns), image % about.columns];
  picture.style.backgroundPosition = `${share(column, about.columns)}% ${share(row, rows)}%`;
  picture.style.backgroundSize = `${100 * about.columns}% ${100 * rows}%`;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `A training image: ${about.classes[label]}`);
  line.dataset.image = image;
  line.append(picture, element("span", "label", about.classes[label]));
  line.append(element("span", "called", `alike ${cosine.toFixed(2).replace("-", "−")}`));
  return line;
}

function draw(canvas, { width, height, channels, pixels }) {
  Object.assign(canvas, { width, height });
  const made = new ImageData(width, height);
  for (let from = 0, to = 0; to < made.data.length; from += channels, to += 4) {
    const [red, green, blue] = [0, 1, 2].map((channel) => pixels[from + (channel % channels)]);
    made.data.set([red, green, blue, 255], to);
  }
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(made, 0, 0);
}

const DONE = {
  fit: "all of it, made smaller or larger and padded",
  crop: "its middle, made smaller or larger",
  stretch: "all of it, stretched to the model’s shape",
};

function howSeen(source, image) {
  if (source.isDrawing) return "Your drawing: each pixel is the mean of a block of it.";
  const { width, height } = source;
  if (width === image.width && height === image.height) return `${source.name}: as it is.`;
  return `${source.name}, ${width} × ${height} pixels: ${DONE[image.resize]}.`;
}

// A picture that the model was not trained to take. One may look at what it says nevertheless.

function showRefusal(source, words) {
  part("results").hidden = true;
  part("refused").hidden = false;
  part("refused-why").textContent = `${source.name}: ${words}.`;
  const canBeMade = Boolean(source.rgba);
  part("make-it-fit").hidden = !canBeMade;
  part("refused-hint").hidden = !canBeMade;
  say(`${source.name}: ${words}.`);
  bringIntoView();
}

part("make-it-fit").addEventListener("click", () => {
  const background = about.image.background ?? about.paper;
  show(current, { ...about.image, resize: "crop", colour: "convert", background });
});

// Where pictures come from: a file, a drop, the clipboard, the test images, a drawing.

part("file").addEventListener("change", ({ target }) => {
  if (target.files.length) showFile(target.files[0], target.files[0].name);
  target.value = ""; // so that the same file can be chosen again
});

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) showFile(file, file.name);
  else say("That is no file. Save the picture first, then drop its file.");
});

document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) showFile(file, "The pasted picture");
  else say("There is no picture in the clipboard.");
});

function bytesOf(url) {
  return Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (sign) => sign.charCodeAt(0));
}

function exampleFile(image) {
  return new Blob([bytesOf(image.src)], { type: "image/png" });
}

for (const button of document.querySelectorAll("#examples button")) {
  const image = button.querySelector("img");
  button.addEventListener("click", () => showFile(exampleFile(image), image.alt));
}

const drawing = drawingOn(part("drawing"), () => {
  const { canvas, context } = drawing;
  const { width, height } = canvas;
  show(
    {
      rgba: context.getImageData(0, 0, width, height).data,
      width,
      height,
      header: { depth: 8, channels: null },
      name: "Your drawing",
      isDrawing: true,
    },
    { ...about.image, resize: "stretch", colour: "convert" },
  );
});
part("clear").addEventListener("click", () => drawing.clear());
part("thickness").addEventListener("input", ({ target }) => {
  const { width, height } = drawing.canvas;
  drawing.pen.width = (Math.max(width, height) * Number(target.value)) / 100;
});
part("colour")?.addEventListener("input", ({ target }) => (drawing.pen.colour = target.value));

// At the start: is the first test image what it was when the model was exported?

async function start() {
  try {
    const loaded = await loadModel();
    const first = document.querySelector("#examples img");
    if (first) {
      const source = await decoded(exampleFile(first));
      const seen = prepared(source.rgba, source.width, source.height, source.header, about.image);
      const { probabilities } = await asked(loaded, seen);
      part("different").hidden = isSame(probabilities);
    }
    model = loaded;
    say("Ready. Choose a picture, draw one, or take a test image.");
    document.body.dataset.ready = "yes";
    if (waiting) show(waiting.source, waiting.image);
  } catch (error) {
    say(`The model cannot run in this browser: ${error.message}`);
    part("state").classList.add("notice");
    throw error;
  }
}

start();
