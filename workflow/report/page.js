"use strict";

// The page reads without this: it adds tabs, sorting, copying, filters, and images behind numbers.

const data = JSON.parse(document.getElementById("gallery-data").textContent);

function all(selector, root = document) {
  return [...root.querySelectorAll(selector)];
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Tabs: every panel has an address; links, the back button and arrow keys change nothing else.

const tabLists = all(".tabs");
let pressed = null; // the tab that keeps the focus, which a browser takes to where an address leads

for (const list of tabLists) {
  list.setAttribute("role", "tablist");
  for (const tab of all(".tab", list)) {
    tab.setAttribute("role", "tab");
    tab.id = `tab:${tab.dataset.panel}`;
    tab.setAttribute("aria-controls", tab.dataset.panel);
    const panel = document.getElementById(tab.dataset.panel);
    panel.setAttribute("role", "tabpanel");
    panel.removeAttribute("aria-label");
    panel.setAttribute("aria-labelledby", tab.id);
  }
  list.addEventListener("keydown", (event) => {
    const tabs = all(".tab", list);
    const place = tabs.indexOf(event.target.closest(".tab"));
    const next = {
      ArrowRight: tabs[(place + 1) % tabs.length],
      ArrowLeft: tabs[(place + tabs.length - 1) % tabs.length],
      Home: tabs[0],
      End: tabs.at(-1),
    }[event.key];
    if (!next || place < 0) return;
    event.preventDefault();
    pressed = next;
    location.hash = next.hash;
  });
  list.addEventListener("click", (event) => {
    pressed = event.target.closest(".tab");
  });
}

function select(panel) {
  const tab = document.getElementById(`tab:${panel.id}`);
  for (const other of all(".tab", tab.parentElement)) {
    const isCurrent = other === tab;
    other.classList.toggle("current", isCurrent);
    other.setAttribute("aria-selected", String(isCurrent));
    other.tabIndex = isCurrent ? 0 : -1;
    document.getElementById(other.dataset.panel).classList.toggle("current", isCurrent);
  }
  tab.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function target() {
  let id = location.hash.slice(1);
  try {
    id = decodeURIComponent(id);
  } catch {
    // Not an address of ours.
  }
  return (id && document.getElementById(id)) || document.getElementById(`${id}/overview`);
}

// Shows the screen that has what the address names, and goes there.
function route() {
  const wanted = target() ?? document.getElementById("verdict");
  const panels = [];
  for (let part = wanted; part; part = part.parentElement) {
    if (part.classList.contains("panel")) panels.unshift(part);
    if (part.tagName === "DETAILS") part.open = true;
  }
  for (const panel of panels) select(panel);
  keepTab(panels.at(-1));
  fitChoices(panels.at(-1));
  pressed?.focus({ preventScroll: true });
  pressed = null;
  document.dispatchEvent(new CustomEvent("shown"));
  if (wanted.classList.contains("panel")) scrollTo({ top: 0, behavior: "instant" });
  else wanted.scrollIntoView({ block: "start", behavior: "instant" });
}

// A screen offers only choices that change something on it.
function fitChoices(panel) {
  const controls = panel.closest("[data-dataset]")?.querySelector(".chosen");
  if (!controls) return;
  const follows = {
    model: "[data-model], [data-follows~=model]",
    seed: "[data-seed], [data-follows~=seed]",
    class: "[data-class], [data-classes], [data-follows~=class]",
  };
  const selects = { model: ".choose-model, .choose-other", seed: ".choose-seed", class: ".choose-class" };
  for (const [name, moved] of Object.entries(follows)) {
    const isMoved = panel.querySelector(moved) !== null;
    for (const select of all(selects[name], controls)) select.parentElement.hidden = !isMoved;
  }
}

// Another data set opens at the tab where one was.
function keepTab(panel) {
  const [, part] = panel.id.split("/");
  if (!part) return;
  for (const tab of all(".tab", tabLists[0])) {
    const name = tab.dataset.panel.startsWith("dataset.") && tab.dataset.panel.slice(8);
    if (name) tab.setAttribute("href", `#${name}/${part}`);
  }
}

// A choice shows one of several parts.

for (const button of all(".choice [data-shows]")) {
  button.addEventListener("click", () => {
    for (const other of all("[data-shows]", button.parentElement)) {
      const isShown = other === button;
      other.setAttribute("aria-pressed", String(isShown));
      document.getElementById(other.dataset.shows).classList.toggle("current", isShown);
    }
  });
}

// Tables: a heading's button sorts by its column; what has no number stays below.

function sortValue(row, column) {
  const cell = row.cells[column];
  if (!cell || cell.colSpan > 1) return null;
  const text = cell.textContent.trim();
  if ("value" in cell.dataset) return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  return text === "–" || text === "" ? null : text;
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}

function sortBy(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  for (const other of all("th[aria-sort]", table)) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", direction);
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, value: sortValue(row, column) }));
  rows.sort((a, b) => {
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
    return compare(a.value, b.value) * (direction === "ascending" ? 1 : -1);
  });
  body.append(...rows.map(({ row }) => row));
}

for (const button of all("table.sortable button.sort")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}

// Copying: every number in full, an interval as two more columns.

function quoted(text) {
  // A cell that begins like a formula would be one to a spreadsheet.
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function plainText(cell) {
  const copy = cell.cloneNode(true);
  for (const small of all("small", copy)) small.remove();
  const text = copy.textContent.trim();
  return text === "–" ? "" : text;
}

function asCsv(table) {
  const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
  const columns = [...table.tHead.rows[0].cells].map((heading, place) => ({
    name: heading.querySelector(".sort").textContent,
    place,
    interval: rows.some((row) => "low" in (row.cells[place]?.dataset ?? {})),
  }));
  const header = columns.flatMap(({ name, interval }) =>
    interval ? [name, `${name}, low`, `${name}, high`] : [name],
  );
  const lines = rows.map((row) =>
    columns.flatMap(({ place, interval }) => {
      const cell = row.cells[place];
      if (!cell || cell.colSpan > 1) return interval ? ["", "", ""] : [""];
      const value = cell.dataset.value ?? plainText(cell);
      return interval ? [value, cell.dataset.low ?? "", cell.dataset.high ?? ""] : [value];
    }),
  );
  return [header, ...lines].map((line) => line.map(quoted).join(",")).join("\n") + "\n";
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not allowed for a page from a file in some browsers: the older way.
    const area = element("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

for (const button of all("button.copy")) {
  button.addEventListener("click", async () => {
    await copyText(asCsv(document.getElementById(button.dataset.table)));
    button.closest(".tools").querySelector(".said").textContent = "Copied.";
  });
}

for (const box of all("input.filter")) {
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLocaleLowerCase();
    const tables = all("table", document.getElementById(box.dataset.tables));
    for (const row of tables.flatMap((table) => all("tbody tr", table))) {
      row.hidden = !row.cells[0].textContent.toLocaleLowerCase().includes(wanted);
    }
    const left = all("tbody tr", tables[0]).filter((row) => !row.hidden).length;
    box.closest(".tools").querySelector(".said").textContent = `${left} rows`;
  });
}

// Images: the card of one image says what each model makes of it.

const card = element("div", "told");
card.id = "card";
card.setAttribute("role", "tooltip");
card.hidden = true;
document.querySelector("main").append(card);

let shown = null; // the image that the card is about

function showCard(thumb) {
  shown = thumb;
  const dataset = data[thumb.closest("[data-dataset]").dataset.dataset];
  const image = dataset.images[Number(thumb.dataset.image)];
  card.replaceChildren(element("p", "title", `${dataset.classes[image.label]}, id ${image.id}`));
  const { lit } = chosen(thumb.closest("[data-dataset]"));
  dataset.models.forEach((model, place) => {
    if (lit && !lit.includes(model)) return;
    const known = image.models[place];
    const title = element("p", "of");
    const swatch = element("i", "swatch");
    swatch.style.background = dataset.colours[place];
    const runs = dataset.seeds.length;
    const word = dataset.crossed ? "repetition" : "seed";
    title.append(swatch, `${model}: right in ${known.right} of ${runs} ${word}${runs === 1 ? "" : "s"}`);
    const list = element("ul");
    for (const [name, probability] of known.likeliest) {
      const line = element("li", name === image.label ? "true" : "");
      const bar = element("span", "bar");
      bar.style.width = `${100 * probability}%`;
      bar.style.background = dataset.colours[place];
      line.append(bar, element("span", "name", `${dataset.classes[name]} ${(100 * probability).toFixed(1)} %`));
      list.append(line);
    }
    card.append(title, list);
  });
  card.hidden = false;
  thumb.setAttribute("aria-describedby", "card");
  placeCard();
}

// Beside its image, also while the page scrolls to what has the focus.
function placeCard() {
  if (!shown) return;
  const spot = shown.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const left = Math.min(spot.left, clientWidth - card.offsetWidth - 8);
  const below = spot.bottom + 6;
  const fits = below + card.offsetHeight < clientHeight;
  card.style.left = `${Math.max(8, left)}px`;
  card.style.top = `${Math.max(8, fits ? below : spot.top - card.offsetHeight - 6)}px`;
}

function hideCard() {
  card.hidden = true;
  shown = null;
}

for (const name of ["mouseover", "focusin", "click"]) {
  document.addEventListener(name, (event) => {
    const thumb = event.target.closest("button.thumb");
    if (thumb) showCard(thumb);
    else if (name !== "focusin") hideCard();
  });
}
document.addEventListener("focusout", hideCard);
document.addEventListener("scroll", placeCard, { passive: true });

function thumbnail(dataset, number) {
  const image = dataset.images[number];
  const thumb = element("button", "thumb");
  thumb.type = "button";
  thumb.dataset.image = number;
  const column = number % dataset.columns;
  const row = Math.floor(number / dataset.columns);
  const across = dataset.columns > 1 ? (100 * column) / (dataset.columns - 1) : 0;
  const down = dataset.rows > 1 ? (100 * row) / (dataset.rows - 1) : 0;
  thumb.style.backgroundPosition = `${across}% ${down}%`;
  thumb.setAttribute("aria-label", `${dataset.classes[image.label]}, id ${image.id}`);
  return thumb;
}

// Confusion matrices: a press shows a cell's images, arrow keys go from cell to cell.

function showCell(button) {
  const part = button.closest("[data-dataset]");
  const dataset = data[part.dataset.dataset];
  const model = button.closest("table").dataset.model;
  const panel = part.querySelector(".cell-images");
  for (const other of all(".matrix [aria-pressed]", part)) other.removeAttribute("aria-pressed");
  button.setAttribute("aria-pressed", "true");
  const numbers = dataset.cells[model][button.dataset.cell] ?? [];
  const title = element("p", "title", `${model}: ${button.getAttribute("aria-label")}`);
  const close = element("button", "close", "Close");
  close.type = "button";
  close.addEventListener("click", () => closeCell(panel));
  title.append(" ", close);
  const list = element("ul", `thumbs sheet-${part.dataset.sheet}`);
  for (const number of numbers) {
    const item = element("li");
    item.append(thumbnail(dataset, number));
    list.append(item);
  }
  const count = numbers.length === 1 ? "1 image" : `${numbers.length} different images`;
  const told = element("p", "note", `${count} of these shown, below; point at one to see what the models make of it.`);
  panel.replaceChildren(title, ...(numbers.length ? [told, list] : [element("p", "", "No image to show.")]));
  panel.hidden = false;
  panel.scrollIntoView({ block: "nearest" });
}

function closeCell(panel) {
  const pressed = panel.closest("[data-dataset]").querySelector(".matrix [aria-pressed]");
  panel.hidden = true;
  pressed?.removeAttribute("aria-pressed");
  pressed?.focus();
}

const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

for (const table of all("table.matrix[data-model]")) {
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-cell]");
    if (button) showCell(button);
  });
  table.addEventListener("keydown", (event) => {
    const button = event.target.closest("button[data-cell]");
    const step = steps[event.key];
    if (!button || !step) return;
    event.preventDefault();
    const shownRows = [...table.tBodies[0].rows].filter((row) => row.offsetParent);
    const rows = shownRows.map((row) => all("button", row));
    const row = rows.findIndex((buttons) => buttons.includes(button));
    const next = rows[row + step[0]]?.[rows[row].indexOf(button) + step[1]];
    if (!next) return;
    button.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

// Their classes in another order: rows and columns of all matrices of a data set alike.

for (const cell of all(".matrix tr > *")) cell.dataset.place = cell.cellIndex - 1;

for (const button of all("[data-order]")) {
  button.addEventListener("click", () => {
    for (const other of button.parentElement.children) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    const order = button.dataset.order.split(" ");
    for (const table of all(".matrix", button.closest(".part"))) {
      for (const row of table.rows) {
        const cells = new Map([...row.cells].map((cell) => [cell.dataset.place, cell]));
        row.append(...order.map((place) => cells.get(place)));
      }
      const rows = new Map([...table.tBodies[0].rows].map((row) => [row.dataset.class, row]));
      table.tBodies[0].append(...order.map((place) => rows.get(place)));
    }
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  hideCard();
  for (const panel of all(".cell-images:not([hidden])")) closeCell(panel);
});

// What is chosen holds on all screens: two models and a seed for every data set, a class of its own.

const SEVERAL = 6; // models that are looked at one by one until two are chosen
const chosenOfAll = { models: null, seed: "" };
const chosenClass = new Map();

// Of many models: the one compared with, and the most accurate others.
function foremost({ models, ranked, reference }) {
  if (models.length <= SEVERAL) return null;
  return [...new Set([reference, ...ranked])].slice(0, SEVERAL);
}

// Until something is chosen it is all; charts that need two models take the first two. `lit` are the
// models that stand out where all are on one chart, or that are shown one by one; none for all.
function chosen(part) {
  const { models, reference, classes } = data[part.dataset.dataset];
  const first = models.find((model) => model !== reference) ?? reference;
  const place = chosenClass.get(part);
  return {
    ...chosenOfAll,
    lit: chosenOfAll.models ?? foremost(data[part.dataset.dataset]),
    pair: chosenOfAll.models ?? [first, reference],
    place,
    className: place === undefined ? undefined : classes[place],
  };
}

function isLeftOut(element, { models, lit, seed, place }) {
  const { model, reference, seed: its, class: itsClass, classes } = element.dataset;
  if (lit && element.classList.contains("of-model")) {
    if (!lit.includes(model) || !lit.includes(reference ?? model)) return true;
  }
  if (models && model !== undefined && !models.includes(model)) return true;
  if (models && reference !== undefined && !models.includes(reference)) return true;
  if (seed && its !== undefined && its !== seed) return true;
  if (place === undefined) return false;
  if (itsClass !== undefined && itsClass !== place) return true;
  return classes !== undefined && !classes.split(" ").includes(place);
}

function applyChosen() {
  for (const part of all("[data-dataset]")) {
    const state = chosen(part);
    for (const element of all("[data-model], [data-seed], [data-class], [data-classes]", part)) {
      element.classList.toggle("left-out", isLeftOut(element, state));
    }
    showChosen(part, state);
    countImages(part);
  }
  document.dispatchEvent(new CustomEvent("shown"));
}

// The controls of every data set say what is chosen, also where it was chosen at another one.
function showChosen(part, { models, lit, seed, place }) {
  const set = (name, value) => {
    const select = part.querySelector(name);
    if (select) select.value = value;
  };
  if (models) set(".choose-other", models[1]);
  set(".choose-model", models ? models[0] : "");
  set(".choose-seed", seed);
  set(".choose-class", place ?? "");
  const other = part.querySelector(".choose-other");
  if (other) other.disabled = !models;
  part.querySelector(".choose-all").disabled = !models && !seed && place === undefined;
  const { reference, models: known } = data[part.dataset.dataset];
  let said = "";
  if (models && !models.includes(reference)) {
    said = `Only comparisons with ${reference} were planned. Of these two the overview has the difference and its interval, under “Every two models”, and no verdict.`;
  } else if (!models && lit) {
    said = `Of ${known.length} models, ${reference} and the ${lit.length - 1} most accurate others stand out; choose any two to see them. Tables of numbers have all.`;
  }
  part.querySelector(".chosen .said").textContent = said;
}

for (const part of all("[data-dataset]")) {
  const controls = part.querySelector(".chosen");
  const model = controls.querySelector(".choose-model");
  const other = controls.querySelector(".choose-other");
  const { models } = data[part.dataset.dataset];
  const choosePair = (changed) => {
    if (!model.value) chosenOfAll.models = null;
    else {
      // A model beside itself says nothing: the one that was not changed makes room.
      if (model.value === other.value) {
        const free = models.find((name) => name !== changed.value);
        (changed === model ? other : model).value = free;
      }
      chosenOfAll.models = [model.value, other.value];
    }
    applyChosen();
  };
  model?.addEventListener("change", () => choosePair(model));
  other?.addEventListener("change", () => choosePair(other));
  controls.querySelector(".choose-seed")?.addEventListener("change", (event) => {
    chosenOfAll.seed = event.target.value;
    applyChosen();
  });
  controls.querySelector(".choose-class").addEventListener("change", (event) => {
    if (event.target.value) chosenClass.set(part, event.target.value);
    else chosenClass.delete(part);
    applyChosen();
  });
  controls.querySelector(".choose-all").addEventListener("click", () => {
    Object.assign(chosenOfAll, { models: null, seed: "" });
    chosenClass.delete(part);
    applyChosen();
  });
}

// The gallery's lists.

function countImages(part) {
  const filters = part.querySelector(".filters.gallery");
  const wanted = filters.querySelector(".filter-list").value;
  let count = 0;
  for (const list of all(".list", part)) {
    list.hidden = wanted !== "" && list.dataset.list !== wanted;
    if (list.hidden || list.classList.contains("left-out")) continue;
    count += all("li:not(.left-out)", list).length;
  }
  filters.querySelector(".shown").textContent = `${count} images`;
}

for (const list of all(".filter-list")) {
  list.addEventListener("change", () => countImages(list.closest("[data-dataset]")));
}

// What is folded is printed too.

let opened = [];
window.addEventListener("beforeprint", () => {
  opened = all("details:not([open])");
  for (const part of opened) part.open = true;
});
window.addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
});

window.addEventListener("hashchange", route);
document.addEventListener("DOMContentLoaded", () => {
  applyChosen();
  for (const tab of all(".tab.current")) select(document.getElementById(tab.dataset.panel));
  route();
});
