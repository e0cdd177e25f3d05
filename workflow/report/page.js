"use strict";

// The page works without this: it adds sorting, copying, filters, and images behind numbers.

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

for (const box of all(".switch-published")) {
  box.addEventListener("change", () => {
    for (const row of all("tr.published", document.getElementById(box.dataset.table))) {
      row.hidden = !box.checked;
    }
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

const card = element("div", "card");
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
  dataset.models.forEach((model, place) => {
    const known = image.models[place];
    const title = element("p", "model");
    const swatch = element("i", "swatch");
    swatch.style.background = dataset.colours[place];
    title.append(swatch, `${model}: right in ${known.right} of ${dataset.seeds.length}`);
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
  panel.replaceChildren(title, numbers.length ? list : element("p", "", "No image to show."));
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
  const rows = [...table.tBodies[0].rows].map((row) => all("button", row));
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-cell]");
    if (button) showCell(button);
  });
  table.addEventListener("keydown", (event) => {
    const button = event.target.closest("button[data-cell]");
    const step = steps[event.key];
    if (!button || !step) return;
    event.preventDefault();
    const row = rows.findIndex((buttons) => buttons.includes(button));
    const next = rows[row + step[0]]?.[rows[row].indexOf(button) + step[1]];
    if (!next) return;
    button.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  hideCard();
  for (const panel of all(".cell-images:not([hidden])")) closeCell(panel);
});

// The gallery's filters.

for (const filters of all(".filters")) {
  const part = filters.closest("[data-dataset]");
  const byList = filters.querySelector(".filter-list");
  const byClass = filters.querySelector(".filter-class");
  const apply = () => {
    let shown = 0;
    for (const list of all(".list", part)) {
      list.hidden = byList.value !== "" && list.dataset.list !== byList.value;
      for (const item of all("li", list)) {
        const classes = item.dataset.classes.split(" ");
        item.hidden = byClass.value !== "" && !classes.includes(byClass.value);
        shown += !list.hidden && !item.hidden;
      }
    }
    filters.querySelector(".shown").textContent = `${shown} images`;
  };
  byList.addEventListener("change", apply);
  byClass.addEventListener("change", apply);
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
