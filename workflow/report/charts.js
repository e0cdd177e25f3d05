"use strict";

// Figures to touch: drawn by Observable Plot from the very text of the CSV files that lie beside the
// drawings. Each has a function in `charts`, by the figure's name; without the script, and on paper,
// the drawing stands in its place.

const figureData = JSON.parse(document.getElementById("figure-data").textContent);
const colourOf = new Map(figureData.colours);
// Models that share a colour have another turn: other dashes, another mark.
const turnOf = new Map(figureData.colours.map(([model], place) => [model, Math.floor(place / figureData.distinct)]));
const DASHES = [null, "8 3", "2 3", "9 3 2 3"];
const SYMBOLS = ["circle", "square", "triangle", "diamond"];
const GREY = { stroke: "var(--axis)", strokeOpacity: 0.35, strokeWidth: 1 }; // models that do not stand out
const SMALL = 12; // marks' least distance to the edge of a chart, in pixels
const LETTER = 6.7; // room for a letter of an axis, in pixels
const MANY = 30; // classes that a chart shows at once

function tableOf(text) {
  const [header, ...lines] = Charts.csvParseRows(text);
  return lines.map((line) => Object.fromEntries(header.map((name, place) => [name, line[place]])));
}

const number = (text) => (text === "" || text === undefined ? NaN : Number(text));
const percent = (value, digits = 1) => `${(100 * value).toFixed(digits)} %`.replace("-", "−");
const points = (value, digits = 1) => {
  const text = (100 * value).toFixed(digits);
  return (Number(text) > 0 ? `+${text}` : text).replace("-", "−");
};
const among = (models, model) => !models || models.includes(model);
const between = (low, high, write) =>
  Number.isNaN(low) || Number.isNaN(high) ? "" : `\ninterval ${write(low)} to ${write(high)}`;
const seedsOf = (row) => Object.keys(row).filter((name) => name.startsWith("seed_"));

// What can be set at a chart: buttons of which one is pressed, a box, two numbers.

function choice(figure, label, key, entries) {
  const group = element("div", "choice");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", label);
  const value = (figure.settings[key] ??= entries[0][0]);
  for (const [name, text] of entries) {
    const button = element("button", "", text);
    button.type = "button";
    button.setAttribute("aria-pressed", String(name === value));
    button.addEventListener("click", () => {
      figure.settings[key] = name;
      for (const other of group.children) other.setAttribute("aria-pressed", String(other === button));
      figure.draw();
    });
    group.append(button);
  }
  return group;
}

function box(figure, text, key) {
  const label = element("label");
  const input = element("input");
  input.type = "checkbox";
  input.addEventListener("change", () => {
    figure.settings[key] = input.checked;
    figure.draw();
  });
  label.append(input, ` ${text}`);
  return label;
}

function span(figure, text, key, least, most) {
  const label = element("span", "span", `${text} `);
  figure.settings[key] = [least, most];
  for (const [place, name] of ["from", "to"].entries()) {
    const input = element("input");
    Object.assign(input, { type: "number", min: least, max: most, value: [least, most][place] });
    input.setAttribute("aria-label", `${text} ${name}`);
    input.addEventListener("input", () => {
      const wanted = input.value === "" ? [least, most][place] : Number(input.value);
      figure.settings[key][place] = Math.min(most, Math.max(least, wanted));
      figure.draw();
    });
    label.append(input, place ? "" : " to ");
  }
  return label;
}

// Parts that several charts have.

const label = (axis, text) => ({ label: text, labelAnchor: "center", labelArrow: "none", ...axis });
// Ticks nearer to each other than a per cent need its tenths to be told apart, and so on.
const decimals = (ticks) => (ticks?.length > 1 ? [0.0099, 0.00099].filter((near) => Math.abs(ticks[1] - ticks[0]) < near).length : 0);
const share = (axis, text) =>
  label({ tickFormat: (value, _, all) => percent(value, decimals(all)), grid: true, ...axis }, text);
const inPoints = (text) => label({ grid: true, tickFormat: (value) => points(value, 1) }, text);
const colour = (row) => colourOf.get(row.model);
const turn = (row) => turnOf.get(row.model) % DASHES.length;
// Circles, unless models share a colour.
const symbolIn = (rows) => (rows.some(turn) ? { symbol: (row) => SYMBOLS[turn(row)] } : {});
const dashOf = (row) => DASHES[turn(row)];
const modelsOf = (rows) => [...new Set(rows.map((row) => row.model))];

// Dashes are no channel of a line: a mark for each kind of them.
function lines(rows, options, dash = dashOf) {
  const kinds = [...new Set(rows.map(dash))];
  return kinds.map((kind) =>
    Charts.line(rows.filter((row) => dash(row) === kind), { ...options, ...(kind ? { strokeDasharray: kind } : {}) }));
}
const tipOf = (rows, x, y, told) =>
  Charts.tip(rows, Charts.pointer({ x, y, title: told, fill: "var(--card)", stroke: "var(--line)", fontSize: 13, lineWidth: 40 }));

function withSeeds(rows) {
  return rows.flatMap((row) =>
    seedsOf(row).map((name) => ({ ...row, seed: name.slice(5), value: number(row[name]) })),
  ).filter((row) => !Number.isNaN(row.value));
}

// A line a model and part with the range of its seeds, or a line a seed; of many models those that do
// not stand out are grey and behind.
function curves(every, x, settings, state, dash, told) {
  const rows = every.filter((row) => among(state.lit, row.model));
  const others = every
    .filter((row) => isMany(every) && !among(state.lit, row.model))
    .map((row) => ({ ...row, value: number(row.mean) }));
  const key = (row) => JSON.stringify([row.model, row.images]);
  const single = withSeeds(rows).filter((row) => !state.seed || row.seed === state.seed);
  const shown = settings.seeds || state.seed ? single : rows.map((row) => ({ ...row, value: number(row.mean) }));
  const series = (row) => key(row) + (row.seed ?? "");
  const known = shown.filter((row) => !Number.isNaN(row.value));
  const range = { x, y1: (row) => number(row.least), y2: (row) => number(row.greatest), z: key, fill: colour, fillOpacity: 0.16 };
  const line = { x, y: "value", z: series, stroke: colour, strokeWidth: settings.seeds ? 1.2 : 2 };
  return [
    Charts.line(others, { x, y: "value", z: key, ...GREY }),
    settings.seeds || state.seed ? null : Charts.areaY(rows, range),
    ...lines(known, line, dash),
    known.length < 60 ? Charts.dot(known, { x, y: "value", fill: colour, ...symbolIn(known), r: 2 }) : null,
    tipOf(known, x, "value", (row) => told(row, row.seed === undefined ? "" : `, ${state.run} ${row.seed}`)),
  ];
}

const isMany = (rows) => modelsOf(rows).length > SEVERAL;
const range = (row, run, write) => (row.seed === undefined ? `\n${run}s: ${write(number(row.least))} to ${write(number(row.greatest))}` : "");

// A chart is a function of the file's rows, of its own settings and of what is chosen for the whole
// data set (`state`: `models` or none for all, `seed`, `className`). It returns options of a plot.
// `controls` makes what can be set.

const charts = {
  learning_curves: {
    follows: ["model", "seed"],
    isLit: true,
    controls: (figure, rows) => {
      const epochs = rows.map((row) => Number(row.epoch));
      const parts = new Set(rows.map((row) => row.images));
      return [
        choice(figure, "Measure", "metric", [["accuracy", "Accuracy"], ["loss", "Loss"]]),
        parts.size > 1 ? choice(figure, "Images", "images", isMany(rows) ? [VALIDATION, TRAINING] : [["", "Both"], TRAINING, VALIDATION]) : null,
        box(figure, `Each ${figure.run}`, "seeds"),
        span(figure, "Epochs", "epochs", Math.min(...epochs), Math.max(...epochs)),
      ];
    },
    plot: (rows, settings, state) => {
      const [from, to] = settings.epochs;
      const shown = rows.filter((row) =>
        row.metric === settings.metric && (!settings.images || row.images === settings.images)
        && row.epoch >= from && row.epoch <= to);
      const write = settings.metric === "accuracy" ? (value) => percent(value, 2) : (value) => value.toFixed(3);
      const best = rows.filter((row) => row.metric === "loss" && row.images === "validation");
      const lowest = new Map();
      for (const row of best) if (number(row.mean) < (lowest.get(row.model)?.[0] ?? Infinity)) lowest.set(row.model, [number(row.mean), row.epoch]);
      const circles = shown.filter((row) => among(state.lit, row.model) && row.images === "validation" && lowest.get(row.model)?.[1] === row.epoch);
      return {
        x: label({ ticks: Math.min(10, to - from + 1), tickFormat: (value) => (Number.isInteger(value) ? String(value) : "") }, "epoch"),
        y: settings.metric === "accuracy" ? share({}, "accuracy") : label({ grid: true }, "loss (cross-entropy, nats)"),
        marks: [
          ...curves(shown, (row) => Number(row.epoch), settings, state, (row) => (isMany(rows) ? dashOf(row) : row.images === "training" ? "5 4" : null),
            (row, seed) => `${row.model}, ${row.images}${seed}\nepoch ${row.epoch}: ${write(row.value)}${range(row, state.run, write)}`),
          settings.seeds || state.seed
            ? null
            : Charts.dot(circles, { x: (row) => Number(row.epoch), y: (row) => number(row.mean), r: 6, stroke: colour, strokeWidth: 2 }),
        ],
      };
    },
    keys: (rows) => (isMany(rows) ? [["", "dashes tell models of one colour apart"]] : [["solid", "validation images"], ["dashed", "training images, as they were trained on"]]),
  },

  risk_coverage: {
    follows: ["model", "seed"],
    isLit: true,
    isOfImages: true,
    controls: (figure) => [box(figure, `Each ${figure.run}`, "seeds")],
    plot: (rows, settings, state) => ({
      x: share({ domain: [0, 1] }, "share of the test images that is decided on, the surest first"),
      y: share({ zero: true }, "share of these that is wrong"),
      marks: curves(rows, (row) => number(row.coverage), settings, state, dashOf,
        (row, seed) => `${row.model}${seed}\nthe surest ${percent(number(row.coverage), 0)}: ${percent(row.value)} wrong${range(row, state.run, percent)}`),
    }),
  },

  reliability: {
    follows: ["model"],
    isLit: true,
    controls: (figure, rows) =>
      rows.some((row) => row.scaling === "after")
        ? [choice(figure, "Temperature scaling", "scaling", [["before", "Before temperature scaling"], ["after", "After"]])]
        : [],
    plot: (rows, settings, state) => {
      const shown = rows
        .filter((row) => row.scaling === (settings.scaling ?? "before") && among(state.lit, row.model) && number(row.count) > 0)
        .map((row) => ({ ...row, x: number(row.confidence), y: number(row.accuracy), count: number(row.count) }));
      return {
        height: 420,
        x: share({ domain: [0, 1] }, "confidence (probability of the predicted class)"),
        y: share({ domain: [0, 1] }, "share of these that is right"),
        r: { range: [2, 12] },
        marks: [
          Charts.line([[0, 0], [1, 1]], { stroke: "var(--axis)", strokeDasharray: "2 3" }),
          ...lines(shown, { x: "x", y: "y", z: "model", stroke: colour, strokeWidth: 2 }),
          Charts.dot(shown, { x: "x", y: "y", r: "count", ...symbolIn(shown), fill: colour, fillOpacity: 0.75, stroke: "var(--paper)" }),
          tipOf(shown, "x", "y", (row) =>
            `${row.model}, confidence ${percent(number(row.from), 0)} to ${percent(number(row.to), 0)}\n${percent(row.y)} of ${row.count} test images right\nmean confidence ${percent(row.x)}`),
        ],
      };
    },
    keys: () => [["", "the larger a dot, the more test images"]],
  },

  corruptions: {
    follows: ["model", "seed"],
    controls: (figure, rows) => [
      choice(figure, "Corruptions", "family", [["", "All"], ...Object.keys(families).map((name) => [name, name[0].toUpperCase() + name.slice(1)])]),
      choice(figure, "Measure", "measure", [["accuracy", "Accuracy"], ["lost", "Points lost"]]),
      rows.some((row) => seedsOf(row).length > 1) ? box(figure, `Each ${figure.run}`, "seeds") : null,
    ],
    plot: (rows, settings, state, width) => {
      const names = (settings.family ? [settings.family] : Object.keys(families)).flatMap((family) => families[family]);
      const columns = Math.min(names.length, width < 520 ? 3 : 5);
      const isLost = settings.measure === "lost";
      const single = settings.seeds || state.seed;
      const ofModels = rows.filter((row) => among(state.models, row.model));
      const clean = ofModels.filter((row) => row.corruption === "none");
      const before = new Map(clean.map((row) => [row.model, row]));
      const value = (row, key) => (isLost ? number(before.get(row.model)[key]) - number(row[key]) : number(row[key]));
      const shown = names.flatMap((name, place) => {
        const panel = { name, fx: place % columns, fy: Math.floor(place / columns) };
        const its = ofModels.filter((row) => row.corruption === name).concat(clean).sort((a, b) => a.strength - b.strength);
        return its.flatMap((row) =>
          (single ? seedsOf(row).filter((key) => !state.seed || key === `seed_${state.seed}`) : ["mean"])
            .map((key) => ({ ...row, ...panel, x: Number(row.strength), y: value(row, key), seed: single ? key.slice(5) : undefined }))
            .filter((one) => !Number.isNaN(one.y)));
      });
      const panels = names.map((name, place) => ({ name, fx: place % columns, fy: Math.floor(place / columns) }));
      const series = (row) => JSON.stringify([row.model, row.seed]);
      const write = isLost ? points : percent;
      const facet = { fx: "fx", fy: "fy" };
      const band = { ...facet, x: "x", y1: (row) => number(row.low), y2: (row) => number(row.high), z: "model", fill: colour, fillOpacity: 0.16 };
      return {
        height: 150 * Math.ceil(names.length / columns) + 70,
        marginTop: 26,
        insetTop: 4,
        fx: { axis: null, padding: 0.08 },
        fy: { axis: null, padding: 0.22 },
        x: label({ domain: [0, 5], ticks: [0, 1, 2, 3, 4, 5], tickFormat: String }, "strength (0: the images as they are)"),
        y: isLost ? inPoints("points lost") : share({ domain: [0, 1], ticks: 4 }, "accuracy"),
        marks: [
          isLost ? Charts.ruleY([0], { stroke: "var(--axis)" }) : null,
          Charts.text(panels, { ...facet, text: "name", frameAnchor: "top", dy: -16, fill: "currentColor", fontWeight: 600 }),
          single || isLost ? null : Charts.areaY(shown.filter((row) => row.low !== ""), band),
          ...lines(shown, { ...facet, x: "x", y: "y", z: series, stroke: colour, strokeWidth: single ? 1.2 : 2 }),
          Charts.dot(shown, { ...facet, x: "x", y: "y", fill: colour, ...symbolIn(shown), r: 2.5 }),
          Charts.tip(shown, Charts.pointer({ ...facet, x: "x", y: "y", fill: "var(--card)", stroke: "var(--line)", fontSize: 13, lineWidth: 40,
            title: (row) => `${row.model}${row.seed === undefined ? "" : `, ${state.run} ${row.seed}`}, ${row.x ? `${row.name} at strength ${row.x}` : "as it is"}\n${write(row.y)}${isLost ? " points lost" : ` of ${row.images} images right`}${single || isLost ? "" : between(number(row.low), number(row.high), percent)}` })),
        ],
      };
    },
  },

  prediction_sets: {
    follows: ["model", "class"],
    isOfImages: true,
    controls: (figure) => [
      choice(figure, "Sets", "score", [["LAC", "LAC"], ["APS", "APS"]]),
      choice(figure, "Measure", "measure", [["coverage", "Right class in the set"], ["size", "Classes in the set"]]),
      choice(figure, "Order", "order", [["size", "Hardest first"], ["class", "By class"]]),
    ],
    plot: (rows, settings, state) => {
      const isSize = settings.measure === "size";
      const shown = rows
        .filter((row) => row.score === settings.score && among(state.models, row.model) && (state.className === undefined || row.class === state.className))
        .map((row) => ({ ...row, size: number(row[settings.measure]), low: isSize ? NaN : number(row.low), high: isSize ? NaN : number(row.high) }));
      if (!shown.length) return { told: "No class of this choice has test images." };
      const hardest = new Map();
      for (const row of shown) {
        const hard = isSize ? row.size : -row.size;
        hardest.set(row.class, Math.max(hard, hardest.get(row.class) ?? -Infinity));
      }
      const wanted = number(shown[0].wanted);
      const axis = isSize ? label({ grid: true, zero: true }, "mean number of classes in the set") : share({}, `right class in the set (asked for: ${percent(wanted, 0)})`);
      const chart = byClass(shown, settings, (row) => hardest.get(row.class), axis, (row) =>
        isSize
          ? `${row.model}, ${row.class}\n${row.size.toFixed(2)} classes on average\n${row.images} test images`
          : `${row.model}, ${row.class}\n${percent(row.size)} with the right class${between(row.low, row.high, percent)}\n${row.images} test images`, false);
      return isSize ? chart : { ...chart, marks: [Charts.ruleX([wanted], { stroke: "var(--axis)", strokeDasharray: "2 3" }), ...chart.marks] };
    },
  },

  class_differences: {
    follows: ["model", "class"],
    models: (state) => state.pair.slice(0, 1),
    controls: (figure) => [choice(figure, "Order", "order", [["size", "By difference"], ["class", "By class"]])],
    plot: (rows, settings, state) => {
      const [model, other] = state.pair;
      const shown = rows.flatMap((row) => {
        const sign = row.model === model && row.other === other ? 1 : row.model === other && row.other === model ? -1 : 0;
        if (!sign || (state.className !== undefined && row.class !== state.className)) return [];
        const ends = [sign * number(row.low), sign * number(row.high)];
        return [{ ...row, model, size: sign * number(row.difference), low: Math.min(...ends), high: Math.max(...ends) }];
      });
      return {
        ...byClass(shown, settings, (row) => row.size, inPoints(`recall of ${model} minus that of ${other}, in points`), (row) =>
          `${row.class}: ${points(row.size)} points${between(row.low, row.high, points)}\n${row.images} test images`),
      };
    },
  },

  class_f1: {
    follows: ["model", "class"],
    isLit: true,
    isOfImages: true,
    controls: (figure) => [choice(figure, "Order", "order", [["size", "Hardest first"], ["class", "By class"]])],
    plot: (rows, settings, state) => {
      const shown = rows
        .filter((row) => among(state.lit, row.model) && (state.className === undefined || row.class === state.className))
        .map((row) => ({ ...row, size: number(row.mean), low: number(row.low), high: number(row.high) }));
      const least = new Map();
      for (const row of shown) least.set(row.class, Math.min(row.size, least.get(row.class) ?? 1));
      return byClass(shown, settings, (row) => -least.get(row.class), share({}, "F1 on the test images"), (row) =>
        `${row.model}, ${row.class}\nF1 ${row.size.toFixed(3)}${between(row.low, row.high, (value) => value.toFixed(3))}\n${state.run}s: ${number(row.least).toFixed(3)} to ${number(row.greatest).toFixed(3)}`, false);
    },
  },

  accuracy: {
    hasNames: true,
    follows: ["model", "seed"],
    plot: (rows, settings, state) => {
      const shown = rows
        .filter((row) => among(state.models, row.model) && (!state.seed || row.seed === "mean" || row.seed === state.seed))
        .map((row) => ({ ...row, value: number(row.accuracy), isMean: row.seed === "mean" }));
      const means = shown.filter((row) => row.isMean);
      const seeds = shown.filter((row) => !row.isMean);
      return {
        ...rowsOf(means.map((row) => row.model)),
        x: share({}, "test accuracy"),
        marks: [
          Charts.ruleY(means, { y: "model", x1: (row) => number(row.low), x2: (row) => number(row.high), stroke: colour, strokeWidth: 2 }),
          Charts.dot(means, { y: "model", x: "value", fill: colour, symbol: "diamond", r: means.length > SEVERAL ? 5 : 6, stroke: "var(--paper)" }),
          Charts.dot(seeds, { y: "model", x: "value", fill: colour, fillOpacity: 0.6, r: means.length > SEVERAL ? 2 : 4, dy: means.length > SEVERAL ? 7 : 12 }),
          tipOf(shown, "value", "model", (row) =>
            row.isMean
              ? `${row.model}, mean: ${percent(row.value, 2)}${row.low ? `\ninterval ${percent(number(row.low), 2)} to ${percent(number(row.high), 2)}` : ""}`
              : `${row.model}, ${state.run} ${row.seed}: ${percent(row.value, 2)}`),
        ],
      };
    },
  },

  forest: {
    hasNames: true,
    follows: ["model"],
    controls: (figure) => [choice(figure, "Measure", "metric", [["accuracy", "Test accuracy"], ["accuracy_gap", "Gap between training and test"]])],
    plot: (rows, settings, state) => {
      const isOne = isMany(rows); // of many models the axis names the one compared with
      const shown = rows
        .filter((row) => row.metric === settings.metric && among(state.models, row.model) && among(state.models, row.reference))
        .map((row) => ({ ...row, name: isOne ? row.model : `${row.model} − ${row.reference}`, size: number(row.difference), least: number(row.smallest_detectable) }));
      if (!shown.length) return notPlanned;
      return {
        ...rowsOf(shown.map((row) => row.name)),
        x: inPoints(`${settings.metric === "accuracy" ? "test accuracy" : "the gap"}, ${isOne ? `minus that of ${shown[0].reference}` : "difference"}, in points`),
        marks: [
          Charts.ruleX([0], { stroke: "var(--axis)" }),
          Charts.ruleY(shown, { y: "name", x1: (row) => number(row.low), x2: (row) => number(row.high), stroke: colour, strokeWidth: 3 }),
          Charts.dot(shown, { y: "name", x: "size", fill: colour, r: 6, stroke: "var(--paper)" }),
          tipOf(shown, "size", "name", (row) =>
            `${row.name}: ${points(row.size, 2)} points${row.low ? `\ninterval ${points(number(row.low), 2)} to ${points(number(row.high), 2)}` : ""}${row.least ? `\nsmallest detectable ${(100 * row.least).toFixed(2)}` : ""}`),
        ],
      };
    },
  },

  pairs: {
    hasNames: true,
    follows: ["model"],
    isLit: true,
    plot: (rows, settings, state) => {
      const [first] = state.models ?? [];
      const shown = rows
        .filter((row) => among(state.lit, row.model) && among(state.lit, row.other))
        .map((row) => {
          const [model, other, sign] = row.other === first ? [row.other, row.model, -1] : [row.model, row.other, 1];
          const ends = [sign * number(row.low), sign * number(row.high)];
          return { model, name: `${model} − ${other}`, size: sign * number(row.difference), low: Math.min(...ends), high: Math.max(...ends) };
        });
      return {
        height: 24 * Math.max(2, shown.length) + 60,
        ...rowNames(shown.map((row) => row.name)),
        x: inPoints("difference in test accuracy, in points"),
        marks: [
          Charts.ruleX([0], { stroke: "var(--axis)" }),
          Charts.ruleY(shown, { y: "name", x1: "low", x2: "high", filter: (row) => !Number.isNaN(row.low), stroke: colour, strokeWidth: 3 }),
          Charts.dot(shown, { y: "name", x: "size", fill: colour, r: 5, stroke: "var(--paper)" }),
          tipOf(shown, "size", "name", (row) => `${row.name}: ${points(row.size, 2)} points${between(row.low, row.high, (value) => points(value, 2))}\nof this comparison alone`),
        ],
      };
    },
  },

  agreement: {
    hasNames: true,
    follows: ["model"],
    isOfPairs: true,
    plot: (rows, settings, state) => {
      const told = { both_right: () => "both right", only_model: (row) => `only ${row.model} right`, only_reference: (row) => `only ${row.reference} right`, neither: () => "neither right" };
      const shades = { both_right: () => "#a9abad", only_model: (row) => colourOf.get(row.model), only_reference: (row) => colourOf.get(row.reference), neither: () => "#5f6265" };
      const before = new Map();
      const shown = rows
        .filter((row) => among(state.models, row.model) && among(state.models, row.reference))
        .map((row) => {
          const name = isMany(rows) ? row.model : `${row.model}, ${row.reference}`;
          const x1 = before.get(name) ?? 0;
          before.set(name, x1 + number(row.share));
          return { ...row, name, x1, x2: before.get(name), word: told[row.right](row), shade: shades[row.right](row) };
        });
      if (!shown.length) return notPlanned;
      return {
        ...rowsOf([...before.keys()]),
        x: share({ domain: [0, 1], grid: false }, `pairs of test image and run${isMany(rows) ? `, beside ${shown[0].reference}` : ""}`),
        marks: [
          Charts.barX(shown, { y: "name", x1: "x1", x2: "x2", fill: "shade", inset: 0.5 }),
          tipOf(shown, (row) => (row.x1 + row.x2) / 2, "name", (row) => `${row.word}: ${percent(row.x2 - row.x1)}`),
        ],
        color: { type: "identity" },
      };
    },
    keys: () => [["#a9abad", "both right"], ["#5f6265", "neither"], ["", "in a model’s colour: only this model right"]],
  },

  cost: {
    follows: ["model"],
    controls: (figure) => [
      choice(figure, "Cost", "cost", [["seconds_an_epoch", "Seconds an epoch"], ["parameters", "Parameters"], ["images_per_second", "Images a second"]]),
    ],
    plot: (rows, settings, state) => {
      const shown = rows
        .filter((row) => among(state.models, row.model))
        .map((row) => ({ ...row, x: number(row[settings.cost]), y: number(row.accuracy) }));
      // Names of the dots on the right stand left of them, where there is room.
      const most = Math.max(...shown.map((row) => row.x));
      return {
        x: label({ zero: true, grid: true }, settings.cost.replaceAll("_", " ")),
        y: share({}, "test accuracy"),
        marks: [
          Charts.ruleX(shown, { x: "x", y1: (row) => number(row.low), y2: (row) => number(row.high), stroke: colour, strokeWidth: 2 }),
          Charts.dot(shown, { x: "x", y: "y", fill: colour, ...symbolIn(shown), r: 6, stroke: "var(--paper)" }),
          ...(shown.length <= SEVERAL ? [false, true].map((right) =>
            Charts.text(shown.filter((row) => row.x > most / 2 === right), { x: "x", y: "y", text: "model", dx: right ? -10 : 10, textAnchor: right ? "end" : "start", fill: "currentColor" })) : []),
          tipOf(shown, "x", "y", (row) =>
            `${row.model}: ${percent(row.y, 2)}\n${Number(row.seconds_an_epoch).toFixed(2)} s an epoch, ${Math.round(row.images_per_second)} images/s\n${Number(row.parameters).toLocaleString("en")} parameters`),
        ],
      };
    },
  },
};

// As in `CORRUPTIONS` of data/corruptions.py, which a test compares.
const families = {
  noise: ["Gaussian noise", "shot noise", "impulse noise"],
  blur: ["defocus blur", "glass blur", "motion blur", "zoom blur"],
  weather: ["snow", "frost", "fog", "brightness"],
  digital: ["contrast", "elastic", "pixelate", "JPEG"],
};
charts.map = insideMap;

const notPlanned = { told: "These two models were not planned to be compared: see “Every two models”." };
const rowsOf = (names) => ({
  height: (names.length > SEVERAL ? 26 : 46) * Math.max(1, names.length) + 62,
  ...rowNames(names),
});

// Room for names beside their rows, of which the longest are shortened.
const rowNames = (names, longest = 30, least = 150) => ({
  marginLeft: Math.max(least, 16 + LETTER * Math.min(longest, Math.max(0, ...names.map((name) => name.length)))),
  y: { label: null, domain: names, tickFormat: (name) => (name.length > longest ? `${name.slice(0, longest - 1)}…` : name) },
});
const TRAINING = ["training", "Training"];
const VALIDATION = ["validation", "Validation"];

// What a run is called: of a cross-validation it is a fold; its tables of all images are of repetitions.
const runOf = (part, { isOfImages }) => (!data[part.dataset.dataset].crossed ? "seed" : isOfImages ? "repetition" : "fold");

// Dots with intervals, a line a class; of many those with the greatest sizes, and as many of those
// with the least where `both` ends are of interest.
function byClass(rows, settings, size, x, told, both = true) {
  const bySize = [...rows].sort((a, b) => size(b) - size(a));
  const all = [...new Set(bySize.map((row) => row.class))];
  const first = both ? MANY / 2 : MANY;
  const wanted = new Set(all.length <= MANY + 10 ? all : [...all.slice(0, first), ...all.slice(all.length - MANY + first)]);
  const shown = (settings.order === "size" ? bySize : rows).filter((row) => wanted.has(row.class));
  const names = [...new Set(shown.map((row) => row.class))];
  const models = [...new Set(shown.map((row) => row.model))];
  const shift = (model) => (models.length > 1 ? 8 * (models.indexOf(model) - (models.length - 1) / 2) : 0);
  return {
    height: Math.max(20, 13 * models.length) * Math.max(2, names.length) + 60,
    ...rowNames(names, 20, 130),
    x,
    marks: [
      ...(x.tickFormat && rows.some((row) => row.low < 0 || row.size < 0) ? [Charts.ruleX([0], { stroke: "var(--axis)" })] : []),
      ...models.flatMap((model) => {
        const its = shown.filter((row) => row.model === model);
        return [
          Charts.ruleY(its, { y: "class", x1: "low", x2: "high", filter: (row) => !Number.isNaN(row.low), stroke: colour, strokeWidth: 2, dy: shift(model) }),
          Charts.dot(its, { y: "class", x: "size", fill: colour, ...symbolIn(shown), r: 4, dy: shift(model) }),
        ];
      }),
      tipOf(shown, "size", "class", told),
    ],
  };
}

// A text in lines of at most so many letters, unless a word is longer.
function broken(text, letters) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line && line.length + 1 + word.length > letters) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}

// A figure on the page: its chart in place of the drawing.

class TouchedFigure {
  constructor(figure, text) {
    this.figure = figure;
    this.chart = charts[figure.dataset.figure];
    this.rows = tableOf(text);
    this.settings = {};
    this.part = figure.closest("[data-dataset]");
    this.place = figure.querySelector(".chart");
    figure.dataset.follows = (this.chart.follows ?? ["model", "seed", "class"]).join(" ");
    this.run = runOf(this.part, this.chart);
    const controls = element("div", "choices");
    controls.append(...(this.chart.controls?.(this, this.rows) ?? []).filter(Boolean));
    const save = element("button", "save", "Save as CSV");
    save.type = "button";
    save.addEventListener("click", () => saveText(text, `${figure.dataset.figure}.csv`));
    controls.append(save);
    this.place.before(controls);
    this.keys = element("p", "keys note");
    this.place.after(this.keys);
    figure.classList.add("charted");
  }

  draw() {
    const width = this.place.clientWidth;
    if (!width) return;
    const state = { ...chosen(this.part), run: this.run };
    const { marks, told, ...options } = this.chart.plot(this.rows, this.settings, state, width, this);
    if (told) {
      this.place.replaceChildren(element("p", "note", told));
      this.keys.replaceChildren();
      return;
    }
    const { marginLeft = 80, marginRight = 24, x } = options;
    const lines = broken(x?.label ?? "", (width - marginLeft - marginRight + 2 * Math.min(marginLeft, marginRight)) / LETTER);
    const more = 12 * (lines.length - 1);
    const plot = Charts.plot({
      width,
      marginLeft,
      marginRight,
      marginBottom: 44 + more,
      insetRight: SMALL,
      insetLeft: SMALL,
      style: { background: "none", color: "inherit", fontFamily: "inherit", fontSize: "12px", overflow: "visible" },
      ariaLabel: this.figure.querySelector(".drawing").getAttribute("aria-label"),
      ...options,
      height: (options.height ?? 340) + more,
      x: x && { ...x, label: x.label && lines.join("\n") },
      marks: marks.filter(Boolean),
    });
    plot.setAttribute("role", "img");
    // A group without a role may have no label.
    for (const group of all("g[aria-label]", plot)) {
      group.dataset.mark = group.getAttribute("aria-label");
      group.removeAttribute("aria-label");
    }
    this.place.replaceChildren(plot);
    this.chart.drawn?.(this, plot, state);
    this.writeKeys(state);
  }

  writeKeys(state) {
    const named = this.rows.flatMap((row) => (this.chart.isOfPairs ? [row.reference, row.model] : [row.model]));
    const wanted = this.chart.models?.(state) ?? (this.chart.isLit ? state.lit : state.models);
    const models = [...new Set(named)].filter((model) => among(wanted, model));
    const others = this.chart.isLit && !state.models ? new Set(named).size - models.length : 0;
    const keyed = this.chart.hasNames && models.length > SEVERAL ? [] : models;
    this.keys.replaceChildren(
      ...keyed.slice(0, MANY).map((model) => key(colourOf.get(model), model, turnOf.get(model))),
      ...(this.chart.keys?.(this.rows, this) ?? []).map(([look, text]) => key(look, text)),
      ...(others ? [key("", `${others} more: choose two above to see them`)] : []),
    );
  }
}

function key(look, text, turns = 0) {
  const entry = element("span", "key");
  if (look) {
    const swatch = element("i", look.startsWith("#") ? `swatch turn-${turns % DASHES.length}` : `dash ${look}`);
    if (look.startsWith("#")) swatch.style.background = look;
    entry.append(swatch);
  }
  entry.append(text);
  return entry;
}

function saveText(text, name) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const touched = [];
for (const figure of all("figure[data-figure]")) {
  const text = figureData.files[figure.closest("[data-dataset]").dataset.dataset]?.[figure.dataset.figure];
  if (text !== undefined && figure.dataset.figure in charts) touched.push(new TouchedFigure(figure, text));
}

function drawShown() {
  for (const figure of touched) if (figure.figure.offsetParent) figure.draw();
}

document.addEventListener("shown", drawShown);
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  drawShown();
});
