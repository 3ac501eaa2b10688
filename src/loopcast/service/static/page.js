"use strict";
/* The page of `loopcast serve`: a file in, a forecast out, and streams as they go. It asks its own server, nobody else. */

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function make(tag, props = {}, ...children) {
  const found = Object.assign(document.createElement(tag), props);
  found.append(...children);
  return found;
}

function draw(tag, attributes, text) {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  if (text !== undefined) found.textContent = text;
  return found;
}

const short = (value) => (value === null || value === undefined ? "none" : typeof value === "number" ? String(Number(value.toPrecision(5))) : String(value));

/* ---- The server ---- */

async function ask(path, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) {
    await login(token);
    return ask(path, options);
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => ({ detail: answer.statusText }));
  return Object.assign(new Error(told.detail), told);
}

const json = async (path, options) => (await ask(path, options)).json();

let asking = null;

function login(old) {
  asking ??= new Promise((resolve) => {
    $("login-said").textContent = old ? "The last one is not known here, or has ended." : "loopcast token NAME makes one.";
    $("login").showModal();
    $("login").addEventListener("close", () => {
      sessionStorage.setItem("token", $("token").value.trim());
      $("token").value = "";
      asking = null;
      resolve();
    }, { once: true });
  });
  return asking;
}

async function follow(path, take, signal) {
  const answer = await ask(path, { signal, headers: { Accept: "text/event-stream" } });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const line = part.split("\n").find((each) => each.startsWith("data: "));
      if (line) take(JSON.parse(line.slice(6)));
    }
  }
}

/* ---- Charts ---- */

function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 2.5, 5, 10].reduce((best, each) => (Math.abs(each * size - rough) < Math.abs(best * size - rough) ? each : best));
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

const clock = (time) => String(time).replace("T", " ").replace(/(:00)?(Z|\+00:00)$/, "");
const known = (values) => (values ?? []).filter((each) => each !== null);

class Chart {
  constructor(place) {
    this.svg = draw("svg", { class: "plot", role: "img" });
    this.slider = make("input", { type: "range", min: 0, step: 1 });
    this.readout = make("p", { className: "readout" });
    this.legend = make("ul", { className: "legend" });
    this.caption = make("figcaption");
    this.table = make("div", { className: "scroll", tabIndex: 0 });
    this.details = make("details", {}, make("summary", { textContent: "The numbers of this chart" }), this.table);
    place.replaceChildren(make("figure", {}, this.caption, this.svg, this.slider, this.readout, this.legend), this.details);
    this.slider.setAttribute("aria-label", "Step of the chart");
    this.slider.addEventListener("input", () => this.point(Number(this.slider.value)));
    this.details.addEventListener("toggle", () => this.numbers());
    const move = (event) => this.chart && this.point(this.stepAt(event.clientX - this.svg.getBoundingClientRect().left));
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerdown", move);
    new ResizeObserver(() => this.chart && this.paint()).observe(this.svg);
  }

  show(chart, follow = false) {
    this.chart = chart;
    this.caption.textContent = chart.id;
    this.slider.max = Math.max(0, chart.times.length - 1);
    this.paint();
    this.name();
    this.key();
    if (follow || this.at === undefined || this.at >= chart.times.length) this.point(this.first());
    else this.point(this.at);
    this.numbers();
  }

  first() {
    const ahead = this.chart.lines.findIndex((line) => line.values);
    const begin = ahead < 0 ? -1 : this.chart.lines[ahead].values.findIndex((each, i) => each !== null && this.chart.values[i] === null);
    return begin < 0 ? this.chart.times.length - 1 : begin;
  }

  paint() {
    const { chart, svg } = this;
    const { width, height } = svg.getBoundingClientRect();
    if (!width) return;
    const every = [...known(chart.values), ...chart.lines.flatMap((line) => [...known(line.values), ...line.bands.flatMap((band) => [...known(band.low), ...known(band.high)])])];
    let low = every.reduce((a, b) => Math.min(a, b), Infinity), high = every.reduce((a, b) => Math.max(a, b), -Infinity);
    if (!every.length) [low, high] = [0, 1];
    const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
    [low, high] = [low - room, high + room];
    const marks = ticks(low, high, Math.max(3, Math.round(height / 70)));
    const left = Math.max(...marks.map((each) => short(each).length)) * 7.2 + 12, right = 10, top = 8, bottom = 26;
    this.x = (i) => left + ((width - left - right) * (i + 0.5)) / chart.times.length;
    this.y = (value) => top + ((height - top - bottom) * (high - value)) / (high - low);
    this.stepAt = (x) => Math.min(chart.times.length - 1, Math.max(0, Math.round(((x - left) / (width - left - right)) * chart.times.length - 0.5)));
    const parts = [];
    for (const each of marks) {
      parts.push(draw("line", { class: "grid", x1: left, x2: width - right, y1: this.y(each), y2: this.y(each) }));
      parts.push(draw("text", { x: left - 6, y: this.y(each) + 4, "text-anchor": "end" }, short(each)));
    }
    parts.push(...this.dates(left, width - right, height));
    chart.lines.forEach((line) => [...line.bands].sort((a, b) => b.level - a.level).forEach((band) => parts.push(...this.band(band))));
    parts.push(...this.line(chart.values, "past"));
    chart.lines.forEach((line) => line.values && parts.push(...this.line(line.values, "ahead")));
    for (const i of chart.marks) if (chart.values[i] !== null) parts.push(draw("circle", { class: "mark", cx: this.x(i), cy: this.y(chart.values[i]), r: 5.5 }));
    this.cursor = draw("line", { class: "cursor", y1: top, y2: height - bottom });
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(...parts, this.cursor);
    if (this.at !== undefined) this.mark();
  }

  dates(from, to, height) {
    const { times } = this.chart;
    const wide = 7 * Math.max(...times.slice(0, 50).map((each) => String(each).length)) + 24;
    const count = Math.max(2, Math.min(6, Math.floor((to - from) / wide), times.length));
    const at = times.length === 1 ? [0] : Array.from({ length: count }, (_, k) => Math.round((k * (times.length - 1)) / (count - 1)));
    return at.map((i, k) => {
      const anchor = k === 0 ? "start" : k === count - 1 ? "end" : "middle";
      return draw("text", { x: k === 0 ? from : k === count - 1 ? to : this.x(i), y: height - 6, "text-anchor": anchor }, times[i]);
    });
  }

  runs(values) {
    const found = [];
    values.forEach((each, i) => {
      if (each === null) return;
      if (i && values[i - 1] !== null && found.length) found.at(-1).push(i);
      else found.push([i]);
    });
    return found;
  }

  line(values, kind) {
    return this.runs(values).map((run) =>
      run.length === 1
        ? draw("circle", { class: kind === "past" ? "dot" : "ahead", cx: this.x(run[0]), cy: this.y(values[run[0]]), r: 2 })
        : draw("polyline", { class: kind, points: run.map((i) => `${this.x(i).toFixed(1)},${this.y(values[i]).toFixed(1)}`).join(" ") }));
  }

  band(band) {
    const half = this.x(1) - this.x(0);
    return this.runs(band.low.map((each, i) => (band.high[i] === null ? null : each))).map((run) => {
      const side = (ends) => [[this.x(run[0]) - half / 2, ends[run[0]]], ...run.map((i) => [this.x(i), ends[i]]), [this.x(run.at(-1)) + half / 2, ends[run.at(-1)]]];
      const points = [...side(band.high), ...side(band.low).reverse()];
      return draw("polygon", { class: "band", points: points.map(([x, value]) => `${x.toFixed(1)},${this.y(value).toFixed(1)}`).join(" ") });
    });
  }

  name() {
    const { chart } = this;
    const past = known(chart.values), ahead = chart.lines.map((line) => known(line.values)).find((each) => each.length);
    const end = ahead ? `, ${chart.lines[0].name} to ${short(ahead.at(-1))} at ${chart.times.at(-1)}` : "";
    const strange = chart.marks.length ? `, ${chart.marks.length} rows stand out` : "";
    this.svg.setAttribute("aria-label", `Chart of ${chart.id} from ${chart.times[0]}: last known value ${short(past.at(-1))}${end}${strange}. The slider below reads it step by step.`);
  }

  key() {
    const line = (kind) => draw("line", { class: kind, x1: 1, x2: 25, y1: 6, y2: 6 });
    const entry = (shape, text) => {
      const svg = draw("svg", { class: "plot", viewBox: "0 0 26 12", "aria-hidden": "true" });
      svg.append(shape);
      return make("li", {}, svg, text);
    };
    const items = [entry(line("past"), "known")];
    for (const each of this.chart.lines) {
      if (each.values) items.push(entry(line("ahead"), each.name));
      const wide = each.bands.map((band) => band.level).sort((a, b) => b - a);
      for (const band of each.bands) items.push(entry(this.swatch(wide.indexOf(band.level) + 1), `${band.level} % interval`));
    }
    if (this.chart.marks.length) items.push(entry(draw("circle", { class: "mark", cx: 13, cy: 6, r: 4.5 }), "stands out"));
    this.legend.replaceChildren(...items);
  }

  swatch(layers) {
    const group = draw("g", {});
    for (let k = 0; k < layers; k++) group.append(draw("rect", { class: "band", x: 1, y: 1, width: 24, height: 10 }));
    return group;
  }

  text(i) {
    const { chart } = this;
    const parts = chart.values[i] === null ? [] : [`known ${short(chart.values[i])}`];
    for (const line of chart.lines) {
      if (line.values && line.values[i] !== null) parts.push(`${line.name} ${short(line.values[i])}`);
      for (const band of line.bands) if (band.low[i] !== null) parts.push(`${band.level} %: ${short(band.low[i])} to ${short(band.high[i])}`);
    }
    if (chart.marks.includes(i)) parts.push("stands out");
    return `${chart.times[i]}: ${parts.join(", ") || "missing"}`;
  }

  point(i) {
    this.at = i;
    this.slider.value = i;
    this.slider.setAttribute("aria-valuetext", this.text(i));
    this.readout.textContent = this.text(i);
    this.mark();
  }

  mark() {
    this.cursor?.setAttribute("x1", this.x(this.at));
    this.cursor?.setAttribute("x2", this.x(this.at));
  }

  numbers() {
    if (!this.details.open) return;
    const { chart } = this;
    const columns = [["known", chart.values], ...chart.lines.flatMap((line) => [...(line.values ? [[line.name, line.values]] : []), ...line.bands.flatMap((band) => [[`low ${band.level} %`, band.low], [`high ${band.level} %`, band.high]])])];
    const rows = chart.times.map((time, i) => ({ time, ...Object.fromEntries(columns.map(([name, values]) => [name, values[i]])) }));
    this.table.replaceChildren(tableOf(rows, `Numbers of ${chart.id}`));
  }
}

function tableOf(rows, caption, best) {
  const names = Object.keys(rows[0] ?? {}).filter((name) => rows.some((row) => row[name] !== null && row[name] !== undefined));
  const numeric = new Set(names.filter((name) => rows.some((row) => typeof row[name] === "number")));
  const cell = (value) => (value === null || value === undefined ? "–" : typeof value === "number" ? short(value) : String(value));
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col", textContent: name, className: numeric.has(name) ? "number" : "" })));
  const body = rows.map((row, i) => make("tr", { className: i === best ? "best" : "" }, ...names.map((name, k) =>
    make(k === 0 ? "th" : "td", { ...(k === 0 ? { scope: "row" } : {}), textContent: cell(row[name]), className: numeric.has(name) ? "number" : "" }))));
  return make("table", {}, make("caption", { textContent: caption }), make("thead", {}, head), make("tbody", {}, ...body));
}

const scrolling = (table, label) => {
  const box = make("div", { className: "scroll", tabIndex: 0 }, table);
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
  return box;
};

/* ---- A file: what is in it ---- */

const ROLES = { time: "time", id: "id", target: "target", past_covariates: "known up to now", static: "the same within a series", "": "not used" };
const WRITTEN = {
  separator: ["Between fields", ""], decimal: ["Decimal", "."], thousands: ["Between thousands", ""], encoding: ["Encoding", "utf-8"],
  time_format: ["Times, such as %d.%m.%Y", ""], na: ["Stands for missing", ""], sheet: ["Sheet", ""], skip_rows: ["Lines before the table", ""],
  layout: ["Layout: long or wide", "long"], resample: ["One row for each", ""], aggregate: ["By: mean, sum, last, ...", ""], gaps: ["Times left out: error or insert", "error"],
};
const FLAGS = { strip: ["Spaces around fields are no part of them", false], header: ["The first line names the columns", true] };
const state = { file: null, options: {}, look: null };

async function take(file) {
  if (!file) return;
  Object.assign(state, { file, options: {}, look: null });
  $("reading").open = false;
  await look();
}

function form(options) {
  const body = new FormData();
  body.append("file", state.file, state.file.name);
  for (const [name, value] of Object.entries(options)) body.append(name, value);
  return body;
}

async function look() {
  say(`Looking at ${state.file.name} ...`);
  try {
    state.look = await json("/v1/look", { method: "POST", body: form(state.options) });
  } catch (problem) {
    for (const id of ["seen", "ask"]) $(id).hidden = true;
    return say(problem.message, true);
  }
  state.options = { ...state.look.options, ...state.options };
  showLook();
}

function say(text, failed = false) {
  $("said").textContent = text;
  $("said").className = failed ? "failed" : "";
}

function showLook() {
  const { look: found } = state;
  const readable = found.next !== null;
  say(readable ? `${state.file.name} can be read.` : `No way was found to read it: ${found.why_not}. Say below what is what.`, !readable);
  const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 || word === "series" ? "" : "s"}`;
  $("seen-facts").textContent = readable
    ? `${counted(found.series, "series")}, ${counted(found.rows, "row")} from ${found.first} to ${found.last}, frequency ${found.frequency}; ${counted(found.missing, "value")} missing.` : "";
  $("seen-notes").replaceChildren(...[...(found.written.length ? [`Written with: ${found.written.join(", ")}.`] : []), ...found.notes].map((each) => make("li", { textContent: each })));
  $("columns").tBodies[0].replaceChildren(...Object.entries(found.columns).map(([name, role]) => {
    const select = make("select", {}, ...Object.entries(ROLES).map(([value, text]) => make("option", { value, textContent: text, selected: value === roleOf(name, role) })));
    select.setAttribute("aria-label", `Take ${name} as`);
    select.addEventListener("change", () => changeRole(name, select.value));
    return make("tr", {}, make("th", { scope: "row", textContent: name }), make("td", { textContent: role }), make("td", {}, select));
  }));
  $("written").replaceChildren(...Object.entries(WRITTEN).map(([name, [text, usual]]) => field(name, text, usual)), ...Object.entries(FLAGS).map(([name, [text, usual]]) => flag(name, text, usual)));
  $("seen").hidden = false;
  $("reading").open ||= !readable;
  $("ask").hidden = !readable;
  if (readable) $("horizon").value = found.horizon;
}

const names = (option) => (state.options[option] ?? "").split(",").filter(Boolean);

function roleOf(name, seems) {
  for (const option of ["past_covariates", "static"]) if (names(option).includes(name)) return option;
  return ["time", "id", "target"].includes(seems) ? seems : seems === "series" ? "target" : "";
}

function changeRole(name, role) {
  const roles = Object.entries(state.look.columns).map(([each, seems]) => [each, each === name ? role : roleOf(each, seems)]);
  for (const option of ["time", "id", "target", "past_covariates", "static"]) {
    const those = roles.filter(([, each]) => each === option).map(([each]) => each);
    if (those.length) state.options[option] = (option === "id" ? those.slice(-1) : those).join(",");
    else delete state.options[option];
  }
  look();
}

function field(name, text, usual) {
  const input = make("input", { type: "text", id: `written-${name}`, value: state.options[name] ?? usual });
  input.addEventListener("change", () => {
    if (input.value === "" || input.value === usual) delete state.options[name];
    else state.options[name] = input.value;
    if (Boolean(state.options.resample) === Boolean(state.options.aggregate)) look();
  });
  return make("div", { className: "control" }, make("label", { htmlFor: input.id, textContent: text }), input);
}

function flag(name, text, usual) {
  const input = make("input", { type: "checkbox", checked: String(state.options[name] ?? usual) === "true" });
  input.addEventListener("change", () => {
    state.options[name] = input.checked;
    look();
  });
  return make("fieldset", {}, make("label", {}, input, text));
}

/* ---- A task: options, progress, result ---- */

const VERBS = { forecast: "Forecast", backtest: "Compare", impute: "Fill gaps", anomalies: "Find anomalies" };
const task = () => document.querySelector("[name=task]:checked").value;

function showTask() {
  for (const each of document.querySelectorAll("[data-for]")) {
    each.hidden = !each.dataset.for.split(" ").includes(task());
    for (const input of each.querySelectorAll("input, select")) input.disabled = each.hidden;
  }
  $("go").textContent = VERBS[task()];
}

function asked() {
  const own = {
    forecast: () => ({ horizon: $("horizon").value, model: $("model").value, level: $("level").value }),
    backtest: () => ({ horizon: $("horizon").value, n_windows: $("windows").value, level: $("level").value }),
    impute: () => ({ level: $("fill-level").value }),
    anomalies: () => ({ level: $("strange-level").value }),
  }[task()]();
  const read = Object.fromEntries(Object.entries(state.options).filter(([name]) => !(["past_covariates", "static"].includes(name) && ["impute", "anomalies"].includes(task()))));
  return { ...read, ...own, ...($("season").value ? { season: $("season").value } : {}) };
}

async function begin(event) {
  event.preventDefault();
  $("go").disabled = true;
  try {
    const job = await json(`/v1/jobs?task=${task()}`, { method: "POST", body: form(asked()) });
    say("");
    location.hash = `job=${job.id}`;
  } catch (problem) {
    say(problem.message, true);
    $("said").scrollIntoView({ block: "center" });
  } finally {
    $("go").disabled = false;
  }
}

let watched = null;

async function watch(id) {
  watched?.abort();
  watched = new AbortController();
  const { signal } = watched;
  $("result").hidden = true;
  $("work").hidden = false;
  $("doing").className = "";
  $("cancel").hidden = false;
  $("cancel").onclick = () => ask(`/v1/jobs/${id}`, { method: "DELETE" }).catch((problem) => ($("doing").textContent = problem.message));
  let last = null;
  while (!signal.aborted) {
    try {
      await follow(`/v1/jobs/${id}/events`, (job) => showProgress((last = job)), signal);
      break;
    } catch (problem) {
      if (signal.aborted) return;
      if (problem.status) return stopped(problem.message);
      $("doing").textContent = "The server does not answer; trying again ...";
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
  if (signal.aborted || !last) return;
  if (last.state === "done") await showResult(last);
  else stopped(last.state === "cancelled" ? "Cancelled." : last.problem.detail);
}

function stopped(text) {
  $("work-title").textContent = "Nothing came of it";
  $("bar").hidden = $("cancel").hidden = true;
  $("doing").textContent = text;
  $("doing").className = "failed";
}

function showProgress(job) {
  const { progress } = job, bar = $("bar");
  $("work-title").textContent = job.state === "queued" ? "Waiting for its turn" : `At work on ${job.name || "the table"}`;
  bar.hidden = false;
  if (progress?.total) Object.assign(bar, { max: progress.total, value: progress.done });
  else bar.removeAttribute("value");
  const left = progress?.seconds_left;
  const parts = progress ? [progress.doing, progress.total ? `${progress.done} of ${progress.total}` : "", left === null || left === undefined ? "" : `about ${Math.max(1, Math.round(left))} s left of this part`] : [];
  $("doing").textContent = parts.filter(Boolean).join(" · ") || "Starting ...";
}

const TITLES = { forecast: "Forecast", backtest: "Comparison", impute: "Filled gaps", anomalies: "Anomalies" };
const LABELS = { "result.json": "JSON", "table.csv": "CSV", "report.html": "Page to pass on", "model.loopcast": "Model" };
const plot = { chart: null, all: [] };

async function showResult(job) {
  const facts = await json(job.files["result.json"]);
  $("work").hidden = true;
  $("result").hidden = false;
  $("result-title").textContent = `${TITLES[job.task]}${job.name ? ` of ${job.name}` : ""}`;
  document.title = `Loopcast: ${$("result-title").textContent}`;
  const board = job.task === "backtest" ? facts : facts.check;
  $("verdict").textContent = verdictOf(job.task, facts, board);
  $("chosen").textContent = [facts.unsure ? `No intervals: ${facts.unsure}.` : "", facts.unchecked && job.options.model !== undefined ? `Not compared: ${facts.unchecked}.` : "", ...Object.values(job.task === "forecast" ? facts.models : {}), job.task === "impute" ? facts.chosen : ""].filter(Boolean).join("\n");
  $("why").hidden = !$("chosen").textContent;
  showBoard(board, facts);
  $("strange").replaceChildren(...(facts.anomalies?.length ? [scrolling(tableOf(facts.anomalies.map(({ anomaly, ...row }) => row), "The rows that stand out"), "The rows that stand out")] : []));
  await showCharts(job);
  showFiles(job);
  $("command").textContent = facts.same.command;
  $("python").textContent = facts.same.python;
  $("result-title").focus();
}

function verdictOf(kind, facts, board) {
  if (kind === "anomalies") return `${facts.anomalies.length} of ${facts.rows} rows are outside of what was to be expected one step before.`;
  if (kind === "impute") return `Filled ${facts.filled} of ${facts.values} values in ${facts.series} series.`;
  return board?.verdict ?? "";
}

function showBoard(board, facts) {
  const heads = { model: "model", mase: "MASE", mae: "MAE", rmse: "RMSE", smape: "sMAPE", skill: "skill", p_value: "p" };
  const scores = facts.scores?.length ? facts.scores : null;
  const rows = board ? board.leaderboard.map((row) => Object.fromEntries(Object.entries(heads).filter(([name]) => name in row).map(([name, head]) => [head, row[name]]))) : scores;
  const caption = board ? "Errors on past steps, forecast from those before (less is better)" : "How far off each way was at known values that were hidden";
  const notes = board?.notes?.length ? [make("ul", { className: "notes" }, ...board.notes.map((each) => make("li", { textContent: each })))] : [];
  $("board").replaceChildren(...(rows ? [scrolling(tableOf(rows, caption, 0), caption), ...notes] : []));
}

async function showCharts(job) {
  $("charts").hidden = !job.files["charts.json"];
  if ($("charts").hidden) return;
  const { total, charts } = await json(job.files["charts.json"]);
  plot.all = charts;
  plot.chart ??= new Chart($("chart"));
  plot.chart.at = undefined;
  $("series").replaceChildren(...charts.map((each, i) => make("option", { value: i, textContent: each.id })));
  $("many").textContent = total > charts.length ? `${charts.length} of ${total} series are here; the CSV has all.` : "";
  for (const id of ["before", "after"]) $(id).hidden = charts.length < 2;
  $("charts").hidden = !charts.length;
  if (charts.length) turn(0);
}

function turn(by) {
  const select = $("series");
  select.selectedIndex = (select.selectedIndex + by + plot.all.length) % plot.all.length;
  plot.chart.show(plot.all[select.selectedIndex], true);
}

function showFiles(job) {
  $("files").replaceChildren(...Object.entries(LABELS).filter(([name]) => job.files[name]).map(([name, text]) => {
    const button = make("button", { type: "button", textContent: text });
    button.addEventListener("click", () => save(job.files[name], name, job));
    return button;
  }));
}

async function save(path, name, job) {
  const content = await (await ask(path)).blob();
  const stem = (job.name || job.task).replace(/\.[a-z]+$/i, "");
  const link = make("a", { href: URL.createObjectURL(content), download: `${stem}-${job.task}${name.slice(name.lastIndexOf("."))}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/* ---- Earlier results ---- */

async function showJobs() {
  const { jobs } = await json("/v1/jobs");
  const rows = jobs.map((job) => {
    const link = make("a", { href: `#job=${job.id}`, textContent: job.name || TITLES[job.task] });
    return make("tr", {}, make("th", { scope: "row" }, link), make("td", { textContent: TITLES[job.task] }), make("td", { textContent: job.state }), make("td", { textContent: new Date(job.created * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" }) }));
  });
  const head = ["Table", "Task", "State", "Begun"].map((each) => make("th", { scope: "col", textContent: each }));
  const table = make("table", {}, make("caption", { textContent: "The last hundred" }), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  $("job-list").replaceChildren(rows.length ? scrolling(table, "Results") : make("p", { textContent: "None yet." }));
}

/* ---- Live ---- */

const SHOWN = 120, ALARM = 3;
const live = { chart: null, stop: null, rows: [] };

async function showLive() {
  const { streams } = await json("/v1/streams");
  $("no-streams").hidden = streams.length > 0;
  $("followed").hidden = !streams.length;
  if (!streams.length) return;
  const before = $("stream").value;
  $("stream").replaceChildren(...streams.map((each) => make("option", { value: each.name, textContent: each.name, selected: each.name === before })));
  await chooseStream();
}

async function chooseStream() {
  const facts = await json(`/v1/streams/${$("stream").value}`);
  $("ids").replaceChildren(...facts.ids.map((each) => make("option", { value: each })));
  if (!facts.ids.map(String).includes($("stream-series").value)) $("stream-series").value = facts.ids[0] ?? "";
  const targets = facts.targets ?? [], before = $("stream-target").value;
  $("stream-target").replaceChildren(...targets.map((each) => make("option", { value: each, textContent: each, selected: each === before })));
  $("stream-target").parentElement.hidden = targets.length < 2;
  await followSeries();
}

async function followSeries() {
  live.stop?.abort();
  live.stop = new AbortController();
  const { signal } = live.stop, name = $("stream").value, series = $("stream-series").value;
  const target = $("stream-target").value ? `&target=${encodeURIComponent($("stream-target").value)}` : "";
  forgetRows();
  $("tiles").replaceChildren();
  live.chart ??= new Chart($("live-chart"));
  $("live-chart").hidden = true; // of the series before
  if (series === "") return awaitRows(signal);
  while (!signal.aborted) {
    try {
      $("link").textContent = "Following.";
      await follow(`/v1/streams/${name}/events?series=${encodeURIComponent(series)}${target}`, (view) => showView(view, series), signal);
    } catch (problem) {
      if (signal.aborted) return;
      $("link").textContent = problem.status ? problem.message : "The server does not answer; trying again ...";
      if (problem.status && problem.status < 500) return;
    }
    if (!signal.aborted) {
      forgetRows();
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

function forgetRows() {
  live.rows = [];
  $("alarms").replaceChildren();
}

function awaitRows(signal) {
  $("link").textContent = "No row has come yet.";
  setTimeout(() => signal.aborted || chooseStream().catch((problem) => ($("link").textContent = problem.message)), 1000);
}

function showView(view, series) {
  live.rows = [...live.rows, ...view.rows.filter((row) => row.status === "taken")].slice(-SHOWN);
  for (const row of view.rows) if (Math.abs(row.surprise ?? 0) > ALARM || row.drift) alarm(row);
  $("live-chart").hidden = false;
  live.chart.show(chartOf(view.forecast, series), true);
  const last = live.rows.at(-1), { health } = view;
  const tiles = [["Last value", last ? short(last.value) : "none", false], ["Surprise", last ? short(last.surprise) : "none", Math.abs(last?.surprise ?? 0) > ALARM], ["At", clock(last?.time ?? view.forecast.cutoff), false]];
  if (health) {
    tiles.push(["Series", health.series, false], ["Behind", health.stale, false], ["Drifts", health.drifts, health.drifts > 0]);
    for (const [key, value] of Object.entries(health)) if (key.startsWith("missed-")) tiles.push([`In the ${key.slice(7)} % interval`, health.judged ? `${(100 * (1 - value)).toFixed(1)} %` : "–", false]);
  }
  $("tiles").replaceChildren(...tiles.map(([name, value, hot]) => make("div", { className: hot ? "alarm" : "" }, make("dt", { textContent: name }), make("dd", { textContent: value }))));
}

function alarm(row) {
  const text = `${clock(row.time)}: ${short(row.value)}, surprise ${short(row.surprise)}${row.drift ? ", drift" : ""}`;
  $("alarms").prepend(make("li", { className: "hot", textContent: text }));
  while ($("alarms").children.length > 50) $("alarms").lastChild.remove();
}

function chartOf(forecast, series) {
  const model = Object.keys(forecast).find((name) => !["series", "cutoff"].includes(name));
  const ahead = forecast[model], past = live.rows.map((row) => row.value);
  const place = (values) => [...past.map(() => null), ...values];
  const bands = Object.keys(forecast).filter((name) => name.startsWith(`${model}-lo-`)).map((name) => ({ level: Number(name.slice(model.length + 4)), low: place(forecast[name]), high: place(forecast[name.replace("-lo-", "-hi-")]) }));
  return {
    id: series, values: [...past, ...ahead.map(() => null)], lines: [{ name: model, values: place(ahead), bands }],
    times: [...live.rows.map((row) => clock(row.time)), ...ahead.map((_, h) => `+${h + 1}`)],
    marks: live.rows.flatMap((row, i) => (Math.abs(row.surprise ?? 0) > ALARM ? [i] : [])),
  };
}

/* ---- Which view ---- */

async function route() {
  const hash = location.hash.slice(1), job = hash.startsWith("job=") ? hash.slice(4) : null;
  const view = hash === "live" ? "live" : hash === "jobs" ? "jobs" : "file";
  document.title = "Loopcast: forecast a file";
  $("view-file").hidden = view !== "file";
  $("view-live").hidden = view !== "live";
  $("view-jobs").hidden = view !== "jobs";
  $("view-result").hidden = !job;
  for (const name of ["file", "live", "jobs"]) {
    if (name === view) $(`nav-${name}`).setAttribute("aria-current", "page");
    else $(`nav-${name}`).removeAttribute("aria-current");
  }
  if (view !== "live") live.stop?.abort();
  if (!job) watched?.abort();
  try {
    if (job) await watch(job);
    else if (view === "live") await showLive();
    else if (view === "jobs") await showJobs();
  } catch (problem) {
    if (problem.name !== "AbortError") say(problem.message, true);
  }
}

async function models() {
  const { models: all } = await json("/v1/models");
  const stored = all.filter((each) => each.name !== "pretrained");
  $("model").append(...stored.map((each) => make("option", { value: `${each.name}@${each.version}`, textContent: `${each.name}, version ${each.version}` })));
}

function prepare() {
  const drop = $("drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files[0]);
    });
  }
  $("file").addEventListener("change", () => take($("file").files[0]));
  for (const each of document.querySelectorAll("[name=task]")) each.addEventListener("change", showTask);
  $("ask").addEventListener("submit", begin);
  $("series").addEventListener("change", () => turn(0));
  $("before").addEventListener("click", () => turn(-1));
  $("after").addEventListener("click", () => turn(1));
  $("stream").addEventListener("change", chooseStream);
  $("stream-series").addEventListener("change", followSeries);
  $("stream-target").addEventListener("change", followSeries);
  addEventListener("hashchange", route);
  showTask();
  models().catch((problem) => say(problem.message, true));
  route();
}

prepare();
