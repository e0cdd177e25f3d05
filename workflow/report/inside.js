"use strict";

// Inside the networks: which layers one of two lacks, and the map of the test images, to be pointed
// at and selected from. `charts.js` draws the map like its other charts; helpers are from there.

// Layers that only one of the two chosen models has.

document.addEventListener("shown", () => {
  for (const network of all(".network")) {
    const { models } = chosenOfAll;
    const { model, beside } = network.dataset;
    const other = models ? models.find((name) => name !== model) : beside;
    for (const layer of all(".layer", network)) {
      layer.classList.toggle("own", (layer.dataset.lackedBy ?? "").split(" ").includes(other));
    }
  }
});

// The map.

const SELECTED = 60; // images that are shown of a selection
const NEAR = 30; // pixels from a mark at which its image shows

const insideMap = {
  follows: ["model", "class"],
  models: () => [],
  controls: (figure, rows) => {
    figure.order = new Map([...new Set(rows.map((row) => row.row))].map((row, place) => [row, place]));
    figure.selected = new Set();
    const controls = [
      choice(figure, "Colour", "colour", [["label", "By label"], ["called", "By what it is called"], ["right", "Right or wrong"]]),
      classSelect(figure, "Select label", "Select by label", "selectLabel"),
      classSelect(figure, "called", "Select by what it is called", "selectCalled", "anything else"),
    ];
    const finger = box(figure, "Draw with a finger", "finger");
    finger.classList.add("finger");
    figure.panel = element("div", "selection");
    figure.panel.setAttribute("aria-live", "polite");
    figure.panel.hidden = true;
    figure.place.after(figure.panel);
    return [...controls, finger];
  },
  plot: (rows, settings, state, width, figure) => {
    const models = [...new Set(rows.map((row) => row.model))];
    const wanted = models.filter((model) => among(state.models, model));
    if (!wanted.length) return { told: "These models were not looked into." };
    const classes = classesOf(figure);
    const shown = rows
      .filter((row) => wanted.includes(row.model) && (state.className === undefined || [row.label, row.called].includes(state.className)))
      .map((row) => ({ ...row, x: number(row.x), y: number(row.y), isRight: row.label === row.called }));
    const shade = (row) => classShade(row, settings.colour, classes, state);
    const stands = (row) => !figure.selected.size || figure.selected.has(row.row);
    const beside = figure.place.clientWidth >= 620 && wanted.length > 1;
    const across = beside ? wanted.length : 1;
    const side = Math.min(520, figure.place.clientWidth / across);
    const facet = beside ? "fx" : "fy";
    const at = { [facet]: "model", x: "x", y: "y" };
    figure.shown = shown;
    const domain = [-0.03, 1.03];
    return {
      height: (beside ? 1 : wanted.length) * side + 30,
      width: across * side,
      marginLeft: MARGIN,
      marginRight: MARGIN,
      marginTop: MARGIN,
      marginBottom: MARGIN,
      insetLeft: 0,
      insetRight: 0,
      [facet]: { domain: wanted, axis: null, padding: 0.05 },
      x: { axis: null, domain },
      y: { axis: null, domain },
      marks: [
        Charts.text(wanted.map((model) => ({ model })), { [facet]: "model", text: "model", frameAnchor: "top-left", fontWeight: 600, fontSize: 13 }),
        Charts.dot(shown.filter((row) => row.isRight), { ...at, fill: shade, fillOpacity: (row) => (stands(row) ? 0.75 : 0.12), r: 3 }),
        Charts.dot(shown.filter((row) => !row.isRight), { ...at, stroke: shade, strokeOpacity: (row) => (stands(row) ? 1 : 0.12), strokeWidth: 1.6, symbol: "times", r: 3.6 }),
        Charts.dot(shown, Charts.pointer({ ...at, stroke: "currentColor", strokeWidth: 2, r: 8, maxRadius: NEAR })),
      ],
    };
  },
  drawn: (figure, plot) => {
    figure.places = placesOf(figure, plot);
    plot.addEventListener("input", () => showPoint(figure, plot));
    plot.addEventListener("pointerleave", hidePoint);
    drawLasso(figure, plot);
    showSelected(figure);
  },
  keys: (rows, figure) => {
    const classes = classesOf(figure);
    const marks = [["", "● right, × wrong"]];
    if (figure.settings.colour === "right") return [[RIGHT, "right"], [WRONG, "wrong"], ...marks];
    if (classes.length > figureData.classColours.length) return [["", "more classes than colours: choose a class above to see its images"], ...marks];
    return [...classes.map((name, place) => [figureData.classColours[place], name]), ...marks];
  },
};

const MARGIN = 6;
const RIGHT = "#8b8d90";
const WRONG = "#d55e00";

const datasetOf = (figure) => data[figure.part.dataset.dataset];
const classesOf = (figure) => datasetOf(figure).classes;

function classShade(row, by, classes, state) {
  if (by === "right") return row.isRight ? RIGHT : WRONG;
  const name = row[by];
  if (classes.length <= figureData.classColours.length) return figureData.classColours[classes.indexOf(name)];
  return name === state.className ? figureData.classColours[0] : RIGHT;
}

// Selecting by label and by what an image is called: the lasso for who does not drag.
function classSelect(figure, text, name, key, another) {
  const label = element("label", "", `${text} `);
  const select = element("select");
  select.setAttribute("aria-label", name);
  const entry = (value, shown) => {
    const option = element("option", "", shown);
    option.value = value;
    select.append(option);
  };
  entry("", key === "selectLabel" ? "none" : "anything");
  if (another) entry("wrong", another);
  classesOf(figure).forEach((name, place) => entry(String(place), name));
  select.addEventListener("change", () => {
    figure.settings[key] = select.value;
    selectByClass(figure);
  });
  label.append(select);
  return label;
}

function selectByClass(figure) {
  const { selectLabel = "", selectCalled = "" } = figure.settings;
  const classes = classesOf(figure);
  const fits = (row) =>
    (selectLabel === "" || row.label === classes[Number(selectLabel)]) &&
    (selectCalled === "" || (selectCalled === "wrong" ? row.label !== row.called : row.called === classes[Number(selectCalled)]));
  const isNone = selectLabel === "" && selectCalled === "";
  selectRows(figure, isNone ? [] : figure.shown.filter(fits));
}

function selectRows(figure, rows) {
  figure.selected = new Set(rows.map((row) => row.row));
  figure.draw();
}

// Where each mark is on the plot, in its own units.
function placesOf(figure, plot) {
  const [x, y, fx, fy] = ["x", "y", "fx", "fy"].map((name) => plot.scale(name));
  const least = (scale) => Math.min(...scale.range);
  return figure.shown.map((row) => ({
    row,
    left: x.apply(row.x) + (fx ? fx.apply(row.model) - least(fx) : 0),
    top: y.apply(row.y) + (fy ? fy.apply(row.model) - least(fy) : 0),
  }));
}

// The card of the image that is pointed at.

const pointCard = element("div", "told point");
pointCard.hidden = true;
document.querySelector("main").append(pointCard);

function hidePoint() {
  pointCard.hidden = true;
}

function showPoint(figure, plot) {
  const row = plot.value;
  if (!row) return hidePoint();
  const place = figure.places.find((one) => one.row.row === row.row && one.row.model === row.model);
  const same = figure.shown.filter((one) => one.row === row.row);
  const lines = same.map((one) => {
    const line = element("p");
    const swatch = element("i", "swatch");
    swatch.style.background = colourOf.get(one.model);
    line.append(swatch, `${one.model}: ${one.called} ${percent(number(one.probability), 0)}`);
    if (!one.isRight) line.classList.add("wrong");
    return line;
  });
  pointCard.replaceChildren(mapThumb(figure, row), element("p", "title", `${row.label}, id ${row.id}`), ...lines);
  pointCard.hidden = false;
  const box = plot.getBoundingClientRect();
  const scale = box.width / plot.viewBox.baseVal.width;
  const left = box.left + place.left * scale + 14;
  const top = box.top + place.top * scale + 14;
  const { clientWidth, clientHeight } = document.documentElement;
  pointCard.style.left = `${Math.max(8, Math.min(left, clientWidth - pointCard.offsetWidth - 8))}px`;
  pointCard.style.top = `${Math.max(8, Math.min(top, clientHeight - pointCard.offsetHeight - 8))}px`;
}

function mapThumb(figure, row) {
  const { columns, rows } = datasetOf(figure).sheets.map;
  const place = figure.order.get(row.row);
  const holder = element("span", `map-${figure.part.dataset.sheet}`);
  const thumb = element("span", "thumb");
  const share = (at, of) => (of > 1 ? (100 * at) / (of - 1) : 0);
  thumb.style.backgroundPosition = `${share(place % columns, columns)}% ${share(Math.floor(place / columns), rows)}%`;
  thumb.setAttribute("role", "img");
  thumb.setAttribute("aria-label", `${row.label}, id ${row.id}`);
  holder.append(thumb);
  return holder;
}

// The lasso: what is drawn around with a mouse or pen, or with a finger where that is set.

function drawLasso(figure, plot) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", "lasso");
  let around = null;
  plot.classList.toggle("drawn-on", Boolean(figure.settings.finger));
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    const scale = plot.viewBox.baseVal.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  const begin = (event) => {
    if (event.button || (event.pointerType === "touch" && !figure.settings.finger)) return;
    around = [at(event)];
    plot.setPointerCapture(event.pointerId);
  };
  // Before Plot, which keeps a press on a mark to itself.
  plot.addEventListener("pointerdown", begin, { capture: true });
  plot.addEventListener("pointermove", (event) => {
    if (!around) return;
    around.push(at(event));
    if (around.length === 3) plot.append(path);
    path.setAttribute("d", `M${around.map((point) => point.join(",")).join("L")}Z`);
    hidePoint();
  });
  const end = () => {
    const drawn = around;
    around = null;
    path.remove();
    if (drawn?.length > 2) selectRows(figure, figure.places.filter((one) => isWithin(one, drawn)).map((one) => one.row));
  };
  plot.addEventListener("pointerup", end);
  plot.addEventListener("pointercancel", () => {
    around = null;
    path.remove();
  });
}

// Whether a place is within a polygon: a line from it to the right crosses an odd number of edges.
function isWithin({ left, top }, polygon) {
  let within = false;
  polygon.forEach(([x, y], place) => {
    const [before, above] = polygon.at(place - 1);
    if (y > top !== above > top && left < ((before - x) * (top - y)) / (above - y) + x) within = !within;
  });
  return within;
}

// What was selected: how many, what they are, what they are called, and their images.

function showSelected(figure) {
  const { panel, selected } = figure;
  const rows = figure.shown.filter((row) => selected.has(row.row));
  panel.hidden = !rows.length;
  if (!rows.length) return panel.replaceChildren();
  const models = [...new Set(rows.map((row) => row.model))];
  const first = rows.filter((row) => row.model === models[0]);
  const close = element("button", "close", "Clear");
  close.type = "button";
  close.addEventListener("click", () => clearSelected(figure));
  const title = element("p", "title", `${first.length} image${first.length === 1 ? "" : "s"} selected `);
  title.append(close);
  const told = [element("p", "note", `Labels: ${counted(first.map((row) => row.label))}.`)];
  for (const model of models) {
    const its = rows.filter((row) => row.model === model);
    const right = its.filter((row) => row.isRight).length;
    told.push(element("p", "note", `${model} calls ${right} of ${its.length} right: ${counted(its.map((row) => row.called))}.`));
  }
  const list = element("ul", "thumbs");
  // Those that the first model calls wrong come first: they are why one looks.
  const sorted = [...first].sort((a, b) => a.isRight - b.isRight);
  for (const row of sorted.slice(0, SELECTED)) {
    const item = element("li");
    const called = element("span", row.isRight ? "called" : "called off", `${percent(number(row.probability), 0)} ${row.called}`);
    item.append(mapThumb(figure, row), element("span", "label", row.label), called);
    list.append(item);
  }
  if (first.length > SELECTED) told.push(element("p", "note", `The first ${SELECTED} are shown, those called wrong by ${models[0]} before the others.`));
  panel.replaceChildren(title, ...told, list);
}

function clearSelected(figure) {
  for (const select of all(".choices select", figure.figure)) select.value = "";
  Object.assign(figure.settings, { selectLabel: "", selectCalled: "" });
  selectRows(figure, []);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  hidePoint();
  for (const figure of touched) if (figure.selected?.size) clearSelected(figure);
});
document.addEventListener("scroll", hidePoint, { passive: true });

function counted(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const told = sorted.slice(0, 6).map(([name, count]) => `${name} ${count}`);
  const rest = sorted.slice(6).reduce((sum, [, count]) => sum + count, 0);
  return [...told, ...(rest ? [`others ${rest}`] : [])].join(", ");
}
