// Draws the charts of a page from the JSON in it. Names in it are data: they are set as text, or escaped for Plotly,
// which reads a few tags in the text that it draws.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse), (max-width: 40rem)"); // where a drag scrolls the page
  const narrow = matchMedia("screen and (max-width: 40rem)");
  // Pixels: the width is what A4 and Letter leave beside the margins in page.css, the heights are as there.
  const PAPER = { width: 670, height: 240 }, TALL_PAPER = { width: 670, height: 330 };
  const MOST_MARKED = 40; // with more cutoffs than this, lines that mark them would hide the rest
  const format = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

  const escaped = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const number = (value) => (value === null || value === undefined ? "–" : format.format(value));
  const clamp = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

  // What is shown ----------------------------------------------------------------------------------------------------

  const chosenSeries = () => data.series[Number(byId("series").value)];
  const chosenModels = () => [...document.querySelectorAll('[name="model"]:checked')].map((box) => Number(box.value));
  const times = (series) => data.calendars[series.calendar];

  function chosenCuts(series) {
    const choice = byId("cutoff")?.value ?? "last";
    if (choice === "all") return series.cuts;
    return [series.cuts[choice === "last" ? series.cuts.length - 1 : Number(choice)]];
  }

  const steps = (cut) => cut.fans.find((fan) => fan !== null)?.[0].length ?? 0;

  /** The part of the series that the chart shows: a tail of history (half of it on a phone), and what follows. */
  function reach(cuts) {
    const last = cuts[cuts.length - 1], tail = narrow.matches ? Math.ceil(data.tail / 2) : data.tail;
    return [Math.max(0, cuts[0].at - tail), last.at + steps(last)];
  }

  // Traces -----------------------------------------------------------------------------------------------------------

  function style() {
    const computed = getComputedStyle(document.documentElement);
    const colour = (name) => computed.getPropertyValue(name).trim();
    return { ink: colour("--ink"), muted: colour("--muted"), past: colour("--past"), came: colour("--came"),
      line: colour("--line"), surface: colour("--surface"), family: getComputedStyle(document.body).fontFamily };
  }

  const shade = (hex, alpha) => `rgba(${[1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).join(",")},${alpha})`;

  function line(x, y, name, colour, dash, more) {
    const look = { color: colour, dash, width: 2 };
    return { type: "scatter", mode: "lines", x, y, name: escaped(clamp(name, 40)), line: look, ...more };
  }

  /** Dots on a line of few steps: of one step alone a line shows nothing. */
  const dots = (x) => (x.length < 19 ? { mode: "lines+markers", marker: { size: 5 } } : {});

  /** A band as closed shapes, one for each stretch between gaps. */
  function band(x, low, high, colour) {
    const xs = [], ys = [];
    for (let from = 0; from < x.length; from++) {
      let to = from;
      while (to < x.length && low[to] !== null && high[to] !== null) to++;
      if (to === from) continue;
      xs.push(...x.slice(from, to), ...x.slice(from, to).reverse(), null);
      ys.push(...high.slice(from, to), ...low.slice(from, to).reverse(), null);
      from = to;
    }
    const fillcolor = shade(colour, 0.18);
    const edge = { color: fillcolor, width: 1 }; // it shows a band of one step, which has no area
    return line(xs, ys, "", fillcolor, "solid", { line: edge, fill: "toself", fillcolor, hoverinfo: "skip" });
  }

  const interval = (fan, level, step) => {
    const [low, high] = [fan[1 + level][0][step], fan[1 + level][1][step]];
    return low === null || high === null ? "–" : `${number(low)} to ${number(high)}`;
  };

  // One trace holds the forecasts from every cutoff, a gap between them: thousands of traces would take minutes.
  const joined = (cuts, part) => cuts.flatMap((cut) => [...part(cut), null]);
  const ahead = (series, cut) => times(series).slice(cut.at, cut.at + steps(cut));

  function bandTraces(series, cuts, m) {
    const x = joined(cuts, (cut) => ahead(series, cut));
    const bound = (i, end) => joined(cuts, (cut) => cut.fans[m][1 + i][end]);
    return data.levels.map((_, i) => band(x, bound(i, 0), bound(i, 1), data.models[m].colour));
  }

  function lineTrace(series, cuts, m) {
    const model = data.models[m];
    const label = (cut) => cut.fans[m][0].map((value, step) => [number(value),
      ...data.levels.map((level, i) => `${level} %: ${interval(cut.fans[m], i, step)}`)].join("<br>  "));
    const x = joined(cuts, (cut) => ahead(series, cut)), y = joined(cuts, (cut) => cut.fans[m][0]);
    const more = { ...dots(ahead(series, cuts[0])), text: joined(cuts, label), hoverinfo: "x+text+name" };
    return line(x, y, model.name, model.colour, model.dash, more);
  }

  // One label at a time (hovermode "closest" below): a common one would put values of different times side by side, as
  // what came and forecasts do not begin at the same time.
  /** Bands, then what is known, then forecasts: no line lies under a band. */
  function fanTraces(series, cuts, models, look) {
    const there = models.map((m) => [cuts.filter((cut) => cut.fans[m] !== null), m]).filter(([some]) => some.length);
    return [...there.flatMap(([some, m]) => bandTraces(series, some, m)), ...knownTraces(series, cuts, look),
      ...there.map(([some, m]) => lineTrace(series, some, m))];
  }

  function knownTraces(series, cuts, look) {
    const [from, to] = reach(cuts), at = cuts[0].at, x = times(series);
    const part = (start, end, name, color, width) =>
      line(x.slice(start, end), series.values.slice(start, end), name, color, "solid", { line: { color, width } });
    const past = part(from, at, "history", look.past, 1.5);
    const came = part(at - 1, to, "what came", look.came, 2); // from the cutoff on, so that the line has no gap there
    return series.values.slice(at, to).some((value) => value !== null) ? [past, came] : [past];
  }

  // Charts -----------------------------------------------------------------------------------------------------------

  function layout(look, xTitle, yTitle, more) {
    const axis = { gridcolor: look.line, linecolor: look.line, zerolinecolor: look.line, automargin: true };
    return {
      paper_bgcolor: look.surface, plot_bgcolor: look.surface, font: { color: look.ink, size: 13, family: look.family },
      margin: { l: 50, r: 14, t: 10, b: 44 }, showlegend: false, hovermode: "x unified", hoverdistance: 60,
      hoverlabel: { bgcolor: look.surface, bordercolor: look.line, namelength: 24,
        font: { color: look.ink, family: look.family } },
      dragmode: coarse.matches ? false : "zoom",
      ...(printing() ? PAPER : { autosize: true }),
      ...more,
      xaxis: { ...axis, title: { text: escaped(xTitle) }, ...more?.xaxis },
      yaxis: { ...axis, title: { text: escaped(yTitle) }, ...more?.yaxis },
    };
  }

  const config = { displayModeBar: false, responsive: true, displaylogo: false };
  const printing = () => document.documentElement.classList.contains("printing");
  const draw = (id, traces, look) => Plotly.react(byId(id), traces, look, config);

  function drawFan() {
    const series = chosenSeries(), cuts = chosenCuts(series), models = chosenModels(), look = style();
    const traces = fanTraces(series, cuts, models, look);
    const marked = cuts.length > MOST_MARKED ? [] : cuts.map((cut) => times(series)[cut.at - 1]);
    const dotted = { color: look.muted, width: 1, dash: "dot" };
    const upright = { type: "line", xref: "x", yref: "paper", y0: 0, y1: 1, line: dotted };
    const shapes = marked.map((x) => ({ ...upright, x0: x, x1: x }));
    const more = { shapes, xaxis: { type: data.axis }, hovermode: "closest", ...(printing() ? TALL_PAPER : {}) };
    draw("fan", traces, layout(look, data.time, data.targets[series.order % data.targets.length], more));
    describe(series, cuts, models);
    if (byId("fan-data").open) tabulate(series, cuts, models);
  }

  function describe(series, cuts, models) {
    const names = models.map((m) => data.models[m].name).join(", ") || "no model";
    const [first, ...others] = cuts.map((cut) => times(series)[cut.at - 1]);
    const last = others[others.length - 1];
    const from = others.length ? `${cuts.length} cutoffs, ${first} to ${last}` : `the cutoff ${first}`;
    const label = series.label ? ` (${series.label})` : "";
    const error = series.error === null ? "" : `, ${data.measure} of ${data.judge} ${number(series.error)}`;
    const earlier = series.leftOut ? ` ${series.leftOut} earlier cutoffs are not in this page.` : "";
    byId("fan-caption").textContent = `Series ${series.id}${label}${error}. Forecasts from ${from}.${earlier}`;
    const said = `Chart of series ${series.id}: its history, and forecasts of ${names} from ${from}.`;
    byId("fan").setAttribute("aria-label", `${said} The table below has its numbers.`);
    for (const item of document.querySelectorAll("#fan-legend [data-model]")) {
      item.hidden = !models.includes(Number(item.dataset.model));
    }
  }

  function drawSteps() {
    if (!data.steps) return;
    const look = style();
    const known = (values) => values.some((value) => value !== null);
    const lines = (values) => data.models.map((model, m) => [model, values[m]]).filter(([, y]) => known(y)).map(
      ([model, y]) => line(y.map((_, i) => i + 1), y, model.name, model.colour, model.dash, dots(y)));
    const frame = (title, more) => layout(look, "steps ahead", title, { xaxis: { tickformat: "d" }, ...more });
    draw("error", lines(data.steps.error), frame(data.measure, { yaxis: { rangemode: "tozero" } }));
    data.levels.forEach((level, i) => {
      if (!byId(`coverage-${i}`)) return;
      const nominal = { color: look.muted, width: 2, dash: "3px,3px" };
      const shapes = [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: level, y1: level, line: nominal }];
      const layout = frame("percent within", { shapes, yaxis: { range: [0, 105] } });
      draw(`coverage-${i}`, lines(data.steps.coverage[i]), layout);
    });
  }

  function drawAll() {
    drawFan();
    drawSteps();
  }

  // The table beside the chart ---------------------------------------------------------------------------------------

  function element(tag, text, more) {
    return Object.assign(document.createElement(tag), { textContent: text }, more);
  }

  function tabulate(series, cuts, models) {
    const heads = [["Cutoff", ""], [data.time, ""], ["What came", "number"]];
    for (const m of models) {
      const { name } = data.models[m];
      heads.push([name, "number"], ...data.levels.map((level) => [`${name}, ${level} %`, "number"]));
    }
    const rows = cuts.flatMap((cut) => Array.from({ length: steps(cut) }, (_, step) => row(series, cut, models, step)));
    const table = byId("fan-table");
    table.caption.textContent = byId("fan-caption").textContent;
    const head = document.createElement("tr");
    head.append(...heads.map(([text, className]) => element("th", text, { scope: "col", className })));
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...rows);
  }

  function row(series, cut, models, step) {
    const made = document.createElement("tr"), at = cut.at + step;
    const cells = models.flatMap((m) => cut.fans[m] === null ? ["–", ...data.levels.map(() => "–")] :
      [number(cut.fans[m][0][step]), ...data.levels.map((_, i) => interval(cut.fans[m], i, step))]);
    made.append(element("td", times(series)[cut.at - 1]), element("th", times(series)[at], { scope: "row" }));
    made.append(...[number(series.values[at]), ...cells].map((text) => element("td", text, { className: "number" })));
    return made;
  }

  // Controls ---------------------------------------------------------------------------------------------------------

  function option(series, i) {
    const error = series.error === null ? "" : ` (${data.measure} ${number(series.error)})`;
    return element("option", (series.label ? `${series.label}: ` : "") + clamp(series.id, 60) + error, { value: i });
  }

  function fillSeries() {
    const all = data.series.map((series, i) => [series, i]);
    const rest = all.filter(([series]) => !series.label);
    // The worst first; where there are no errors the order of the data, which is not the order of the page.
    rest.sort(([one], [other]) => (other.error ?? -1) - (one.error ?? -1) || one.order - other.order);
    const ordered = [...all.filter(([series]) => series.label), ...rest];
    byId("series").replaceChildren(...ordered.map(([series, i]) => option(series, i)));
    const start = data.series.findIndex((series) => series.label.startsWith("asked for"));
    const median = data.series.findIndex((series) => series.label.includes("median"));
    byId("series").value = String(Math.max(start >= 0 ? start : median, 0));
    byId("find-box").hidden = data.series.length <= 12;
    byId("names").replaceChildren(...data.series.map((series) => element("option", "", { value: series.id })));
  }

  function fillCutoffs() {
    const select = byId("cutoff");
    if (!select) return;
    const series = chosenSeries(), before = select.value, last = series.cuts.length - 1;
    const time = (cut) => times(series)[cut.at - 1];
    select.replaceChildren(element("option", `${time(series.cuts[last])} (last cutoff)`, { value: "last" }));
    if (last > 0) select.append(element("option", `all ${last + 1} cutoffs`, { value: "all" }));
    for (let i = last - 1; i >= 0; i--) select.append(element("option", String(time(series.cuts[i])), { value: i }));
    select.value = before === "all" && last > 0 ? "all" : "last";
  }

  function find() {
    const text = byId("find").value.trim().toLowerCase();
    const ids = data.series.map((series) => series.id.toLowerCase());
    const exact = ids.indexOf(text);
    const place = exact >= 0 ? exact : ids.findIndex((id) => id.includes(text));
    byId("found").textContent = text && place < 0 ? "This page has no such series." : "";
    if (!text || place < 0) return;
    byId("series").value = String(place);
    changeSeries();
  }

  function changeSeries() {
    fillCutoffs();
    drawFan();
  }

  // Sorting ----------------------------------------------------------------------------------------------------------

  function sortable(table) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = element("button", head.textContent, { type: "button" });
      button.addEventListener("click", () => sort(table, head, place));
      head.replaceChildren(button);
    });
  }

  function sort(table, head, place) {
    const down = head.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1;
    const key = (tr) => tr.cells[place].dataset.value ?? tr.cells[place].textContent.trim();
    const rows = [...table.tBodies[0].rows], words = rows[0]?.cells[place].dataset.value === undefined;
    rows.sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === "" || b === "") return (a === "") - (b === ""); // what has no value is last either way
      return sign * (words ? a.localeCompare(b) : Number(a) - Number(b));
    });
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  }

  // Start ------------------------------------------------------------------------------------------------------------

  function print(on) {
    if (printing() === on) return;
    document.documentElement.classList.toggle("printing", on);
    drawAll();
  }

  fillSeries();
  fillCutoffs();
  byId("series").addEventListener("change", changeSeries);
  byId("find").addEventListener("change", find);
  byId("cutoff")?.addEventListener("change", drawFan);
  byId("fan-data").addEventListener("toggle", drawFan);
  for (const box of document.querySelectorAll('[name="model"]')) box.addEventListener("change", drawFan);
  for (const table of document.querySelectorAll(".sortable")) sortable(table);
  dark.addEventListener("change", drawAll);
  narrow.addEventListener("change", drawAll);
  matchMedia("print").addEventListener("change", (event) => print(event.matches));
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  drawAll();
})();
