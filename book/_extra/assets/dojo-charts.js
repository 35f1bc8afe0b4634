// Draws every figure of the page from the inert JSON inside it, with the one Vega bundle and the one theme.
// Sets document.documentElement.dataset.chartsDrawn when all have been tried, and keeps the Vega views in
// window.dojoCharts, in the order of the figures.
(() => {
  "use strict";

  const PHONE = 600; // pixels; narrower figures carry their legend below the plot
  const HIDDEN = 640; // pixels; what a figure inside a folded part of the page is drawn for, until it opens
  const MENU = 48; // pixels beside the title, for the menu that saves the chart
  const DIGITS = 4; // that are shown of the value of a slider; the value itself is not rounded
  const LOG_DIGITS = 2; // the same where a slider runs over powers of ten
  const POWER = ", power of ten"; // what such a slider is named with
  const LINE = 17; // pixels of a line of a label that is broken
  const SETTLED = 150; // milliseconds without a further change of width before a chart is drawn again

  const figures = [...document.querySelectorAll("figure.dojo-chart")];
  const pencil = document.createElement("canvas").getContext("2d");
  window.dojoCharts = new Array(figures.length).fill(null);

  // Vega does not break lines of a title, so they are broken here to the width of the figure.
  function lines(text, font, width) {
    pencil.font = font;
    const broken = [];
    for (const word of text.split(/\s+/)) {
      const longer = broken.length ? `${broken.at(-1)} ${word}` : word;
      if (broken.length && pencil.measureText(longer).width <= width) broken[broken.length - 1] = longer;
      else broken.push(word);
    }
    return broken;
  }

  // Every place of a specification, its layers included, that says what runs upwards in words.
  function upright(spec) {
    const own = spec.encoding?.y?.type === "nominal" ? [spec.encoding.y] : [];
    return [...own, ...(spec.layer ?? []).flatMap(upright)];
  }

  function rowsOf(spec) {
    const own = [...Object.values(spec.datasets ?? {}).flat(), ...(spec.data?.values ?? [])];
    return [...own, ...(spec.layer ?? []).flatMap(rowsOf)];
  }

  // Vega cuts a label that is too long for its axis, so the words of rows are broken to the room they have.
  function breakLabels(spec, { axis: look }, font) {
    let most = 1;
    for (const y of upright(spec)) {
      if (y.axis === null || y.axis?.labelExpr) continue;
      const field = y.field.replace(/\\(.)/g, "$1");
      const limit = y.axis?.labelLimit ?? look.labelLimit;
      const broken = {};
      for (const { [field]: label } of rowsOf(spec)) {
        if (typeof label !== "string") continue;
        const parts = lines(label, `${look.labelFontSize}px ${font}`, limit);
        if (parts.length > 1) broken[label] = parts;
        most = Math.max(most, parts.length);
      }
      if (Object.keys(broken).length)
        y.axis = { ...y.axis, labelExpr: `${JSON.stringify(broken)}[datum.label] || datum.label` };
    }
    const step = most * LINE + 4;
    if (most > 1 && typeof spec.height !== "number") spec.height = { step: Math.max(spec.height?.step ?? 0, step) };
  }

  function settings(spec) {
    return (spec.params ?? []).filter((param) => !("select" in param) && "value" in param);
  }

  // The chart's specification for a figure of this width, with the reader's settings of its sliders.
  function fitted(figure, width, view) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const { title: look, font } = window.dojoTheme;
    const room = width - MENU;
    spec.width = width;
    spec.background = "white"; // of a saved chart; the page's style sheet lets its own background through
    if (spec.title?.text) {
      spec.description = spec.title.text;
      spec.title.subtitle = lines(spec.title.subtitle, `${look.subtitleFontSize}px ${font}`, room);
      spec.title.text = lines(spec.title.text, `${look.fontWeight} ${look.fontSize}px ${font}`, room);
    }
    // A row of numbers has two lines where what the sliders began with does not fit beside them.
    if (width < PHONE && spec.usermeta?.narrowStep) spec.height = { step: spec.usermeta.narrowStep };
    breakLabels(spec, config(width), font);
    if (view) for (const param of settings(spec)) param.value = view.signal(param.name);
    return spec;
  }

  function config(width, columns) {
    const { legend, axis } = window.dojoTheme;
    if (width >= PHONE) return { ...window.dojoTheme, legend: columns ? { ...legend, columns } : legend };
    return {
      ...window.dojoTheme,
      legend: { ...legend, orient: "bottom", symbolDirection: "vertical", columns: 1, labelLimit: Math.round(0.5 * width) },
      axis: { ...axis, labelLimit: Math.round(0.4 * width) },
    };
  }

  // A slider's value in words: with its thousands apart and its unit, which stood behind its name, and where the slider
  // runs over a power of ten, the number itself.
  function speak(slider, view) {
    const name = slider.closest("label").querySelector(".vega-bind-name");
    const value = slider.nextElementSibling;
    const log = name.textContent.endsWith(POWER);
    const [, words, unit = ""] = name.textContent.replace(POWER, "").match(/^(.*?)(?: \(([^()]*)\))?$/);
    name.textContent = words;
    const say = () => {
      const set = view.signal(slider.name);
      const number = log ? 10 ** set : set;
      const digits = Math.abs(number) < 1000 ? { maximumSignificantDigits: DIGITS } : { maximumFractionDigits: 0 };
      const shown = log ? Number(number.toPrecision(LOG_DIGITS)) : number;
      const behind = shown === 1 ? unit.replace(/^(minute|hour|day|week|month|year|mile)s$/, "$1") : unit;
      value.textContent = `${shown.toLocaleString("en-US", digits)}${behind && `\u00a0${behind}`}`;
      slider.setAttribute("aria-valuetext", value.textContent);
    };
    slider.addEventListener("input", () => requestAnimationFrame(say));
    view.addSignalListener(slider.name, say);
    say();
  }

  // Puts every slider back to where it began, which the specification in the page still says.
  function addReset(figure, plot, view) {
    const panel = plot.querySelector(".vega-bindings");
    if (!panel?.querySelector(".vega-bind")) return;
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const reset = document.createElement("button");
    reset.type = "button";
    reset.className = "dojo-reset";
    reset.textContent = "Reset";
    reset.setAttribute("aria-label", `Reset the sliders of the chart: ${spec.title?.text ?? ""}`);
    reset.addEventListener("click", () => {
      for (const param of settings(spec)) view.signal(param.name, param.value);
      view.runAsync();
    });
    panel.append(reset);
  }

  function legendIsCut(plot) {
    const end = plot.getBoundingClientRect().right;
    return [...plot.querySelectorAll(".role-legend-label text")].some((one) => one.getBoundingClientRect().right > end);
  }

  async function draw(figure, index) {
    const width = figure.clientWidth || HIDDEN;
    figure.dataset.width = width;
    const plot = figure.querySelector(".dojo-plot") ?? figure.appendChild(document.createElement("div"));
    plot.className = "dojo-plot";
    const spec = fitted(figure, width, window.dojoCharts[index]);
    window.dojoCharts[index]?.finalize();
    const embed = (columns) =>
      window.vegaEmbed(plot, spec, {
        mode: "vega-lite",
        renderer: "svg",
        config: config(width, columns),
        defaultStyle: true,
        downloadFileName: "chart",
        actions: { export: { svg: true, png: true }, source: false, compiled: false, editor: false },
        scaleFactor: { png: 2 },
      });
    let { view } = await embed();
    if (legendIsCut(plot)) {
      view.finalize();
      ({ view } = await embed(2));
    }
    for (const slider of plot.querySelectorAll(".vega-bind input[type=range]")) speak(slider, view);
    addReset(figure, plot, view);
    plot.querySelector("summary")?.setAttribute("aria-label", "Save this chart");
    window.dojoCharts[index] = view;
    figure.classList.add("drawn");
  }

  function fail(figure, error) {
    console.error(error);
    figure.classList.remove("drawn");
    figure.querySelector(".dojo-plot")?.remove();
    if (figure.querySelector(".dojo-failed")) return;
    const message = document.createElement("p");
    message.className = "dojo-failed";
    message.textContent = "This chart could not be drawn. What it shows:";
    figure.querySelector("figcaption").before(message);
  }

  function redrawWhenResized() {
    const timers = new Map();
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        clearTimeout(timers.get(target));
        if (!target.clientWidth || target.clientWidth === Number(target.dataset.width)) continue;
        const again = () => draw(target, figures.indexOf(target)).catch((error) => fail(target, error));
        timers.set(target, setTimeout(again, SETTLED));
      }
    });
    for (const figure of figures) observer.observe(figure);
  }

  async function drawAll() {
    for (const [index, figure] of figures.entries()) {
      await draw(figure, index).catch((error) => fail(figure, error));
    }
    document.documentElement.dataset.chartsDrawn = document.querySelectorAll("figure.dojo-chart.drawn").length;
    redrawWhenResized();
  }

  drawAll();
})();
