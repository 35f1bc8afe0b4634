// The calculator on a page: a sentence to change, its answer, what it rests on, and why.
(() => {
  "use strict";
  const QUICK = 512, FULL = 4096; // draws while something moves, and at rest
  const PEAK = 0.02; // of the draws, from which on a single value is drawn as a peak
  const REST = 180; // milliseconds without a change until all are drawn and the address is written
  const HOW = { published: "published", estimated: "estimated", assumed: "assumed" };
  const KINDS = { exact: "exact", rated: "rated", measured: "measured", estimated: "estimated", assumed: "assumed" };
  const SVG = new Set(["svg", "path", "line", "rect", "title"]);

  function h(tag, attributes = {}, ...children) {
    const node = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "css") node.style.cssText = value; // a style attribute would need a page's leave
      else if (name === "value") node.value = value;
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(9).filter((one) => one !== null && one !== undefined && one !== false));
    return node;
  }
  const fill = (node, ...children) => node.replaceChildren(...children.flat(9).filter((one) => one !== null && one !== undefined && one !== false));
  const lower = (text) => (/^[A-Z][a-z']/.test(text) ? text[0].toLowerCase() + text.slice(1) : text);

  function calculator(root, { data, models }) {
    const engine = globalThis.dojoEngine, tools = globalThis.dojoState(data, models);
    const { say, parts, ends, range, read } = tools.numbers, readFile = globalThis.dojoRead(data, tools), word = (name) => data.names[name];
    let state, now, drawn = null, held = null, heldNow = null, undo = null, timer = 0, turn = 0, shape = "", told = [];
    const notes = h("div", { class: "dc-notes", role: "status" });
    const nav = h("nav", { class: "dc-nav", "aria-label": "Questions" });
    const sentence = h("p", { class: "dc-lead" });
    const answer = h("div", { class: "dc-answer", "aria-live": "polite" });
    const figure = h("div", { class: "dc-figure" }), tools_ = h("div", { class: "dc-tools" }), opener = h("div", { class: "dc-open", hidden: true });
    const groups = h("section", { class: "dc-groups", "aria-label": "Assumptions" }), outputs = h("section", { "aria-label": "What it takes" });
    const moves = h("section", { "aria-label": "What moves it most" }), target = h("section", { class: "dc-target", "aria-label": "What would it have to be" });
    const why = h("section", { "aria-label": "Why" }), versus = h("section", { "aria-label": "Comparison" }), dock = h("div", { class: "dc-dock", "aria-hidden": "true" });
    const columns = h("div", { class: "dc-columns" }, groups, h("div", {}, data.whole ? null : outputs, moves, target, why));
    root.classList.toggle("dc-short", !!data.whole);
    root.replaceChildren(nav, h("div", { class: "dc-hero" }, h("div", {}, sentence, answer, tools_, opener), figure), notes, versus, ...(data.whole ? [outputs, h("details", { class: "dc-more" }, h("summary", {}, "Assumptions, what moves it most, and why"), columns)] : [columns]), dock);

    // --- Changing something
    function change(edit) {
      edit();
      [told, undo] = [[], null];
      draw(QUICK);
      clearTimeout(timer);
      timer = setTimeout(() => { draw(FULL); remember(); }, REST);
    }
    function remember() {
      const text = `#${tools.encode(state)}${held ? `|${tools.encode(held)}` : ""}`;
      if (text !== location.hash && location.protocol !== "about:") { try { history.replaceState(null, "", text); } catch { /* a frame without an address keeps none */ } }
    }
    const setOwn = (name, found) => change(() => { state.own = { ...state.own, [name]: found }; });
    function field(name, value, set, attributes = {}) {
      const error = h("span", { class: "dc-error", id: `dc-e-${attributes.id}`, role: "alert" });
      const input = h("input", {
        type: "text", class: "dc-field", autocomplete: "off", spellcheck: "false", "aria-describedby": error.id, ...attributes,
        onchange: () => {
          const found = read(input.value, name, input.now);
          input.toggleAttribute("aria-invalid", false);
          if (found.error) {
            input.setAttribute("aria-invalid", "true");
            error.textContent = `${found.error[0].toUpperCase()}${found.error.slice(1)}. ${say(name, input.now)} is kept.`;
            return;
          }
          error.textContent = "";
          set(found);
        },
        onkeydown: (event) => {
          const step = { ArrowUp: 1.05, ArrowDown: 1 / 1.05 }[event.key];
          if (step && input.now) { event.preventDefault(); const found = read(String(Number((input.now * step).toPrecision(6))) === "0" ? "0" : say(name, input.now * step, 6), name, input.now); if (!found.error) set(found); }
        },
      });
      input.show = (next) => {
        input.now = next;
        if (document.activeElement === input && input.hasAttribute("aria-invalid")) return;
        input.value = next === null ? "" : say(name, next);
        input.placeholder = next === null ? "not published" : "";
        input.size = Math.max(input.value.length, 5);
        input.removeAttribute("aria-invalid");
        error.textContent = "";
      };
      input.show(value);
      return [input, error];
    }

    // --- The sentence
    const live = [];
    function drawSentence() {
      const question = tools.questionOf(state);
      live.length = 0;
      fill(nav, data.questions.length < 2 ? null : data.questions.map((one) => h("button", { type: "button", "aria-pressed": String(one.id === state.question), onclick: () => change(() => { const next = tools.fresh(one.id); state = { ...next, picks: state.picks, presets: state.presets, own: one.sought ? Object.fromEntries(Object.entries(state.own).filter(([name]) => name !== one.answer)) : state.own }; shape = ""; }) }, one.title)));
      fill(sentence, question.sentence.split(/\{(\w+)\}/).map((part, i) => {
        if (i % 2 === 0) return part;
        const choices = data.picks[part] ?? data.presets[part];
        if (choices?.length === 1) return h("b", { class: "dc-given" }, choices[0][1]);
        if (choices) {
          const kind = data.picks[part] ? "picks" : "presets", by = new Map();
          for (const [key, label, group] of choices) by.set(group, [...(by.get(group) ?? []), h("option", { value: key, selected: state[kind][part] === key }, state[kind][part] === key && tools.altered(state, part) ? `${label}, changed by you` : label)]);
          return h("select", { class: "dc-pick", "aria-label": part, onchange: (event) => change(() => { state = { ...state, [kind]: { ...state[kind], [part]: event.target.value } }; shape = ""; }) }, [...by].map(([group, options]) => (group ? h("optgroup", { label: group }, options) : options)));
        }
        const stated = part === question.sought, value = stated ? now.seek.wanted : now.of(part);
        const [input, error] = field(part, value, (found) => (stated ? change(() => { state = { ...state, wanted: { ...state.wanted, [part]: found.v } }; }) : setOwn(part, found)), { id: `s-${part}`, "aria-label": word(part).label, class: "dc-field dc-inline" });
        live.push([input, () => (stated ? now.seek.wanted : now.of(part))]);
        return [input, error];
      }));
      const others = Object.keys(data.picks).filter((at) => !question.names?.includes(at) && !question.sentence.includes(`{${at}}`) && data.picks[at].length > 1);
      if (others.length) sentence.after(...others.map((at) => h("p", { class: "dc-set" }, h("label", {}, `${at[0].toUpperCase()}${at.slice(1)} `, h("select", { onchange: (event) => change(() => { state = { ...state, picks: { ...state.picks, [at]: event.target.value } }; shape = ""; }) }, data.picks[at].map(([key, label]) => h("option", { value: key, selected: state.picks[at] === key }, label)))))));
    }

    // --- Assumptions
    const rows = new Map();
    function standing(one) {
      if (one.mine) return one.reading ? `reading ${one.reading}` : "yours";
      if (one.v === null) return "not published";
      if (one.layout) return "from a search";
      const readings = one.entry.readings ?? [];
      if (one.entry.conflict) return `${readings.length} readings`;
      if (readings.length) return KINDS[(readings.find((each) => each[1] === one.v) ?? readings[0])[4]];
      return HOW[one.entry.how] ?? (one.l < one.h ? "estimated" : "stated");
    }
    const origin = (one) => (one.entry.said === "given" ? "none, a number to begin with" : one.entry.said);
    function about(one) {
      const list = [word(one.name).about || one.entry.about].filter(Boolean).map((text) => h("p", {}, `${text}.`));
      if (one.l < one.h) list.push(h("p", {}, `90 % interval: ${range(one.name, ...one.e)}.`));
      if (one.free && one.free.l < one.free.h) list.push(h("p", {}, `90 % interval: ${range(one.name, ...one.free.e)}, of a step. What it does to runs is in ${lower(word(now.layout[3])?.label ?? "")}.`));
      if (one.layout) list.push(h("p", {}, `Layout: ${one.layout}.`));
      for (const [reading, v, l, high, kind, date, source, note] of one.entry.readings ?? []) {
        const [title, author, , address] = data.sources[source] ?? [source];
        list.push(h("p", { class: "dc-reading" }, (one.entry.readings ?? []).length > 1 ? h("button", { type: "button", "aria-pressed": String(one.reading === reading || (!one.mine && v === one.v)), onclick: () => setOwn(one.name, { r: reading }) }, say(one.name, v)) : h("b", {}, say(one.name, v)),
          l < high ? ` (${range(one.name, l, high)})` : "", `, ${KINDS[kind]}${date ? `, ${date}` : ""}: `, /^https?:/.test(address ?? "") ? h("a", { href: address, rel: "noreferrer" }, title) : title, author ? `, ${author}` : "", note ? `. ${note}` : ""));
      }
      if (!one.entry.readings && !one.layout) list.push(h("p", {}, `Source: ${origin(one)}.`));
      if (one.mine) list.push(h("p", {}, h("button", { type: "button", onclick: () => change(() => { const { [one.name]: _, ...rest } = state.own; state.own = rest; }) }, `Back to ${one.entry.v === null ? "none" : say(one.name, one.entry.v)}`)));
      return list;
    }
    // Where a slider stands: the middle is the value that ships, a third of the way is an end of the interval.
    function track(one) {
      const { v, l, h: high } = one.entry, domain = one.domain;
      if (v === null || word(one.name).shown === "flag" || word(one.name).shown === "year") return null;
      if (domain.high !== undefined && domain.low !== undefined) return { at: (x) => (x - domain.low) / (domain.high - domain.low), value: (p) => domain.low + p * (domain.high - domain.low) };
      if (v > 0) { const reach = Math.max(Math.log(4), 1.8 * Math.max(Math.log(v / Math.max(l, v / 100)), Math.log(high / v))); return { at: (x) => 0.5 + Math.log(x / v) / (2 * reach), value: (p) => v * Math.exp((2 * p - 1) * reach) }; }
      return null;
    }
    function drawGroups() {
      rows.clear();
      const by = new Map(), needed = tools.upstream(now, [...tools.questionOf(state).outputs, tools.questionOf(state).sought, state.answer].filter((name) => tools.known(now, name)));
      now.inputs.forEach((one, i) => { if (needed.has(i) && now.seek?.input !== i && !now.variant.fixed.includes(one.name)) by.set(word(one.name).group || "more", [...(by.get(word(one.name).group || "more") ?? []), one]); });
      const order = ["the question", "the run", "the chip and its server"], rank = (group) => (order.includes(group) ? order.indexOf(group) : group === "more" ? 99 : order.length);
      const sorted = [...by].sort(([one], [other]) => rank(one) - rank(other));
      const open = new Set([...groups.querySelectorAll("details[open]")].map((one) => one.dataset.group)), first = groups.childElementCount === 0;
      fill(groups, h("h2", {}, "Assumptions"), h("p", { class: "dc-hint" }, "Type as you would write it: 1.2\u00a0GW, $500M, 40\u00a0%, or a range such as 2 to 4. A number says where, a range how sure; the band on a slider is the 90 % interval."),
        sorted.map(([group, members], at) => h("details", { class: "dc-group", "data-group": group, open: first ? at < 1 : open.has(group) }, h("summary", {}, h("span", {}, group[0].toUpperCase() + group.slice(1)), h("small", {}, String(members.length))), members.map(drawRow))));
    }
    function drawRow(one) {
      const [input, error] = field(one.name, one.v, (found) => setOwn(one.name, found), { id: `i-${one.name}`, "aria-label": word(one.name).label });
      const more = h("div", { class: "dc-about", hidden: true });
      const kind = h("button", { type: "button", class: "dc-kind", "aria-expanded": "false", onclick: () => { more.hidden = !more.hidden; kind.setAttribute("aria-expanded", String(!more.hidden)); update(); } });
      const line = track(one), slider = line && h("input", { type: "range", min: 0, max: 400, step: 1, "aria-label": `${word(one.name).label}, slider`, oninput: () => { const v = Number(line.value(slider.value / 400).toPrecision(3)); setOwn(one.name, { v }); } });
      const band = line && h("i", { class: "dc-band" });
      const node = h("div", { class: "dc-row", id: `dc-row-${one.name}` }, h("label", { for: `i-${one.name}` }, word(one.name).label), input, kind, error, line && h("span", { class: "dc-track" }, band, slider), more);
      function update() {
        const next = now.inputs[tools.place(now, one.name)];
        if (document.activeElement !== input || !input.hasAttribute("aria-invalid")) input.show(next.v);
        kind.textContent = standing(next);
        kind.setAttribute("aria-label", `${standing(next)}: where ${lower(word(one.name).label)} comes from`);
        node.classList.toggle("dc-mine", next.mine);
        if (slider && next.v !== null) {
          slider.value = Math.round(Math.min(Math.max(line.at(next.v), 0), 1) * 400);
          slider.setAttribute("aria-valuetext", next.l < next.h ? `${say(one.name, next.v)}, between ${range(one.name, next.l, next.h)}` : say(one.name, next.v));
          const [a, b] = next.e.map((x) => Math.min(Math.max(line.at(x), 0), 1) * 100);
          band.style.cssText = `left:${a}%;width:${Math.max(b - a, 0)}%`;
        }
        if (!more.hidden) fill(more, about(next));
      }
      rows.set(one.name, update);
      update();
      return node;
    }
    function reveal(name) {
      const row = document.getElementById(`dc-row-${name}`);
      for (let fold = row?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
      row?.querySelector("input")?.focus();
      row?.scrollIntoView({ block: "center" });
    }

    // --- The answer
    // Of an answer in whole lots, as many as its ends take.
    function interval(name) {
      const own = drawn?.[name], whole = (x) => tools.whole(now, x);
      return own && now.seek && name === tools.questionOf(state).answer ? { ...own, q05: whole(own.q05), q50: whole(own.q50), q95: whole(own.q95) } : own;
    }
    function drawAnswer() {
      const question = tools.questionOf(state), name = state.answer, value = now.of(name), own = interval(name), calm = question.undisturbed && interval(question.undisturbed);
      const refused = now.broken.find((one) => one.kind === "identity");
      const shown = parts(name, refused ? NaN : value, 3);
      fill(answer, h("span", { class: `dc-number${refused || !Number.isFinite(value) ? " dc-none" : ""}` }, refused ? "This cannot be" : Number.isFinite(value) ? shown.number : "No answer"), shown.unit && !refused ? h("span", { class: "dc-unit" }, shown.unit) : null,
        name === question.answer ? null : h("span", { class: "dc-of" }, lower(word(name).label)),
        h("p", { class: "dc-interval" }, refused || !Number.isFinite(value) ? null : own && own.q95 > own.q05 ? ["90 % interval ", h("b", {}, range(name, own.q05, own.q95, value))] : "No interval: nothing that it depends on is uncertain."),
        question.undisturbed && name === question.answer && !refused ? h("p", { class: "dc-undisturbed" }, "This is how published runs turned out. Undisturbed, of the steps alone, it would be ", h("b", {}, say(question.undisturbed, now.of(question.undisturbed), 3)), calm && calm.q95 > calm.q05 ? ` (${range(question.undisturbed, calm.q05, calm.q95, now.of(question.undisturbed))})` : "", ".") : null);
      fill(dock, h("span", {}, word(name).label), h("b", {}, refused ? "cannot be" : shown.text));
      fill(figure, refused || !own || !(own.q95 > own.q05) ? null : density(name, own, value));
    }
    function density(name, own, value) {
      const sorted = own.sorted.filter(Number.isFinite), W = 600, H = 130, BINS = 60;
      const near = Number.isFinite(value) ? value : own.q50, from = Math.min(engine.quantile(sorted, 0.005), near), to = Math.max(engine.quantile(sorted, 0.995), near), log = from > 0 && to / from > 20, f = log ? Math.log : (x) => x;
      const counts = new Float64Array(BINS), x = (v) => ((f(v) - f(from)) / (f(to) - f(from))) * W;
      for (const v of sorted) { if (v >= from && v <= to) counts[Math.min(Math.floor((x(v) / W) * BINS), BINS - 1)]++; }
      const counted = new Map(); // of each value, how many draws: where only readings differ there are few, each a peak
      for (const v of sorted) counted.set(v.toPrecision(6), (counted.get(v.toPrecision(6)) ?? 0) + 1);
      const peaks = [...counted.values()].filter((n) => n > sorted.length * PEAK), few = peaks.reduce((sum, n) => sum + n, 0) > 0.95 * sorted.length;
      const smooth = few ? counts : counts.map((_, k) => [1, 2, 3, 2, 1].reduce((sum, w, j) => sum + w * (counts[k + j - 2] ?? 0), 0)), most = Math.max(...smooth);
      const line = [...smooth].map((n, k) => `${(((k + 0.5) / BINS) * W).toFixed(1)},${(H - (n / most) * (H - 12)).toFixed(1)}`);
      const before = heldNow ? heldNow.of(name) : NaN, path = `M0,${H}L${line.join("L")}L${W},${H}Z`, id = `dc-clip-${state.question}`, [a, b] = [x(own.q05), Math.min(x(own.q95), W)];
      const svg = h("svg", { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", role: "img", "aria-label": `${word(name).label}: best guess ${say(name, value)}, 90 % between ${range(name, own.q05, own.q95)}, median ${say(name, own.q50)}` },
        h("path", { d: path, class: "dc-all" }), h("path", { d: path, class: "dc-inner", "clip-path": `inset(0 ${W - b}px 0 ${a}px)` }), value >= from && value <= to ? h("line", { x1: x(value), x2: x(value), y1: 0, y2: H, class: "dc-now" }) : null, before >= from && before <= to ? h("line", { x1: x(before), x2: x(before), y1: 0, y2: H, class: "dc-held" }) : null);
      const { from: first, to: last, behind } = ends(name, own.q05, Number.isFinite(own.q95) ? own.q95 : own.q05, value);
      const tick = (v, text) => h("span", { css: `left:clamp(2.6rem,${((x(v) / W) * 100).toFixed(1)}%,calc(100% - 2.6rem))` }, text + behind);
      return [svg, h("div", { class: "dc-ticks", "aria-hidden": "true" }, tick(own.q05, first), Number.isFinite(own.q95) ? tick(own.q95, last) : null), h("p", { class: "dc-hint" }, `${few ? `Nearly all draws give one of ${peaks.length} values, where the peaks are` : "The shaded part holds 90 % of the draws"}; the line is the best guess${before >= from && before <= to ? ", and the dashed one what you hold" : ""}.`)];
    }
    function drawNotes() {
      const list = [...told, ...now.notes], question = tools.questionOf(state);
      for (const one of now.broken) list.push(`${one.kind === "identity" ? "This cannot be" : "Beyond a limit"}: ${one.says}; here ${one.names.map((i) => { const name = [...now.variant.inputs, ...now.variant.steps][i]; return `${lower(word(name).label)} is ${say(name, now.values[i])}`; }).join(", ")}.`);
      if (now.unset.length) list.push(`${word(state.answer).label} needs ${now.unset.map((one) => lower(word(one.name).label)).join(" and ")}, which was not published: type one among the assumptions.`);
      if (now.lacking && tools.upstream(now, [state.answer]).has(tools.place(now, "mfu")) && !now.inputs[tools.place(now, "mfu")].mine) list.push([`No layout for exactly ${say("chips", now.lacking.count)} chips was searched, so the utilisation is the one stated for the chip. Counts that were: `, now.lacking.nearest.map((count, i) => [i ? ", " : "", h("button", { type: "button", onclick: () => setOwn("chips", { v: count }) }, say("chips", count))]), "."]);
      const counts = tools.upstream(now, [state.answer, ...(now.seek ? [question.sought] : [])]).has(tools.place(now, "mfu"));
      if (now.apart && counts && !now.inputs[tools.place(now, "mfu")].mine) list.push(`No layout was searched for what you changed, so the utilisation is the ${say("mfu", now.of("mfu"))} stated for the chip: type another among the assumptions.`);
      if (now.layout && counts && !now.inputs[tools.place(now, "mfu")].mine) list.push(now.seek ? `The utilisation is that of the ${now.most ? "largest count that was searched and is fast enough" : "nearest count that was searched"}, ${say("chips", now.layout[0])} chips: ${now.layout[2]}.` : `Laid out as a search found it for ${say("chips", now.layout[0])} chips: ${now.layout[2]}.`);
      if (now.seek && now.of(question.answer) === 0) list.push(`That is less than what one server takes, of ${say("chips", now.inputs[tools.place(now, question.lot)].v)} chips.`);
      if (now.seek && !Number.isFinite(now.of(question.answer)) && !now.unset.length) list.push(`Nothing reaches ${say(question.sought, now.seek.wanted)}: ask for less.`);
      if (drawn?.masked > 0) list.push(`${Number((drawn.masked * 100).toPrecision(2))} % of the draws break what must hold and are left out.`);
      fill(notes, list.map((one) => h("p", {}, one)));
    }
    function drawTools() {
      const save = (name, text, type) => { const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name }); link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 1000); };
      const button = (label, title, act, more = {}) => h("button", { type: "button", title, onclick: act, ...more }, label);
      const changes = tools.changes(state);
      fill(tools_,
        button("Share", "Copy an address that holds everything on this page", async (event) => { const told = event.target; remember(); try { await navigator.clipboard.writeText(location.href); told.textContent = "Copied"; } catch { told.textContent = "Copy it from the address bar"; } }),
        button(held ? "End comparison" : "Compare", "Hold this, change something, and see the difference told apart", () => change(() => { held = held ? null : structuredClone(state); }), { "aria-pressed": String(!!held) }),
        button("Scenario", "Download what the library reads with load_scenario", () => save("scenario.toml", tools.toml(now, location.href), "application/toml")),
        button("Table", "Download every input and output, which the library reads with load_scenario too", () => save("calculator.csv", tools.csv(now, drawn), "text/csv")),
        button("Open", "Paste, choose or drop a scenario or a table that this page or the library wrote", () => { opener.hidden = !opener.hidden; drawTools(); if (!opener.hidden) opener.querySelector("textarea").focus(); }, { "aria-expanded": String(!opener.hidden) }),
        button("Print", "Print this page", () => { for (const one of root.querySelectorAll("details")) one.open = true; print(); }),
        data.whole ? h("a", { href: data.whole.includes("#") ? data.whole : `${data.whole}#${tools.encode(state)}` }, "Ask more") : null,
        changes ? button(`Reset ${changes} ${changes === 1 ? "change" : "changes"}`, "Back to what this page begins with", () => { const before = state, first = tools.start(state.question); replaced("reset", before, { ...first, picks: state.picks, presets: state.presets }); }) : null,
        undo ? button(`Undo ${undo.what}`, "Bring back what was there before", () => change(() => { state = undo.state; undo = null; shape = ""; })) : null);
    }
    // A state in place of another, which can be brought back until something else is changed.
    function replaced(what, before, next) {
      change(() => { state = next; shape = ""; });
      undo = { what, state: before };
      drawTools();
    }
    function openText(text) {
      const found = readFile(text, state), said = opener.querySelector(".dc-error"), field = opener.querySelector("textarea");
      opener.hidden = !found.error;
      said.textContent = found.error ?? "";
      field.toggleAttribute("aria-invalid", false);
      if (found.error) { field.setAttribute("aria-invalid", "true"); field.value = text.slice(0, 1 << 16); return drawTools(); }
      field.value = "";
      replaced("opening", state, found.state);
      told = found.notes;
      drawNotes();
    }
    async function openFile(file) { if (file) openText(await file.text()); }
    fill(opener, h("label", { for: "dc-paste" }, "A scenario (TOML) or a table (CSV), pasted here, chosen below, or dropped anywhere on the calculator:"),
      h("textarea", { id: "dc-paste", rows: 6, spellcheck: "false", "aria-describedby": "dc-e-paste" }), h("span", { class: "dc-error", id: "dc-e-paste", role: "alert" }),
      h("div", { class: "dc-tools" }, h("button", { type: "button", onclick: () => openText(opener.querySelector("textarea").value) }, "Read it"), h("label", {}, "Or a file: ", h("input", { type: "file", accept: ".toml,.csv,text/csv", onchange: (event) => { openFile(event.target.files[0]); event.target.value = ""; } }))));
    root.addEventListener("dragover", (event) => event.preventDefault());
    root.addEventListener("drop", (event) => { const { files } = event.dataTransfer, text = event.dataTransfer.getData("text"); if (!files.length && event.target.matches("input, textarea")) return; event.preventDefault(); if (files.length) openFile(files[0]); else if (text) openText(text); });
    function drawOutputs() {
      const before = heldNow;
      fill(outputs, h("h2", {}, "What it takes"), h("table", { class: before ? "dc-two" : null }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "What"), before ? h("th", { scope: "col" }, "Held") : null, h("th", { scope: "col" }, before ? "Now" : "Best guess"), before ? null : h("th", { scope: "col" }, "90 % interval"))),
        h("tbody", {}, [...new Set([tools.questionOf(state).answer, ...tools.questionOf(state).outputs])].filter((name) => tools.known(now, name)).map((name) => {
          const own = interval(name), value = now.of(name);
          return h("tr", { class: name === state.answer ? "dc-chosen" : "" }, h("th", { scope: "row" }, h("button", { type: "button", "aria-pressed": String(name === state.answer), title: "Make this the answer", onclick: () => change(() => { state.answer = name; }) }, word(name).label)),
            before ? h("td", {}, say(name, before.of(name))) : null, h("td", { class: "dc-value" }, say(name, value)), before ? null : h("td", { class: "dc-soft" }, own && own.q95 > own.q05 ? range(name, own.q05, own.q95, value) : ""));
        }))));
    }
    function drawVersus() {
      if (!held) return fill(versus);
      const name = state.answer, found = tools.difference({ ...held, answer: name }, state, name), most = Math.max(...found.parts.map((one) => Math.abs(one.amount)), 1e-300);
      const sign = (x) => `${x < 0 ? "−" : "+"}${say(name, Math.abs(x), 3)}`;
      fill(versus, h("h2", {}, "Held against now"), h("p", {}, `${word(name).label}: `, h("b", {}, say(name, found.from)), " held, ", h("b", {}, say(name, found.to)), " now. ", found.reason || (found.parts.length ? `The difference of ${sign(found.to - found.from)} comes from:` : "Nothing differs yet: change something.")),
        h("ol", { class: "dc-bars" }, found.parts.map((one) => h("li", {}, h("span", {}, one.title), h("span", { class: "dc-bar" }, h("i", { class: one.amount < 0 ? "dc-down" : "", css: `width:${(Math.abs(one.amount) / most) * 100}%` })), h("span", { class: "dc-soft" }, sign(one.amount))))));
    }
    function drawMoves() {
      const name = state.answer, seek = now.seek && name === tools.questionOf(state).answer ? now.seek : null, value = seek ? now.exact : now.of(name);
      const problem = tools.problemOf(now, name), needed = tools.upstream(now, seek ? [name, tools.questionOf(state).sought] : [name]);
      const bars = engine.tornado(problem, (values) => { if (seek) values[seek.input] = engine.nearby(problem, values, seek); now.problem.model.run(values); return engine.isBroken(now.problem, values) ? NaN : values[tools.place(now, name)]; }, needed).filter((one) => one.swing > 1e-9 * Math.abs(value)).slice(0, 8);
      movers = bars.map((one) => now.inputs[one.inputs[0]].name);
      const ends = bars.flatMap((one) => [one.from, one.to]), low = Math.min(...ends, value), high = Math.max(...ends, value), x = (v) => ((v - low) / (high - low)) * 100;
      fill(moves, h("h2", {}, "What moves it most"), bars.length ? h("ol", { class: "dc-tornado" }, bars.map((one) => {
        const input = now.inputs[one.inputs[0]].name, [left, right] = [Math.min(one.from, one.to), Math.max(one.from, one.to)];
        return h("li", {}, h("button", { type: "button", title: "Go to this assumption", onclick: () => reveal(input) }, word(input).label), h("span", { class: "dc-soft" }, range(input, one.low, one.high)),
          h("span", { class: "dc-bar", role: "img", "aria-label": `${word(input).label} from ${say(input, one.low)} to ${say(input, one.high)} takes ${lower(word(name).label)} from ${say(name, one.from)} to ${say(name, one.to)}` }, h("i", { class: one.from < one.to ? "" : "dc-down", css: `left:${x(left)}%;width:${Math.max(x(right) - x(left), 0.5)}%` }), h("b", { css: `left:${x(value)}%` })), h("span", { class: "dc-soft" }, range(name, left, right, value)));
      })) : h("p", { class: "dc-hint" }, "Nothing uncertain moves it."));
    }
    let seekName = null, movers = [];
    const seekValues = {}; // by output, as a reader stated them
    function drawTarget() {
      const name = state.answer, focus = target.contains(document.activeElement);
      if (focus || now.seek) return now.seek ? fill(target) : null;
      const reach = now.inputs.filter((one, i) => one.v !== null && tools.upstream(now, [name]).has(i) && !["flag", "year"].includes(word(one.name).shown) && !now.variant.fixed.includes(one.name)).map((one) => one.name);
      if (!reach.length || !Number.isFinite(now.of(name))) return fill(target);
      const wanted = () => seekValues[name] ?? now.of(name) / 2;
      const solved = (input) => engine.solve(now.problem, tools.place(now, name), wanted(), tools.place(now, input), { ...word(input) });
      // The first to be asked is one that can do it: what a run is made of, else what moves the answer most.
      const first = () => ["tokens", ...movers, ...reach].filter((one) => reach.includes(one)).slice(0, 10);
      if (!reach.includes(seekName)) seekName = null;
      const asked = seekName ?? first().find((one) => solved(one).x !== null) ?? first()[0];
      const out = h("output", { "aria-live": "polite" }), choice = h("select", { "aria-label": "Assumption to solve for", onchange: (event) => { seekName = event.target.value; solve(); } }, reach.map((one) => h("option", { value: one, selected: one === asked }, word(one).label)));
      const solve = () => {
        const input = choice.value, found = solved(input), bound = wanted() < found.least ? `${lower(word(name).label)} never falls below ${say(name, found.least, 3)}, whatever it is` : wanted() > found.most ? `${lower(word(name).label)} never rises above ${say(name, found.most, 3)}, whatever it is` : "no value of it reaches that";
        if (found.x === null) fill(out, `nothing that it can be: ${bound}`);
        else fill(out, h("b", {}, `${found.gap > 1e-6 ? "about " : ""}${say(input, found.x)}`), ` (now ${say(input, now.of(input))}) `, h("button", { type: "button", onclick: () => setOwn(input, { v: found.x }) }, "Use it"));
      };
      const [input, error] = field(name, wanted(), (found) => { seekValues[name] = found.v; input.show(found.v); solve(); }, { id: "target", "aria-label": `${word(name).label} wanted`, class: "dc-field dc-inline" });
      fill(target, h("h2", {}, "What would it have to be?"), h("p", { class: "dc-would" }, `For ${lower(word(name).label)} to be `, input, error, " the assumption ", choice, " would have to be ", out, "."));
      solve();
    }
    const unfolded = new Set();
    function drawWhy() {
      if (why.contains(document.activeElement)) return;
      const names = [...now.variant.inputs, ...now.variant.steps], first = now.variant.inputs.length, seen = new Set();
      const formula = (i) => now.variant.formulas[i - first].split(/([A-Za-z_]\w*)/).map((text, k) => (k % 2 && data.names[text] ? h("em", {}, lower(word(text).label)) : text.replaceAll("**", "^").replaceAll("*", "×").replaceAll("-", "−")));
      function branch(i, depth) {
        const name = names[i], head = [h("span", {}, word(name).label), " ", h("b", {}, say(name, now.values[i]))];
        if (i < first) {
          const one = now.inputs[i], reading = one.entry.readings?.[0];
          return h("li", {}, now.seek?.input === i ? head : h("button", { type: "button", onclick: () => reveal(name) }, head), h("small", {}, now.seek?.input === i ? `solved for, so that ${lower(word(tools.questionOf(state).sought).label)} is ${say(tools.questionOf(state).sought, now.seek.wanted)}` : one.mine ? "your own" : one.layout ?? (reading ? data.sources[reading[6]]?.[0] ?? reading[6] : origin(one))));
        }
        if (seen.has(i)) return h("li", {}, head, h("small", {}, "as above"));
        seen.add(i);
        const open = depth < 1 || unfolded.has(name), list = h("ul");
        const grow = () => { if (!list.childElementCount) list.append(...[...new Set(now.variant.from[i - first])].map((j) => branch(j, depth + 1))); };
        if (open) grow();
        return h("li", {}, h("details", { open, ontoggle: (event) => { unfolded[event.target.open ? "add" : "delete"](name); if (event.target.open) grow(); } }, h("summary", {}, head, h("code", {}, formula(i))), list));
      }
      fill(why, h("h2", {}, "Why"), h("ul", { class: "dc-tree" }, branch(tools.place(now, now.seek && state.answer === tools.questionOf(state).answer ? tools.questionOf(state).sought : state.answer), 0)));
    }

    // --- All of it
    function draw(samples) {
      now = tools.compute(state);
      if (!tools.known(now, state.answer)) { state.answer = tools.questionOf(state).answer; now = tools.compute(state); }
      heldNow = held && tools.compute({ ...held, answer: state.answer });
      const form = `${state.question} ${now.k} ${JSON.stringify(state.picks)} ${JSON.stringify(state.presets)} ${Object.keys({ ...data.picks, ...data.presets }).map((at) => tools.altered(state, at))}`;
      if (form !== shape) { for (const one of root.querySelectorAll(".dc-set")) one.remove(); drawSentence(); drawGroups(); shape = form; }
      for (const [input, value] of live) if (document.activeElement !== input || !input.hasAttribute("aria-invalid")) input.show(value());
      for (const update of rows.values()) update();
      const question = tools.questionOf(state), names = [...new Set([state.answer, question.answer, question.undisturbed, ...question.outputs])].filter((name) => name && tools.known(now, name)), mine = ++turn;
      // Drawn by themselves: what is sought, and what a layout's interval counts in.
      const apart = new Map();
      for (const name of names) {
        const seek = now.seek && name === question.answer ? now.seek : null, problem = tools.problemOf(now, name), key = seek ? 2 : problem === now.problem ? 0 : 1;
        if (!apart.has(key)) apart.set(key, { seek, problem, names: [] });
        apart.get(key).names.push(name);
      }
      const work = (function* () {
        const found = {};
        let masked = 0;
        for (const { seek, problem, names: own } of apart.values()) {
          const needed = tools.upstream(now, seek ? [...own, question.sought] : own);
          const some = yield* engine.simulation(problem, own.map((name) => tools.place(now, name)), needed, data.sobol, samples, seek);
          own.forEach((name, i) => (found[name] = some.found[i]));
          masked = Math.max(masked, some.masked);
        }
        return { ...found, masked };
      })();
      const go = (until) => {
        let step = work.next();
        while (!step.done && performance.now() < until) step = work.next();
        if (mine !== turn) return;
        if (!step.done) return void setTimeout(() => go(performance.now() + 30), 0);
        drawn = step.value;
        show(samples === FULL);
      };
      show(false, true);
      go(performance.now() + 60);
    }
    function show(all, before = false) {
      drawAnswer(); drawNotes(); drawOutputs();
      if (before) return drawTools();
      drawMoves(); drawVersus();
      if (all) { drawTarget(); drawWhy(); root.dataset.ready = String(turn); }
    }
    function open() {
      const [mine, other] = location.hash.slice(1).split("|");
      const found = /(^|&)ask=/.test(mine) ? tools.decode(mine) : { state: tools.start(), notes: [] };
      state = found.state;
      held = other && /(^|&)ask=/.test(other) ? tools.decode(other).state : null;
      [told, undo, shape] = [found.notes, null, ""];
      draw(FULL);
    }
    addEventListener("hashchange", () => { if (/(^#|&)ask=/.test(location.hash) && location.hash !== `#${tools.encode(state)}${held ? `|${tools.encode(held)}` : ""}`) open(); });
    open();
    root.dojo = { data, tools, engine, get turn() { return turn; }, get now() { return now; }, get state() { return state; }, get drawn() { return drawn; }, set: setOwn, open: openText, read: (text, name) => read(text, name, now.of(name)) };
  }

  const begin = () => { const root = document.querySelector(".dojo-calculator"); if (root && globalThis.dojoCalculator) calculator(root, globalThis.dojoCalculator); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
