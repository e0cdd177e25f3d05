"use strict";

// A run while it runs: what the server sends is drawn, nothing is asked for but the page's own files.
// Names and messages may be anybody's, so they go in as text only.

const part = (id) => document.getElementById(id);
const charts = new Map(); // of each data set: what is drawn, and of which numbers
const QUIET = 45; // seconds without a word, after which the connection is taken for lost
let clock = 0; // how much the run's clock is ahead of this one's
let run = null;
let heard = Date.now();

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const fill = (bar, share) => (bar.firstElementChild.style.width = `${100 * share}%`);
const timeOf = (seconds) => new Date(1000 * (seconds - clock)).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function duration(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

// The head: how far, how long, until when.

const STATES = {
  running: (run) => `${run.finished} of ${run.total} jobs done`,
  done: () => "The run has ended: everything is done",
  failed: (run) => `The run has ended with an error: ${run.finished} of ${run.total} jobs are done and need not run again`,
  stopped: (run) => `The run was stopped: ${run.finished} of ${run.total} jobs are done and need not run again`,
};

function setText(where, text) {
  if (where.textContent !== text) where.textContent = text; // what is said is read aloud only if it is new
}

function showHead() {
  const share = run.state === "done" ? 1 : run.total ? run.finished / run.total : 0;
  document.body.className = `${run.state}${document.body.classList.contains("reading") ? " reading" : ""}`;
  setText(part("folder"), `Swatchbook: ${run.folder}`);
  setText(part("state"), STATES[run.state](run));
  part("bar").setAttribute("aria-valuenow", String(Math.round(100 * share)));
  fill(part("bar"), share);
  document.title = `${run.state === "running" ? `${run.finished}/${run.total}` : run.state} · ${run.folder}`;
  showTimes();
}

function showTimes() {
  if (!run || run.state !== "running") return;
  const now = Date.now() / 1000 + clock;
  const left = run.left === null ? "measuring how long it takes" : `about ${run.left_told} left, until about ${timeOf(now + run.left)}`;
  part("times").textContent = `begun ${timeOf(run.began)}, ${duration(now - run.began)} ago · ${left}`;
}

// Trainings: a table of models and seeds, and the curves so far.

function bar(share) {
  const made = element("span", undefined, "bar");
  made.append(element("i"));
  fill(made, share);
  return made;
}

function cellOf(cell) {
  if (!cell) return element("td", "–", "nothing");
  const made = element("td", undefined, cell.state);
  const accuracy = cell.accuracy === undefined ? "" : `${percent(cell.accuracy)} ${cell.images}`;
  if (cell.state === "running") {
    made.append(cell.epochs ? `epoch ${cell.epoch} of ${cell.epochs}` : "starting", bar(cell.share ?? 0));
    for (const said of [accuracy, cell.left]) if (said) made.append(element("small", said));
  } else if (cell.test !== undefined) {
    made.append(element("span", percent(cell.test), "big"), element("small", "test images"));
  } else if (cell.state === "done") {
    made.append(element("span", "trained", "big"), element("small", accuracy));
  } else {
    made.append(cell.state);
  }
  return made;
}

function tableOf(table, title) {
  const made = element("table");
  made.append(element("caption", table.kind === "seed" ? "Accuracy, a row a model, a column a seed" : "Trials of the search"));
  const head = made.createTHead().insertRow();
  for (const name of ["", ...table.columns]) {
    const cell = element(name ? "th" : "td", name && `${table.kind} ${name}`);
    if (name) cell.scope = "col";
    head.append(cell);
  }
  const body = made.createTBody();
  for (const [model, cells] of Object.entries(table.rows)) {
    const row = body.insertRow();
    const name = element("th");
    name.scope = "row";
    name.append(named(model));
    row.append(name, ...table.columns.map((column) => cellOf(cells[column])));
  }
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `Trainings of ${title}`);
  scroll.append(made);
  return scroll;
}

function named(model) {
  const made = element("b", model, "model");
  made.style.setProperty("--c", colourOf(model));
  return made;
}

const colourOf = (model) => run.colours[model] ?? "#55585c";

function curvesOf(dataset) {
  return dataset.tables.flatMap((table) =>
    Object.entries(table.rows).flatMap(([model, cells]) =>
      Object.entries(cells).flatMap(([column, cell]) =>
        (cell.curve ?? []).map(([epoch, accuracy]) => ({ model, line: `${model} ${column}`, epoch, accuracy, images: cell.images })))));
}

function chartOf(dataset, width) {
  const points = curvesOf(dataset);
  const key = JSON.stringify([points, width]);
  const before = charts.get(dataset.title);
  if (before?.key === key) return before.drawn;
  const drawn = element("div", undefined, "chart");
  if (points.length) {
    drawn.append(element("h3", `Accuracy on the ${points[0].images} images, epoch by epoch`), plotOf(points, width, dataset.title));
  }
  charts.set(dataset.title, { key, drawn });
  return drawn;
}

function plotOf(points, width, title) {
  const epochs = Math.max(2, ...points.map((point) => point.epoch));
  const drawn = Charts.plot({
    width,
    height: 250,
    marginLeft: 48,
    marginBottom: 42,
    ariaLabel: `Accuracy by epoch of the trainings of ${title}`,
    style: { background: "transparent", fontFamily: "inherit", fontSize: "12px" },
    x: { label: "epoch", labelOffset: 38, domain: [1, epochs], ticks: Math.min(epochs, 10), tickFormat: (epoch) => (Number.isInteger(epoch) ? String(epoch) : "") },
    y: { label: null, grid: true, nice: true, tickFormat: (share) => `${Math.round(100 * share)} %` },
    marks: [
      Charts.line(points, { x: "epoch", y: "accuracy", z: "line", stroke: (point) => colourOf(point.model), strokeWidth: 1.8 }),
      Charts.dot(points, { x: "epoch", y: "accuracy", r: 2.2, fill: (point) => colourOf(point.model) }),
      Charts.tip(points, Charts.pointer({ x: "epoch", y: "accuracy", title: (point) => `${point.line}, epoch ${point.epoch}\n${percent(point.accuracy)}` })),
    ],
  });
  drawn.setAttribute("role", "img");
  // A group without a role may have no label.
  for (const group of drawn.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
  return drawn;
}

function showDatasets() {
  const place = part("datasets");
  const scrolled = [...place.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
  const cards = run.datasets.map((dataset) => {
    const card = element("section", undefined, "card");
    card.setAttribute("aria-label", dataset.title);
    card.append(element("h2", dataset.title), ...dataset.tables.map((table) => tableOf(table, dataset.title)));
    return card;
  });
  place.replaceChildren(...cards);
  place.querySelectorAll(".scroll").forEach((one, number) => (one.scrollLeft = scrolled[number] ?? 0));
  cards.forEach((card, number) => {
    const style = getComputedStyle(card);
    const width = card.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    card.append(chartOf(run.datasets[number], Math.min(Math.floor(width), 760)));
  });
}

// The rest: stages, other jobs, warnings, what failed, how it ended.

function showStages() {
  const columns = ["done", "running", "waiting", "failed"].filter((key) => key !== "failed" || run.stages.some((stage) => stage.failed));
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const name of ["stage", ...columns]) head.append(Object.assign(element("th", name), { scope: "col" }));
  const body = table.createTBody();
  for (const stage of run.stages) {
    const row = body.insertRow();
    row.append(Object.assign(element("th", stage.name), { scope: "row" }));
    for (const key of columns) row.append(element("td", stage[key] ? String(stage[key]) : "–", stage[key] ? key : "nothing"));
  }
  part("stages").replaceChildren(...table.children);
  const jobs = run.jobs.map((job) => (job.share === null ? job.name : `${job.name} (${Math.round(100 * job.share)} %)`));
  part("jobs").textContent = jobs.length ? `Now: ${jobs.join(", ")}` : "";
}

function showFailures() {
  part("failures").hidden = !run.failures.length;
  part("failures").replaceChildren(
    element("h2", run.failed === 1 ? "A job has failed" : `${run.failed} jobs have failed${run.failed > run.failures.length ? "; the last of them" : ""}`),
    ...run.failures.flatMap((failure) => [
      Object.assign(element("p"), { textContent: `${failure.job}: ${failure.reason}` }),
      ...(failure.lines.length ? [element("pre", failure.lines.join("\n"))] : []),
      ...(failure.log ? [element("p", `Its log is ${failure.log}`, "note")] : []),
    ]),
  );
}

function showWarnings() {
  part("warnings").hidden = !run.warnings.length;
  part("warnings").replaceChildren(element("h2", "Warnings"), ...run.warnings.map((text) => element("p", text)));
}

function showEnding() {
  part("times").textContent = `begun ${timeOf(run.began)}, ended ${timeOf(Date.now() / 1000 + clock)}; nothing on this page changes any more`;
  part("ending").hidden = false;
  part("ending").replaceChildren(...run.ending.map((line) => element("p", line)));
  if (run.report) offerReport();
}

// The server goes with the run. So the report is fetched now, and shown from this page when asked for.
function offerReport() {
  const button = element("button", "Open the report");
  button.type = "button";
  button.addEventListener("click", () => {
    history.pushState("report", "");
    read(true);
  });
  part("ending").append(button);
  part("report").hidden = false;
  part("report").src = "report.html";
}

function read(isReading) {
  document.body.classList.toggle("reading", isReading);
  if (isReading) part("report").focus();
}

addEventListener("popstate", (event) => read(event.state === "report"));

// What comes from the run.

function show(text) {
  run = JSON.parse(text);
  showHead();
  showDatasets();
  showStages();
  showFailures();
  showWarnings();
  if (run.state !== "running") {
    source.close();
    showEnding();
  }
}

function lost(isLost) {
  const isOver = run && run.state !== "running";
  part("lost").hidden = !isLost || isOver;
  if (!isLost || isOver || part("lost").textContent) return;
  const since = new Date(heard).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  part("lost").textContent =
    `The connection is lost since ${since}: the run was killed, its machine or the way to it is gone. ` +
    "What stands here is how it was then. This page tries again by itself; a new run has a new address, which it says on its terminal.";
}

function word(event) {
  heard = Date.now();
  part("lost").textContent = "";
  lost(false);
  if (event.type === "clock") clock = Number(event.data) - Date.now() / 1000;
  if (event.type === "message") show(event.data);
}

const source = new EventSource("events");
for (const kind of ["message", "clock", "beat"]) source.addEventListener(kind, word);
source.addEventListener("error", () => lost(true));
setInterval(() => {
  showTimes();
  if (Date.now() - heard > 1000 * QUIET) lost(true);
}, 1000);
